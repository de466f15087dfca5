"""One delivery in every further format comes from bytes to typed silver, with its broken records in quarantine and the books balanced."""

from __future__ import annotations

import json
import struct
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

shapefile = pytest.importorskip("shapefile")
xlwt = pytest.importorskip("xlwt")

HEAD = {
    "provider": {"name": "市试验局"},
    "summary": "试验用",
    "grain": "one row per record",
    "share": {"type": "unconditional"},
    "open": {"type": "open"},
    "update": "monthly",
}
TEXT = {"type": "text", "required": True}
ID = "33010619500101001X"


def declare(city, name: str, delivery: dict, fields: dict, **more) -> None:
    folder = city.conf / "catalogue" / "sy"
    folder.mkdir(parents=True, exist_ok=True)
    code = f"306013/08{len(list(folder.iterdir())):02d}"
    body = {"code": code, "title": name, **HEAD, "delivery": {"mode": "append", **delivery}, "fields": fields, **more}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(body, allow_unicode=True, sort_keys=False), "utf-8")


def crc(data: bytes) -> bytes:
    value = 0xFFFF
    for b in data:
        value = (value >> 8) ^ b
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return b"%04X" % value


def telegrams(city) -> Path:
    declare(
        city,
        "outlet",
        {"files": "sy/污染源_*.txt", "format": "hj212", "telegram": {"explode": "factor"}},
        {
            "mn": {"title": "MN", **TEXT},
            "at": {"title": "DataTime", "type": "datetime", "required": True},
            "factor": {"title": "因子", **TEXT},
            "value": {"title": "Rtd", "type": "number"},
        },
    )
    data = (
        b"QN=20161205080001000;ST=32;CN=2011;PW=1;MN=A1;Flag=5;CP=&&DataTime=20161205080000;w01018-Rtd=12.5,w01018-Flag=N;w21003-Rtd=1.2&&"
    )
    whole = b"##%04d" % len(data) + data + crc(data) + b"\r\n"
    return city.raw("污染源_1.txt", whole + whole[:-6] + b"0000\r\n")


def table(city) -> Path:
    declare(
        city,
        "org",
        {"files": "sy/机构_*.dbf", "format": "dbf", "encoding": "gbk", "mode": "corrections"},
        {"no": {"title": "编号", **TEXT}, "name": {"title": "单位名称全称", "titles": ["单位名称全"], "type": "text"}},
        key=["no"],
    )
    specs = [("编号", 4), ("单位名称全", 10)]
    rows = [(b" ", "A1", "一中"), (b"*", "A2", "二中"), (b" ", "A3", "三中")]
    head = struct.pack("<B3BIHH20x", 3, 116, 12, 5, len(rows), 33 + 32 * len(specs), 1 + sum(w for _, w in specs))
    for name, width in specs:
        head += name.encode("gbk")[:10].ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
    body = b"".join(mark + no.encode().ljust(4) + name.encode("gbk").ljust(10) for mark, no, name in rows)
    return city.raw("机构_1.dbf", head + b"\r" + body + b"\x1a")


def message(city) -> Path:
    declare(
        city,
        "birth",
        {"files": "sy/出生_*.xml", "format": "xml", "encoding": "gb18030", "message": {"record": "证明", "count": "/批/@笔数"}},
        {
            "no": {"title": "编号", **TEXT, "path": "@id"},
            "name": {"title": "姓名", "type": "person_name"},
            "born": {"title": "出生", "type": "date"},
        },
    )
    text = '<?xml version="1.0" encoding="GB2312"?><批 笔数="2" xmlns="urn:x:2">'
    text += (
        '<证明 id="B1"><姓名>王镕</姓名><出生>2016-12-05</出生></证明><证明 id="B2"><姓名>李㛃</姓名><出生>2016-02-30</出生></证明></批>'
    )
    return city.raw("出生_1.xml", text.encode("gb18030"))


def pages(city) -> Path:
    api = {"records": "data.list", "code": "code", "ok": ["00"], "total": "data.total"}
    fields = {
        "no": {"title": "编号", **TEXT, "path": "id"},
        "at": {"title": "时间", "type": "datetime", "path": "ts", "forms": ["epoch_ms"]},
    }
    declare(city, "permit", {"files": "sy/许可_*.json", "format": "json", "encoding": "utf-8", "api": api}, fields, key=["no"])
    ids = (["9007199254740993", "2"], ["2", "3"])
    found = [{"code": "00", "data": json.dumps({"total": 3, "list": [{"id": i, "ts": 1480896000000} for i in page]})} for page in ids]
    return city.raw("许可_1.json", json.dumps(found).encode())


