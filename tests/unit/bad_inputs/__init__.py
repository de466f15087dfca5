"""Named bad inputs: each a distinct (format, fault), made by hand or by another library, with the outcome that the closed lists demand.

One module a format; `ALL` is all of them. The outcomes were decided from the domain's pages before anything was run.
"""

from __future__ import annotations

from importlib import import_module

from bad_inputs.case import Case

FORMATS = {
    "csv": "CSV（F1）",
    "xlsx": "电子表格 .xlsx（F2）",
    "xls": "旧版电子表格 .xls（F2）",
    "fixed": "定长批文件（F3）",
    "delimited": "数据库导出与对照文件（F4）",
    "xml": "XML 报文（F5）",
    "json": "JSON 接口（F6）",
    "dbf": "DBF 表（F7）",
    "hj212": "HJ 212 报文（F8）",
    "position": "车辆定位记录（F9）",
    "geojson": "GeoJSON（F10）",
    "shapefile": "Shapefile（F10）",
    "accounting": "财务数据接口（F11）",
    "attachment": "附件（F12）",
    "archive": "压缩包",
}
ALL: list[Case] = [case for name in FORMATS for case in import_module(f"bad_inputs.{name}_cases").CASES]
