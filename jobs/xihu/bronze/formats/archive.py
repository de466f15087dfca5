"""Whether a file is an xlsx at all, and an archive that is safe to unpack."""

from __future__ import annotations

import zipfile
from pathlib import Path

from xihu.bronze.schema import MAX_ENTRIES, MAX_RATIO, MAX_UNZIPPED, MAX_WORKBOOK, Refusal

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check_archive(path: Path) -> Refusal | None:
    """Refuse what is no xlsx, or an archive that would do harm, before anything is unpacked."""
    size = path.stat().st_size
    with path.open("rb") as f:
        head = f.read(4096)
    if not head.strip() and size <= len(head):
        return Refusal("empty_file", "文件没有内容", "请重报")
    if head.startswith(_OLE):
        with path.open("rb") as f:
            body = f.read(min(size, 16 << 20))
        if "EncryptedPackage".encode("utf-16-le") in body:
            return Refusal("wrong_format", "工作簿有打开密码，无法读取", "请去掉密码后重报")
        return Refusal("wrong_format", "文件是旧版 .xls，不是 .xlsx", "请另存为 .xlsx 后重报")
    if not head.startswith(b"PK"):
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        what = (
            "网页（HTML）"
            if start.startswith((b"<html", b"<!doctype", b"<table", b"<head"))
            else "XML"
            if start.startswith(b"<")
            else "文本"
        )
        return Refusal("wrong_format", f"文件实际是{what}，不是 .xlsx", "请按约定的格式重报")
    if size > MAX_WORKBOOK:
        return Refusal("unsafe_archive", f"文件 {size} 字节，超过上限", "请分批报送")
    try:
        with zipfile.ZipFile(path) as z:
            entries = z.infolist()
            names = [e.filename for e in entries]
            if len(entries) > MAX_ENTRIES or len(set(names)) != len(names):
                return Refusal("unsafe_archive", f"压缩包内有 {len(entries)} 个条目，或条目重名", "请用表格软件重新保存")
            for e in entries:
                parts = e.filename.replace("\\", "/").split("/")
                if ".." in parts or e.filename.startswith(("/", "\\")) or ":" in parts[0]:
                    return Refusal("unsafe_archive", f"条目路径越界：{e.filename}", "请用表格软件重新保存")
                if e.flag_bits & 1:
                    return Refusal("wrong_format", "压缩包已加密", "请去掉密码后重报")
                if e.file_size > 1 << 20 and e.file_size > MAX_RATIO * max(e.compress_size, 1):
                    return Refusal(
                        "unsafe_archive", f"条目 {e.filename} 展开 {e.file_size // max(e.compress_size, 1)} 倍", "请用表格软件重新保存"
                    )
            if sum(e.file_size for e in entries) > MAX_UNZIPPED:
                return Refusal("unsafe_archive", "展开后超过上限", "请分批报送")
            if "[Content_Types].xml" not in names or not any(n.endswith("workbook.xml") for n in names):
                return Refusal("wrong_format", "压缩包里没有工作簿", "请按约定的格式重报")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        return Refusal("wrong_format", f"压缩包损坏或不完整：{fault}", "请重报")
    return None