def books(city) -> Path:
    delivery = {"files": "sy/账_*.xml", "format": "accounting", "shared": True}
    declare(
        city,
        "chart",
        {**delivery, "message": {"record": "会计科目"}},
        {"no": {"title": "科目编号", **TEXT}, "name": {"title": "科目名称", **TEXT}},
    )
    fields = {
        "no": {"title": "记账凭证编号", **TEXT},
        "account": {"title": "科目编号", **TEXT},
        "debit": {"title": "借方本币金额", "type": "money", "unit": "元"},
        "credit": {"title": "贷方本币金额", "type": "money", "unit": "元"},
    }
    balance = "sum(coalesce(debit, 0)) over (partition by _file, no) = sum(coalesce(credit, 0)) over (partition by _file, no)"
    checks = {"balanced": {"sql": balance, "severity": "error", "message": "凭证借贷不平"}}
    declare(city, "voucher", {**delivery, "message": {"record": "记账凭证"}}, fields, checks=checks)

    def line(*values: str) -> str:
        return (
            "<记账凭证>"
            + "".join(f"<{f['title']}>{v}</{f['title']}>" for f, v in zip(fields.values(), values, strict=True))
            + "</记账凭证>"
        )

    lines = line("1", "5001", "100.10", "") + line("1", "1001", "", "100.10") + line("2", "5001", "7", "") + line("2", "1001", "", "8")
    chart = "".join(
        f"<会计科目><科目编号>{n}</科目编号><科目名称>{t}</科目名称></会计科目>" for n, t in (("1001", "库存现金"), ("5001", "经费支出"))
    )
    text = f"<总账>{chart}{lines}</总账>"
    return city.raw("账_1.xml", ('<?xml version="1.0" encoding="GB2312"?>' + text).encode("gb18030"))


def sheet(city) -> Path:
    layout = {"title_rows": 1, "header_rows": 1, "totals": ["合计"], "footers": ["填表人"]}
    fields = {
        "id_no": {"title": "身份证号", "type": "citizen_id", "required": True},
        "amount": {"title": "金额", "type": "money", "unit": "万元"},
    }
    declare(city, "destitute", {"files": "sy/特困_*.xls", "format": "xls", "layout": layout}, fields)
    book = xlwt.Workbook()
    page = book.add_sheet("一月")
    for r, row in enumerate(
        [["特困名册"], ["身份证号", "金额"], [ID, 0.0615], [330106196002020024.0, 1], ["合计", 1.0615], ["填表人：甲"]]
    ):
        for c, value in enumerate(row):
            page.write(r, c, value)
    path = city.home.parent / "outbox" / "mz" / "特困_1.xls"
    book.save(str(path))
    return path


def dump(city) -> list[Path]:
    fields = {"no": {"title": "编号", **TEXT}, "address": {"title": "住址", "type": "text"}}
    delivery = {"files": "sy/住址_*.txt", "format": "delimited", "encoding": "gb18030", "delimiter": "|", "companion": ["{stem}.ctl"]}
    declare(city, "address", delivery, fields)
    text = "A1|文三路\r\nA2|\\N\r\nA3|镕园\n二幢\r\n".encode("gb18030")
    archive = city.raw("住址.zip", b"")
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("住址_1.txt", text)
        z.writestr("住址_1.ctl", "rows=3\n")
    return [archive]


def shapes(city) -> list[Path]:
    place = {"geometry": "shape", "crs": "file"}
    fields = {"no": {"title": "单元号", **TEXT}, "shape": {"title": "图形", "type": "geometry"}}
    declare(city, "parcel", {"files": "sy/宗地_*.shp", "format": "shapefile"}, fields, coordinates=place)
    declare(city, "pipe", {"files": "sy/管线_*.geojson", "format": "geojson"}, fields, coordinates={**place, "crs": "gcj02"})
    path = city.home.parent / "outbox" / "mz" / "宗地_1"
    with shapefile.Writer(str(path), shapeType=5, encoding="gbk") as w:
        w.field("单元号", "C", 28)
        w.poly([[[120.15, 30.27], [120.15, 30.28], [120.16, 30.28], [120.16, 30.27], [120.15, 30.27]]])
        w.record("Z1")
    path.with_suffix(".prj").write_text(
        'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]]]'
    )
    point = {"type": "Feature", "properties": {"单元号": "G1"}, "geometry": {"type": "Point", "coordinates": [120.1597, 30.2477]}}
    lines = city.raw("管线_1.geojson", json.dumps({"type": "FeatureCollection", "features": [point]}, ensure_ascii=False).encode())
    return [lines, *(path.with_suffix(e) for e in (".shp", ".dbf", ".shx", ".prj"))]


