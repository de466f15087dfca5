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
    "licence_id": "电子证照标识",
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
    "attachment": "文档附件（只取元数据）",
    "xls": "电子表格（XLS）",
    "xml": "XML 报文",
    "json": "JSON 接口文件",
    "accounting": "会计核算数据接口（GB/T 24589.1）",
}
MODE = {"append": "追加", "corrections": "更正", "snapshot": "整体快照"}
ABSENCE = {"ended": "缺行即到期", "retracted": "缺行即作废"}
PII = {"direct": "直接标识", "quasi": "准标识", "sensitive": "敏感"}
SEVERITY = {"error": "错误（拒收该行）", "warning": "警告"}
FAMILY = {"structure": "结构", "key": "主键", "id": "证件号码", "number": "数值", "date": "日期", "code": "代码", "content": "内容"}
# Why a record is quarantined: family, words for the sender, what to do.
RECORD_REASON = {
    "truncated": ("structure", "记录不完整", "记录在中途结束，请从原系统重新导出该条"),
    "bad_length": ("structure", "记录长度不符", "实际长度与约定（或自报）的长度不同，请核对导出程序"),
    "bad_crc": ("structure", "校验和不符", "传输中损坏，请重发该报文"),
    "bad_encoding": ("structure", "字符编码错误", "个别字符不是约定的编码，请核对原文后重报"),
    "column_count": ("structure", "列数不符", "列数与表头不同，多为内容中含分隔符或换行，请加引号或转义"),
    "swapped_fields": ("structure", "两栏内容互换", "两个栏目的内容填反了，请对调后重报"),
    "missing_key": ("key", "必填项为空", "主键或必填栏目为空或为占位文字，请补填"),
    "bad_id_float": ("id", "号码已被表格改坏", "超过 15 位的号码被存成数值，末位已丢失；请把该列设为文本后重新填写"),
    "bad_id_length": ("id", "号码位数不对", "既非 18 位也非 15 位，请核对"),
    "bad_id_charset": ("id", "号码含有不应有的字符", "如字母 O、l 或打码的星号，请填写真实完整的号码"),
    "bad_id_check": ("id", "号码校验位不符", "多为录错一位，请与证件核对"),
    "bad_id_birth": ("id", "号码中的出生日期不成立", "请与证件核对"),
    "bad_uscc": ("id", "统一社会信用代码不成立", "请与营业执照核对"),
    "bad_date": ("date", "日期不成立", "没有这一天，或写法不在约定之内"),
    "bad_number": ("number", "不是数值", "请只填数字"),
    "out_of_range": ("number", "数值超出范围", "请核对计量单位与小数点"),
    "unknown_code": ("code", "代码不在当时有效的代码表内", "请按代码表填写，或说明新代码"),
    "formula_injection": ("content", "内容形如公式", "以 =、@ 等开头的内容会被表格软件执行，请改为普通文字"),
    "inconsistent": ("content", "栏目之间互相矛盾", "请核对所列栏目"),
    "check_failed": ("content", "未通过核对", "请按说明核对"),
    "duplicate_key": ("key", "主键重复而内容不同", "同一主键有两种内容，无法判断哪条较新，请确认后重报"),
}
# Why a file is refused whole.
FILE_REASON = {
    "empty_file": "文件没有内容",
    "duplicate_file": "与已收到的文件相同",
    "wrong_format": "文件格式与约定不符",
    "unsafe_archive": "压缩包不安全",
    "wrong_encoding": "整份文件编码不符",
    "header_missing": "缺少表头",
    "header_unknown": "表头与约定不符",
    "columns_swapped": "两列内容整列互换",
    "unclosed_quote": "引号没有闭合",
    "companion_missing": "缺少对照文件",
    "companion_mismatch": "与对照文件不符",
    "control_total": "与控制合计不符",
    "error_envelope": "接口返回错误",
    "vanished": "快照减少过多",
    "conservation": "账不平（本系统的问题）",
}
VERDICT = {
    "accepted": "全部接收",
    "accepted_with_quarantine": "接收，部分退回",
    "refused": "整件拒收",
    "duplicate": "重复，未再载入",
    "withdrawn": "已撤回",
}
# What was mended without asking; the sender learns of it so that the next file needs no mending.
REPAIR = {
    "guard": '去掉防护符号（\'、制表符、="…"）',
    "full_width": "全角改半角",
    "zero_width": "去掉不可见字符",
    "space": "去掉空格",
    "x": "末位 x、× 改为 X",
    "15_to_18": "15 位号码升为 18 位",
    "case": "小写改大写",
    "comma": "去掉千分位逗号",
    "currency": "去掉货币符号",
    "parentheses": "括号表示的负数",
    "rounded": "四舍五入到分",
    "date_form": "日期写法统一",
    "day_assumed?": "只有年月，按当月首日",
    "open_end": "9999-12-31 表示没有终止日期",
    "phone": "电话写法统一",
    "phone?": "电话位数存疑",
    "name": "姓名中的空格与间隔号",
    "outside": "外地区划",
    "street_code": "街道代码取到区县",
    "organisation_check": "组织机构代码校验位存疑",
    "dms": "度分秒改为度",
    "ring_closed": "图形边界闭合",
    "winding": "图形方向",
    "z_dropped": "去掉高程",
    "m_dropped": "去掉度量值",
}


def repair(name: str) -> str:
    """Words for a repair; `unit:万元` and `division:A→B` carry their own."""
    kind, _, more = name.partition(":")
    if more:
        return f"单位按“{more}”换算" if kind == "unit" else f"区划代码 {more}" if kind == "division" else f"{kind} {more}"
    return REPAIR.get(name, name)
