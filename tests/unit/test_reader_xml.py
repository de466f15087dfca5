"""XML messages: encodings that lie, bodies in BASE64, records byte for byte, and nothing that declares an entity."""

from __future__ import annotations

import base64
import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reader_helpers import citizen, contract, inspect, multiset, refused, rows, sliced
from reader_helpers import proven as prove

from xihu.bronze.count import count
from xihu.bronze.formats import xml as reader
from xihu.bronze.formats import xmlstream
from xihu.bronze.schema import Inspection, Refusal

FIELDS: dict[str, Any] = {
    "id_no": {"title": "身份证号", "type": "citizen_id", "required": True, "path": "@id"},
    "name": {"title": "姓名", "titles": ["xm"], "type": "person_name"},
    "street": {"title": "街道", "type": "text", "path": "地址/街道"},
    "amount": {"title": "金额", "type": "money", "unit": "元"},
    "month": {"title": "月份", "type": "month", "path": "/消息/头/月份"},
}
MESSAGE = {"record": "人员", "count": "/消息/头/笔数"}


def agreed(message: dict[str, Any] | None = None, fields: dict[str, Any] | None = None, **delivery: Any):
    return contract(fields or FIELDS, "xml", message=message or MESSAGE, **delivery)


C = agreed()


def proven(path: Path, c=C) -> list[dict]:
    found = prove(path, c)
    sliced(path, [r for r in found if r["_offset"] is not None])
    return found


def record(i: int, name: str = "张三镕", street: str = "北山", amount: str = "1.50", p: str = "") -> str:
    return (
        f"<{p}人员 id={quoteattr(citizen(i))}><{p}姓名>{escape(name)}</{p}姓名><{p}地址><{p}街道>{escape(street)}</{p}街道></{p}地址>"
        f"<{p}金额>{amount}</{p}金额></{p}人员>"
    )


def message(
    records: list[str],
    codec: str = "gb18030",
    told: str = "GB2312",
    p: str = "",
    space: str = "urn:a",
    n: int | None = None,
    tail: str = "",
) -> bytes:
    xmlns = f' xmlns:{p[:-1]}="{space}"' if p else f' xmlns="{space}"'
    return (
        f'<?xml version="1.0" encoding="{told}"?>\n<{p}消息{xmlns}><{p}头><{p}月份>201612</{p}月份>'
        f"<{p}笔数>{len(records) if n is None else n}</{p}笔数></{p}头>\n<{p}体>\n" + "\n".join(records) + f"\n</{p}体></{p}消息>{tail}"
    ).encode(codec)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.xml"


def test_a_message(file: Path) -> None:
    file.write_bytes(message([record(1), record(2, "王喆", "翠苑一区 & <东>", "1,250.00"), record(3, "㛃𠮷")]))
    found = proven(file)
    assert [r["_cells"] for r in found] == [
        [citizen(1), "张三镕", "北山", "1.50", "201612"],
        [citizen(2), "王喆", "翠苑一区 & <东>", "1,250.00", "201612"],
        [citizen(3), "㛃𠮷", "北山", "1.50", "201612"],
    ]
    assert [(r["_row"], r["_line"], r["_place"]) for r in found] == [(i, i + 3, f"/消息/体/人员[{i}]") for i in (1, 2, 3)]
    assert found[1]["_raw"] == record(2, "王喆", "翠苑一区 & <东>", "1,250.00").encode("gb18030")


