"""Attachments (F12): documents of which only the metadata is taken. A minimal PDF, PNG, JPEG, DOCX and OFD are written out by hand."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from reader_helpers import contract

from bad_inputs.case import Cases, Files

FIELDS: dict[str, Any] = {
    "doc_no": {"title": "文号", "type": "text", "required": True},
    "decided_on": {"title": "决定日期", "type": "date", "required": True},
    "file_name": {"title": "文件名", "type": "text", "required": True},
    "size": {"title": "字节数", "type": "integer", "min": 1},
    "media_type": {"title": "类型", "type": "text"},
    "sha256": {"title": "摘要", "type": "text", "required": True},
}
NAME = r"(?P<doc_no>.+)_(?P<decided_on>\d{8})\.(pdf|docx?|wps|ofd|jpe?g|png|tiff?)"
C = contract(FIELDS, "attachment", files="sy/*", encoding=None, attachment={"name": NAME})
PDF_ONLY = contract(FIELDS, "attachment", files="sy/*", encoding=None, attachment={"name": NAME, "kinds": ["pdf"]})
CASES = Cases("attachment", "杭政函〔2016〕1号_20161205.pdf", C)

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes.fromhex("0000000d49484452000000010000000108000000003a7e9b55")
JPEG = b"\xff\xd8\xff\xe0" + bytes(200) + b"\xff\xd9"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def package(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name in names:
            z.writestr(name, "<x/>")
    return out.getvalue()


def named(name: str, data: bytes) -> Files:
    return {name: data}


refuse, read = CASES.refuse, CASES.read
refuse("empty_file", "zero_bytes", "零字节文件", lambda: b"")
refuse("empty_file", "blank", "全是空字节", lambda: bytes(300))
refuse("wrong_format", "html", "登录网页改名为.pdf", lambda: b"<html><body>login</body></html>")
refuse("wrong_format", "text", "文本改名为.pdf", lambda: "杭州市人民政府".encode())
refuse("wrong_format", "jpeg_named_pdf", "图片改名为.pdf", lambda: JPEG)
refuse("wrong_format", "cut_pdf", "PDF传到一半", lambda: PDF[:40])
refuse("wrong_format", "cut_jpeg", "JPEG传到一半", lambda: named("文_20161205.jpg", JPEG[:100]))
refuse("wrong_format", "cut_docx", "DOCX传到一半", lambda: named("文_20161205.docx", package("word/document.xml")[:60]))
refuse("wrong_format", "xlsx_named_docx", "电子表格改名为.docx", lambda: named("文_20161205.docx", package("xl/workbook.xml")))
refuse("wrong_format", "kind_not_agreed", "约定只收PDF", lambda: named("文_20161205.png", PNG), PDF_ONLY)
refuse("wrong_format", "name_without_date", "文件名缺日期", lambda: named("文.pdf", PDF))
refuse("wrong_format", "executable", "程序改名为.pdf", lambda: b"MZ\x90\x00" + bytes(500))
read(1, {1: "bad_date"}, "no_such_day", "文件名里的日期不存在", lambda: named("文_20160230.pdf", PDF))
read(1, {1: "formula_injection"}, "formula_in_name", "文件名以等号开头", lambda: named("=1+1_20161205.pdf", PDF))
read(1, {}, "ok_pdf", "PDF", lambda: PDF, values={1: {"doc_no": "杭政函〔2016〕1号", "decided_on": "2016-12-05", "size": str(len(PDF))}})
read(1, {}, "ok_pdf_after_noise", "PDF标志前有一行", lambda: b"scanned by device\n" + PDF)
read(1, {}, "ok_docx", "DOCX", lambda: named("文_20161205.docx", package("[Content_Types].xml", "word/document.xml")))
read(1, {}, "ok_doc", "旧版DOC", lambda: named("文_20161205.doc", OLE))
read(1, {}, "ok_wps", "WPS", lambda: named("文_20161205.wps", OLE))
read(1, {}, "ok_ofd", "OFD版式文件", lambda: named("文_20161205.ofd", package("OFD.xml")), values={1: {"media_type": "application/ofd"}})
read(1, {}, "ok_png", "PNG", lambda: named("文_20161205.png", PNG), values={1: {"media_type": "image/png"}})
read(1, {}, "ok_tiff", "TIFF", lambda: named("文_20161205.tif", b"II*\x00" + bytes(50)))
