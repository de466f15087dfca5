"""Logs of vehicles (F9, JT/T 808), by hand: degrees in millionths, systems by vendor, clocks of devices."""

from __future__ import annotations

from typing import Any

from reader_helpers import HEAD

from bad_inputs.case import Cases
from xihu.contract.models import Contract

FIELDS: dict[str, Any] = {
    "device": {"title": "终端号", "type": "text", "required": True},
    "plate": {"title": "车牌号", "type": "text"},
    "vendor": {"title": "厂商", "type": "text"},
    "at": {
        "title": "定位时间",
        "type": "datetime",
        "required": True,
        "min": "2016-01-01",
        "forms": ["YYMMDDhhmmss", "epoch_s", "epoch_ms"],
    },
    "lon": {"title": "经度", "type": "number", "required": True, "scale": 6, "min": 118.3, "max": 120.9},
    "lat": {"title": "纬度", "type": "number", "required": True, "scale": 6, "min": 29.1, "max": 30.7},
    "speed": {"title": "速度", "type": "number", "scale": 1, "min": 0, "max": 200},
}
_MODEL = {
    **HEAD,
    "delivery": {"files": "sy/*.csv", "format": "csv", "encoding": "gb18030", "mode": "append"},
    "fields": FIELDS,
    "coordinates": {"lon": "lon", "lat": "lat", "crs": {"field": "vendor", "map": {"甲": "gcj02", "乙": "wgs84"}}},
}
C = Contract.model_validate(_MODEL).placed("sy", "gps")
CASES = Cases("position", "gps_20161205.csv", C)
TITLES = [f["title"] for f in FIELDS.values()]
GOOD = ["13800000001", "浙A12345", "乙", "161205080000", "120150000", "30270000", "605"]


def put(table: list[list[str]], head: list[str] = TITLES) -> bytes:
    return "".join(",".join(r) + "\r\n" for r in [head, *table]).encode("gb18030")


def three(**other: str) -> bytes:
    return put([GOOD, [other.get(n, v) for n, v in zip(FIELDS, GOOD, strict=True)], GOOD])


refuse, read = CASES.refuse, CASES.read
refuse("columns_swapped", "axes_swapped", "经度与纬度两列的值全部对调", lambda: put([[*GOOD[:4], GOOD[5], GOOD[4], GOOD[6]]] * 6))
refuse("header_unknown", "latitude_gone", "没有纬度列", lambda: put([GOOD[:5] + GOOD[6:]], TITLES[:5] + TITLES[6:]))
read(3, {2: "missing_key"}, "device_empty", "终端号为空", lambda: three(device=""))
read(3, {2: "missing_key"}, "longitude_empty", "经度为空", lambda: three(lon=""))
read(3, {2: "out_of_range"}, "zero_zero", "没有定位（0,0）", lambda: three(lon="0", lat="0"))
read(3, {2: "out_of_range"}, "elsewhere", "在北京（界外）", lambda: three(lon="116390000", lat="39900000"))
read(3, {2: "out_of_range"}, "degrees_not_millionths", "纬度少了三位（没有放大到百万分之一度）", lambda: three(lat="30270"))
read(3, {2: "out_of_range"}, "speed", "速度超过上限", lambda: three(speed="2001"))
read(3, {2: "out_of_range"}, "clock_2000", "终端时钟回到2000年", lambda: three(at="000101000000"))
read(3, {2: "bad_number"}, "longitude_decimal", "经度写成小数，约定为整数", lambda: three(lon="120150000.5"))
read(3, {2: "bad_number"}, "longitude_words", "经度是文字", lambda: three(lon="东经"))
read(3, {2: "bad_date"}, "clock_hour_25", "定位时间是25时", lambda: three(at="161205250000"))
read(3, {2: "bad_date"}, "clock_zeros", "定位时间是13月", lambda: three(at="161305080000"))
read(3, {2: "unknown_code"}, "vendor_unknown", "没有登记坐标系的厂商", lambda: three(vendor="丙"))
read(3, {}, "ok_bcd", "时间YYMMDDhhmmss，北京时间", lambda: three(), values={2: {"at": "2016-12-05 00:00:00+00:00"}})
read(3, {}, "ok_epoch_s", "时间戳是秒", lambda: three(at="1480896000"), values={2: {"at": "2016-12-05 00:00:00+00:00"}})
read(3, {}, "ok_epoch_ms", "时间戳是毫秒", lambda: three(at="1480896000000"), values={2: {"at": "2016-12-05 00:00:00+00:00"}})
read(3, {}, "ok_wgs84", "WGS 84的厂商，坐标不变", lambda: three(), values={2: {"lon": "120.15000000", "lat": "30.27000000"}})
read(3, {}, "ok_gcj02", "GCJ-02的厂商，坐标换算", lambda: three(vendor="甲"))
read(3, {}, "ok_out_of_order", "时间次序颠倒", lambda: three(at="161205070000"))
read(3, {}, "ok_uploaded_twice", "同一点重复上传（没有主键）", lambda: three())