@pytest.mark.parametrize(
    ("codec", "told", "given", "warned"),
    [
        ("gb18030", "GB2312", "gb18030", 0),
        ("gb18030", "gbk", None, 0),
        ("gb18030", "UTF-8", "gb18030", 1),
        ("utf-8", "GB2312", "gb18030", 1),
        ("utf-8", "GB2312", None, 1),
        ("utf-8", "UTF-8", "gb18030", 1),
        ("utf-8", "UTF-8", "utf-8", 0),
        ("big5", "Big5", "big5", 0),
    ],
)
def test_encodings_that_lie(file: Path, codec: str, told: str, given: str | None, warned: int) -> None:
    c = agreed(encoding=given)
    people = [record(i, "王小明" if codec == "big5" else "王镕") for i in range(4)]
    people = [p.replace("身份证号", "id") for p in people]
    if codec == "big5":
        fields = {k: {**v, "title": k} for k, v in FIELDS.items() if k in ("id_no", "name")}
        c = agreed({"record": "p"}, fields, encoding=given)
        data = f'<?xml version="1.0" encoding="{told}"?><m>'.encode() + "".join(
            f'<p id="{citizen(i)}"><name>王小明許功蓋</name></p>' for i in range(4)
        ).encode("big5")
        file.write_bytes(data + b"</m>")
    else:
        file.write_bytes(message(people, codec, told))
    found = proven(file, c)
    assert len(found) == 4 and all(r["_reason"] is None for r in found)
    assert found[0]["_cells"][1] in ("王镕", "王小明許功蓋")
    judged = inspect(file, c)
    assert isinstance(judged, Inspection) and len([w for w in judged.warnings if "编码" in w]) == warned


@pytest.mark.parametrize(
    ("codec", "told", "given"), [("gb18030", "UTF-8", "utf-8"), ("gb18030", "UTF-8", None), ("utf-16", "UTF-16", None)]
)
def test_another_encoding_is_refused(file: Path, codec: str, told: str, given: str | None) -> None:
    file.write_bytes(message([record(i) for i in range(4)], codec, told))
    assert refused(file, agreed(encoding=given)) == "wrong_encoding"


@pytest.mark.parametrize(
    "told",
    ["rot13", "unicode_escape", "raw_unicode_escape", "utf-7", "johab", "cp037", "idna", "base64", "undefined", "UTF-16", "x-none"],
)
def test_encodings_that_are_none(file: Path, told: str) -> None:
    """What a sender may write into the declaration; where another encoding was agreed it is only a claim."""
    file.write_bytes(message([record(1)], told=told))
    assert refused(file, agreed(encoding=None)) == "wrong_encoding"
    assert len(proven(file, agreed(encoding="gb18030"))) == 1


def test_namespaces_drift(file: Path) -> None:
    for p, space in (("", "urn:a"), ("ns1:", "http://x/2"), ("消:", "urn:c")):
        file.write_bytes(message([record(1, p=p), record(2, p=p)], p=p, space=space))
        assert [r["_cells"][1] for r in proven(file)] == ["张三镕"] * 2
    only = agreed({"record": "人员", "namespace": "urn:a"})
    data = message([record(1, p="n:")], p="n:", tail="").replace(
        "</n:体>".encode("gb18030"), '<o:人员 xmlns:o="urn:b"/></n:体>'.encode("gb18030")
    )
    file.write_bytes(data)
    assert len(proven(file, only)) == 1
    assert len(proven(file, agreed({"record": "人员"}))) == 2


def test_words_between(file: Path) -> None:
    """Comments, CDATA, processing instructions, character references, empty and nil elements, quotes that hold marks."""
    odd = (
        f'<人员 id="{citizen(1)}" ><!-- <人员> --><姓名>张<!-- 不是 -->三<![CDATA[<镕>]]>&#x9555;</姓名><?x <人员>?>'
        '<地址><街道/></地址><金额 xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></人员>'
    )
    alone = f"<人员 id='{citizen(2)}' />"
    file.write_bytes(message([odd, "<!-- " + record(9) + " -->", alone, "<![CDATA[" + record(8) + "]]>"], n=2))
    found = proven(file)
    assert [r["_cells"] for r in found] == [[citizen(1), "张三<镕>镕", "", None, "201612"], [citizen(2), None, None, None, "201612"]]
    assert found[1]["_raw"] == alone.encode("gb18030")
    # 乚 and others end in the byte of a bracket; what looks like the end of a CDATA section is the half of a character.
    tricky = [c for c in map(chr, range(0x4E00, 0x9FA5)) if c.encode("gb18030")[-1:] == b"]"][:3]
    for c in tricky:
        text = f"甲{c}"
        data = message([record(1).replace("张三镕", f"<![CDATA[{text}]>尾]]>")])
        assert b"]]>" in data.replace(b"]]></", b"")
        file.write_bytes(data)
        assert proven(file)[0]["_cells"][1] == f"{text}]>尾"


