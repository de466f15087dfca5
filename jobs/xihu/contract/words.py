"""Chinese words for the contract's vocabulary, as the dictionary and the reports show them."""

from __future__ import annotations

TYPES = {
    "text": "文本",
    "integer": "整数",
    "number": "数值",
    "money": "金额",
    "date": "日期",
    "month": "月份",
    "year": "年份",
    "datetime": "时间",
    "boolean": "是否",
    "citizen_id": "公民身份号码",
    "uscc": "统一社会信用代码",
    "person_name": "姓名",
    "phone": "电话",
    "division": "行政区划",
    "code": "代码",
    "geometry": "图形（WKT，EPSG:4490）",
    "person": "人员",
    "entity": "法人",
}
SHARE = {"unconditional": "无条件共享", "conditional": "有条件共享", "closed": "不予共享"}
OPEN = {"open": "开放", "conditional": "有条件开放", "closed": "不开放"}
UPDATE = {
    "realtime": "实时",
    "daily": "每日",
    "weekly": "每周",
    "monthly": "每月",
    "quarterly": "每季",
    "yearly": "每年",
    "irregular": "不定期",
}
FORMAT = {
    "csv": "文本表（CSV）",
    "xlsx": "电子表格（XLSX）",
    "fixed": "定长文本",
    "delimited": "数据库导出（分隔符）",
    "dbf": "dBase 表（DBF）",
    "hj212": "环境监测报文（HJ 212）",
    "geojson": "GeoJSON 图形",
    "shapefile": "Shapefile 图形",
    "xls": "电子表格（XLS）",
    "xml": "XML 报文",
    "json": "JSON 接口文件",
    "accounting": "会计核算数据接口（GB/T 24589.1）",
}
MODE = {"append": "追加", "corrections": "更正", "snapshot": "整体快照"}
ABSENCE = {"ended": "缺行即到期", "retracted": "缺行即作废"}
PII = {"direct": "直接标识", "quasi": "准标识", "sensitive": "敏感"}
SEVERITY = {"error": "错误（拒收该行）", "warning": "警告"}