def positions(city) -> Path:
    fields = {
        "device": {"title": "终端号", **TEXT},
        "vendor": {"title": "厂商", **TEXT},
        "at": {"title": "时间", "type": "datetime", "forms": ["YYMMDDhhmmss"], "required": True},
        "lon": {"title": "经度", "type": "number", "scale": 6, "required": True},
        "lat": {"title": "纬度", "type": "number", "scale": 6, "required": True},
    }
    checks = {"clock": {"sql": "at <= _received_at + INTERVAL '10' MINUTE", "severity": "error", "message": "终端时钟超前"}}
    place = {"lon": "lon", "lat": "lat", "crs": {"field": "vendor", "map": {"甲": "gcj02", "乙": "wgs84"}}}
    delivery = {"files": "sy/gps_*.csv", "format": "csv", "encoding": "gb18030"}
    declare(city, "taxi", delivery, fields, key=["device", "at"], dedupe=True, checks=checks, coordinates=place)
    rows = ["1,甲,161101080000,120159700,30247700", "2,乙,161101080000,120159700,30247700", "3,乙,180101080000,120159700,30247700"]
    rows += ["4,乙,161101080000,30247700,120159700", rows[0]]
    return city.file("gps_1.csv", rows, header="终端号,厂商,时间,经度,纬度")


def test_every_format(city):
    from datetime import UTC, datetime

    from xihu.bronze.deliver import deliver

    (city.home.parent / "outbox" / "mz").mkdir(parents=True, exist_ok=True)
    files = [
        telegrams(city),
        table(city),
        message(city),
        pages(city),
        books(city),
        sheet(city),
        *dump(city),
        *shapes(city),
        positions(city),
    ]
    deliver(files, received_at=datetime(2016, 12, 6, 1, tzinfo=UTC), dept="sy")
    report = city.ingest()
    assert report.ok, report.failed
    found = {
        r.resource.removeprefix("sy__"): (r.verdict, r.reason, r.records_in, r.accepted, r.quarantined, r.duplicate, r.superseded)
        for r in report.rows
    }
    some = "accepted_with_quarantine"
    assert found == {
        # One telegram of two factors, and one whose checksum fails.
        "outlet": (some, None, 3, 2, 1, 0, 0),
        # The deleted row names nothing that stands.
        "org": ("accepted", None, 3, 2, 0, 0, 1),
        "birth": (some, None, 2, 1, 1, 0, 0),
        # Page two repeats a record of page one.
        "permit": ("accepted", None, 4, 3, 0, 1, 0),
        "chart": ("accepted", None, 2, 2, 0, 0, 0),
        "voucher": (some, None, 4, 2, 2, 0, 0),
        "destitute": (some, None, 2, 1, 1, 0, 0),
        "address": ("accepted", None, 3, 3, 0, 0, 0),
        "parcel": ("accepted", None, 1, 1, 0, 0, 0),
        "pipe": ("accepted", None, 1, 1, 0, 0, 0),
        "taxi": (some, None, 5, 2, 2, 1, 0),
    }

    def silver(name: str, *columns: str) -> list[tuple]:
        rows = city.spark.table(f"silver.sy__{name}").where("_loaded_to IS NULL").orderBy("_file", "_row").select(*columns).collect()
        return [tuple(r) for r in rows]

    def reasons(name: str) -> list[tuple]:
        return [(r.row, r.reason) for r in city.spark.table(f"quarantine.sy__{name}").orderBy("row").collect()]

    assert silver("outlet", "factor", "value") == [("w01018", Decimal("12.5")), ("w21003", Decimal("1.2"))]
    assert reasons("outlet") == [(3, "bad_crc")]
    assert silver("org", "no", "name") == [("A1", "一中"), ("A3", "三中")]
    assert silver("birth", "name") == [("王镕",)] and reasons("birth") == [(2, "bad_date")]
    assert [r[0] for r in silver("permit", "no")] == ["9007199254740993", "2", "3"]
    assert silver("voucher", "no", "debit") == [("1", Decimal("100.10")), ("1", None)]
    assert reasons("voucher") == [(3, "check_failed"), (4, "check_failed")]
    assert silver("destitute", "id_no", "amount") == [(ID, Decimal("615.00"))] and reasons("destitute") == [(2, "bad_id_float")]
    assert silver("address", "no", "address")[1:] == [("A2", None), ("A3", "镕园\n二幢")]
    assert silver("parcel", "shape")[0][0].startswith("POLYGON ((120.15 30.27")
    lon, lat = map(float, silver("pipe", "shape")[0][0].removeprefix("POINT (").rstrip(")").split())
    # At the lake GCJ-02 lies some 450 m east and 260 m south of CGCS2000.
    assert 0.0042 < 120.1597 - lon < 0.0052 and 0.0018 < lat - 30.2477 < 0.0028
    (a, b) = silver("taxi", "device", "lon", "lat")
    assert a[0] == "1" and b[0] == "2" and float(a[1]) == pytest.approx(lon, abs=1e-6) and float(b[1]) == pytest.approx(120.1597)
    assert reasons("taxi") == [(3, "check_failed"), (4, "swapped_fields")]