BODIES: dict[str, Callable[[bytes], bytes]] = {
    "base64": base64.b64encode,
    "lines": base64.encodebytes,
    "url": base64.urlsafe_b64encode,
    "unpadded": lambda b: base64.b64encode(b).rstrip(b"="),
    "gzip": lambda b: base64.b64encode(gzip.compress(b)),
    "cdata": lambda b: b"<![CDATA[" + base64.b64encode(b) + b"]]>",
}


@pytest.mark.parametrize("form", [*BODIES, "text"])
@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_bodies(file: Path, form: str, codec: str) -> None:
    c = agreed({"record": "人员", "body": "信封/报文体"}, FIELDS | {"sender": {"title": "发送方", "type": "text", "path": "/信封/发送方"}})
    inner = message([record(i) for i in range(1, 4)], codec, "GB2312" if codec == "gb18030" else "UTF-8")
    text = ("<![CDATA[" + inner.decode(codec) + "]]>").encode("gb18030")
    packed = text if form == "text" else BODIES[form](inner)
    head = '<?xml version="1.0" encoding="GB2312"?>\n<信封><发送方>杭州镕</发送方><报文体>'.encode("gb18030")
    file.write_bytes(head + packed + "</报文体></信封>".encode("gb18030"))
    found = proven(file, c)
    assert [r["_cells"] for r in found] == [[citizen(i), "张三镕", "北山", "1.50", "201612", "杭州镕"] for i in range(1, 4)]
    assert [r["_place"] for r in found] == [f"/信封/报文体!/消息/体/人员[{i}]" for i in range(1, 4)]
    assert found[0]["_raw"] == record(1).encode("utf-8" if form == "text" else codec)
    assert found[0]["_offset"] is None


def test_several_messages_in_one_file(file: Path) -> None:
    c = agreed(
        {"record": "人员", "body": "报文体", "count": "报文/笔数"},
        {**FIELDS, "no": {"title": "报文号", "type": "text", "path": "/批/报文/@no"}},
    )
    parts = [f'<报文 no="{k}"><笔数>{k}</笔数><报文体>' for k in (1, 2)] + ["<报文><笔数>0</笔数><报文体></报文体></报文>"]
    whole = "<批>".encode("gb18030")
    for k, part in enumerate(parts[:2], 1):
        whole += part.encode("gb18030") + base64.b64encode(message([record(i) for i in range(k)])) + "</报文体></报文>".encode("gb18030")
    file.write_bytes(b'<?xml version="1.0" encoding="gbk"?>' + whole + (parts[2] + "</批>").encode("gb18030"))
    assert [r["_cells"][5] for r in proven(file, c)] == ["1", "2", "2"]
    file.write_bytes(file.read_bytes().replace("<笔数>2".encode("gbk"), "<笔数>3".encode("gbk")))
    assert refused(file, c) == "control_total"


def test_values_of_the_family_reach_its_members_only(file: Path) -> None:
    fields = {
        "no": {"title": "户号", "type": "text", "path": "/批/家庭/@no"},
        "town": {"title": "镇", "type": "text", "path": "/批/家庭/址/镇"},
        "name": {"title": "姓名", "type": "person_name"},
    }
    families = ('<家庭 no="1"><址><镇>甲</镇></址>{a}{b}</家庭><家庭><址/>{c}</家庭><家庭 no="3"><址><镇>丙</镇></址>{a}</家庭>').format(
        **{k: f"<成员><姓名>{v}</姓名></成员>" for k, v in (("a", "王"), ("b", "李"), ("c", "赵"))}
    )
    file.write_bytes(f"<?xml version='1.0' encoding='GBK'?><批>{families}</批>".encode("gb18030"))
    found = proven(file, agreed({"record": "成员"}, fields))
    assert [r["_cells"] for r in found] == [["1", "甲", "王"], ["1", "甲", "李"], [None, None, "赵"], ["3", "丙", "王"]]


HEALTH = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <recordTarget><patientRole><id root="2.16.156.10011.1.3" extension="{id}"/><patient><name>张三</name>
  <administrativeGenderCode code="1" codeSystem="2.16.156.10011.2.3.3.4" displayName="男性"/></patient></patientRole></recordTarget>
 <component><structuredBody>
  <component><section><code code="8716-3" codeSystem="2.16.840.1.113883.6.1" displayName="VITAL SIGNS"/>
   <entry><observation><code code="DE04.10.186.00" displayName="体温"/><value xsi:type="PQ" value="36.5" unit="℃"/></observation></entry>
   <entry><observation><code code="DE04.10.188.00" displayName="体重"/><value xsi:type="PQ" value="61" unit="kg"/></observation></entry>
  </section></component>
  <component><section><code code="29548-5" displayName="诊断"/>
   <entry><observation><code code="DE05.01.024.00"/><value code="I10" displayName="原发性高血压"/></observation></entry>
  </section></component></structuredBody></component>
</ClinicalDocument>"""


def test_a_shared_health_document(file: Path) -> None:
    """WS/T 500: values are told apart by the code beside them."""
    fields = {
        "id_no": {"title": "身份证号", "type": "citizen_id", "required": True, "path": "recordTarget/patientRole/id/@extension"},
        "sex": {"title": "性别", "type": "text", "path": "//administrativeGenderCode/@displayName"},
        "weight": {"title": "体重", "type": "number", "path": "//observation[code/@code='DE04.10.188.00']/value/@value"},
        "icd": {"title": "诊断", "type": "text", "path": "//section[code/@code='29548-5']/entry/observation/value/@code"},
        "last": {"title": "第二个", "type": "text", "path": "component/structuredBody/component[2]/section/code/@displayName"},
    }
    c = agreed({"record": "/ClinicalDocument"}, fields, encoding="utf-8")
    file.write_text(HEALTH.format(id=citizen(1)), "utf-8")
    assert proven(file, c)[0]["_cells"] == [citizen(1), "男性", "61", "I10", "诊断"]


def test_repeated_missing_and_unknown_elements(file: Path) -> None:
    twice = record(2).replace("<姓名>", "<姓名>李四</姓名><姓名>")
    same = record(3).replace("<姓名>", "<姓名>张三镕</姓名><姓名>")
    without = record(4).replace("<姓名>张三镕</姓名>", "").replace("<金额>1.50</金额>", "")
    former = record(5).replace("姓名>", "xm>")
    file.write_bytes(message([record(1), twice, same, without, former]))
    found = proven(file)
    assert [r["_reason"] for r in found] == [None, "column_count", None, None, None]
    assert [r["_cells"][1] for r in found] == ["张三镕", "李四", "张三镕", None, "张三镕"]
    assert found[3]["_cells"][3] is None
    more = message([record(1), record(2).replace("<金额>", "<新项>x</新项><金额>")])
    file.write_bytes(more)
    assert refused(file, C) == "header_unknown"
    warn = agreed(columns={"added": "warn"})
    judged = inspect(file, warn)
    assert isinstance(judged, Inspection) and any("新项（1 条）" in w for w in judged.warnings)
    assert len(proven(file, warn)) == 2
    file.write_bytes(message([record(1).replace("金额>", "钱>")]))
    assert refused(file, C) == "header_unknown"
    file.write_bytes(message([record(1).replace(" id=", " no=")]))
    assert refused(file, warn) == "header_unknown"
    file.write_bytes(message([without]))
    assert len(proven(file)) == 1
    assert refused(file, agreed({**MESSAGE, "absent": "refuse"})) == "header_unknown"


def test_broken_bytes_cost_their_record(file: Path) -> None:
    data = message([record(1), record(2, "李四坏"), record(3), record(4, "王锟斤拷")])
    file.write_bytes(data.replace("坏".encode("gb18030"), b"\xff"))
    found = proven(file)
    assert [(r["_reason"], r["_field"]) for r in found] == [(None, None), ("bad_encoding", "name"), (None, None), ("bad_encoding", "name")]


def test_control_totals(file: Path) -> None:
    good = [record(1, amount="10.10"), record(2, amount="-3")]
    c = agreed({**MESSAGE, "total": {"path": "合计", "field": "amount"}})
    with_total = message(good).replace("</体>".encode("gb18030"), "</体><合计>7.10</合计>".encode("gb18030"))
    file.write_bytes(with_total)
    assert len(proven(file, c)) == 2
    for data in (
        message(good, n=3),
        message(good).replace("<笔数>2".encode("gb18030"), "<笔数>二".encode("gb18030")),
        message(good).replace("笔数".encode("gb18030"), "条数".encode("gb18030")),
        with_total.replace(b"7.10", b"7.11"),
    ):
        file.write_bytes(data)
        assert refused(file, c) == "control_total"


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty_file"),
    "blank": (b"\xef\xbb\xbf \r\n", "empty_file"),
    "html": (b"<!DOCTYPE html><html><body/></html>", "wrong_format"),
    "json": (b'{"code":"00"}', "wrong_format"),
    "text": ("姓名,身份证号\r\n".encode("gbk"), "wrong_format"),
    "zip": (b"PK\x03\x04" + b"x" * 50, "wrong_format"),
    "laughs": (LAUGHS + b"<x>&b;</x>", "wrong_format"),
    "outside": (b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "wrong_format"),
    "dtd": (b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>', "wrong_format"),
    "xinclude": (
        message([record(1)])
        .replace(b"<?xml", b"<?xml", 1)
        .replace(
            "<体>".encode("gb18030"),
            '<体><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'.encode("gb18030"),
        ),
        "wrong_format",
    ),
    "entity": (message([record(1, street="X")]).replace(b">X<", b">&nbsp;<"), "wrong_format"),
    "cut": (message([record(1), record(2)])[:-30], "wrong_format"),
    "cut_in_tag": (message([record(1), record(2)])[:-1], "wrong_format"),
    "tail": (message([record(1)], tail="<x/>"), "wrong_format"),
    "deep": (b"<x>" + b"<a>" * 500 + b"</a>" * 500 + b"</x>", "wrong_format"),
    "control": (message([record(1, street="X")]).replace(b">X<", b">\x0b<"), "wrong_format"),
    "other": (message([]).replace("<体>".encode("gb18030"), "<体><企业>x</企业>".encode("gb18030")), "header_unknown"),
    "swapped": (message([record(i, citizen(i)).replace(f'id="{citizen(i)}"', 'id="张三"') for i in range(5)]), "columns_swapped"),
    "mojibake": (
        message([record(i, "张三丰".encode().decode("gb18030", "replace"), "钱塘江边".encode().decode("gb18030")) for i in range(5)]),
        "wrong_encoding",
    ),
}
BAD["other"] = (BAD["other"][0].replace("<笔数>0".encode("gb18030"), "<笔数>1".encode("gb18030")), "header_unknown")


@pytest.mark.parametrize("name", BAD)
def test_refusals(file: Path, name: str) -> None:
    data, reason = BAD[name]
    file.write_bytes(data)
    assert refused(file, C) == reason


def test_a_truncated_message_names_line_and_column(file: Path) -> None:
    file.write_bytes(message([record(1), record(2)])[:-30])
    judged = inspect(file, C)
    assert isinstance(judged, Refusal) and "第 5 行第" in judged.detail


def test_bodies_that_are_none(file: Path) -> None:
    c = agreed({"record": "人员", "body": "b"})
    inner = message([record(1)])
    for body, reason in (
        (b"!!!", "wrong_format"),
        (base64.b64encode(inner)[:-9], "wrong_format"),
        (base64.b64encode(gzip.compress(inner)[:-20]), "wrong_format"),
        (base64.b64encode(b"PK\x03\x04zip"), "wrong_format"),
        (base64.b64encode(LAUGHS + b"<x>&b;</x>"), "wrong_format"),
        (base64.b64encode(gzip.compress(b"<a>" + b" " * (30 << 20) + b"</a>")), "unsafe_archive"),
        (base64.b64encode(inner) + b"QUJD", "wrong_format"),
    ):
        file.write_bytes(b"<a><b>" + body + b"</b></a>")
        assert refused(file, c) == reason
    file.write_bytes(b"<a><c/></a>")
    assert refused(file, c) == "header_unknown"


def test_messages_without_records(file: Path) -> None:
    file.write_bytes(message([]))
    assert proven(file) == []
    file.write_bytes(message([]))
    assert refused(file, agreed(mode="snapshot", scope=["month"], absence="ended")) == "empty_file"
    listed = agreed({"record": "体/人员"})
    assert proven(file, listed) == []
    file.write_bytes(message([], n=4))
    assert refused(file, C) == "header_unknown"
    assert refused(file, agreed({**MESSAGE, "record": "体/人员"})) == "control_total"


def test_pieces_of_any_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"  \r\n" + message([record(i, "王" * (i % 7)) for i in range(60)]) + b"\r\n\x1a\0")
    whole = proven(file)
    assert len(whole) == 60
    for size in (7, 50, 333, 4000):
        monkeypatch.setattr(xmlstream, "PIECE", size)
        assert proven(file) == whole


NAMES = st.text(st.sampled_from("赵钱孙李镕喆㛃𠮷·ABc-<>&\"']【乗"), max_size=6)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6), st.sampled_from(["gb18030", "utf-8"]), st.booleans())
def test_what_another_writer_writes_comes_back(tmp_path: Path, table: list[tuple[str, str]], codec: str, body: bool) -> None:
    root = ElementTree.Element("消息")
    head = ElementTree.SubElement(root, "头")
    ElementTree.SubElement(head, "月份").text = "201612"
    ElementTree.SubElement(head, "笔数").text = str(len(table))
    for i, (name, street) in enumerate(table):
        one = ElementTree.SubElement(root, "人员", {"id": citizen(i), "姓名": name})
        ElementTree.SubElement(ElementTree.SubElement(one, "地址"), "街道").text = street
    data = f'<?xml version="1.0" encoding="{codec}"?>'.encode() + ElementTree.tostring(root, "unicode").encode(codec)
    path, c = tmp_path / "p.xml", C
    if body:
        data, c = b"<e><b>" + base64.b64encode(data) + b"</b></e>", agreed({**MESSAGE, "body": "b"})
    path.write_bytes(data)
    found = proven(path, c)
    assert [(r["_cells"][1], r["_cells"][2]) for r in found] == [(n.strip(), s.strip()) for n, s in table]


def fuzz(path: Path, rounds: int, seed: int) -> int:
    """Mutated messages: each is refused by a named reason, or reader and counter agree on every byte."""
    dice = random.Random(seed)
    inner = message([record(i, "李镕") for i in range(5)])
    seeds = [(inner, C), (b"<e><b>" + base64.b64encode(inner) + b"</b></e>", agreed({**MESSAGE, "body": "b"}))]
    marks = [
        b"<",
        b">",
        b"</",
        b"/>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"&",
        b"\xff",
        b"\x81",
        b"\0",
        b'"',
        b"<!DOCTYPE a>",
        "<人员>".encode("gbk"),
    ]
    read = 0
    for _ in range(rounds):
        data, c = dice.choice(seeds)
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(data) + 1)
            kind = dice.randrange(4)
            if kind == 0:
                data = data[:at] + data[at + dice.randint(1, 5) :]
            elif kind == 1:
                data = data[:at] + dice.choice(marks) + data[at:]
            elif kind == 2:
                data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
            else:
                end = at + dice.randint(1, 60)
                data = data[:end] + data[at:end] + data[end:]
        path.write_bytes(data)
        judged = inspect(path, c)
        if isinstance(judged, Refusal):
            assert judged.reason and judged.detail
            continue
        read += 1
        proven(path, c)
    return read


def test_mutations(file: Path) -> None:
    assert fuzz(file, 400, 1) > 8


@pytest.mark.soak
def test_many_mutations(file: Path) -> None:
    assert fuzz(file, 20_000, 2) > 400


@pytest.mark.parametrize("fault", ["drop", "double", "alter"])
def test_the_counter_catches_a_dishonest_reader(file: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    file.write_bytes(message([record(i) for i in range(9)]))
    honest = reader._elements

    def dishonest(*given: Any):
        for n, found in enumerate(honest(*given)):
            if n == 4 and fault == "drop":
                continue
            if n == 4 and fault == "alter":
                found[0].raw = found[0].raw.replace(b"1.50", b"1.60")
            yield found
            if n == 4 and fault == "double":
                yield found

    proven(file)
    monkeypatch.setattr(reader, "_elements", dishonest)
    c = agreed({"record": "人员"})
    counted, found = count(file, c), rows(file, c)
    assert (counted.records, counted.multiset) != (len(found), multiset(found))
