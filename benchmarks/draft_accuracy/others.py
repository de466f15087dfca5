"""Batches, dumps, messages, interfaces, dBase tables, telegrams, maps and accounts (F3–F8, F10, F11) with known types."""

from __future__ import annotations

from . import values as v
from .extract import Extract
from .values import number, place, plain, serial

OTHERS: tuple[Extract, ...] = (
    # F3: batches of fixed width: (title, type, maker) and bytes
    Extract(
        "housing_fund",
        "fixed",
        (
            ("业务流水", "text", serial("GJJ", 9)),
            ("身份证", "citizen_id", plain(v.citizen)),
            ("姓名", "person_name", plain(v.name)),
            ("缴存月份", "month", v.formed("%Y%m")),
            ("月缴存额", "money", lambda r, i: f"{r.randrange(30000, 500000):012d}"),
            ("经办日期", "date", v.formed("%Y%m%d")),
        ),
        options={"widths": [12, 18, 20, 6, 12, 8], "marks": True},
    ),
    Extract(
        "subsidy_batch",
        "fixed",
        (
            ("卡号", "text", plain(v.card)),
            ("户名", "person_name", plain(v.name)),
            ("金额", "money", lambda r, i: f"{r.randrange(1000, 900000):013d}"),
            ("币种", "text", v.pick("CNY")),
            ("日期", "date", v.formed("%Y%m%d", 2016, 2016)),
            ("摘要", "text", v.pick("农机补贴", "种粮补贴", "良种补贴", "退耕还林")),
            ("区划", "division", v.pick(*v.DISTRICTS)),
        ),
        options={"widths": [19, 20, 13, 3, 8, 20, 6], "marks": False},
    ),
    # F4: dumps without a header
    Extract(
        "insured_dump",
        "delimited",
        (
            ("人员", "text", number("", 10)),
            ("证件", "citizen_id", plain(v.citizen)),
            ("单位", "uscc", plain(v.uscc)),
            ("险种", "text", v.pick("310", "110", "510", "410")),
            ("状态", "text", v.pick("1", "2", "4")),
            ("开始", "date", v.formed("%Y%m%d")),
            ("结束", "date", v.some(v.formed("%Y%m%d"), 0.7, "\\N")),
            ("基数", "money", lambda r, i: v.amount(r, 5000)),
            ("经办", "datetime", v.timed()),
        ),
        options={"delimiter": "|@|"},
    ),
    Extract(
        "house_sale_dump",
        "delimited",
        (
            ("合同号", "text", serial("2016预", 7)),
            ("买方", "person_name", plain(v.name)),
            ("证件", "citizen_id", plain(v.citizen)),
            ("面积", "number", v.decimal(40, 180, 2)),
            ("总价", "money", lambda r, i: f"{r.randrange(60, 900)}{r.randrange(10**4):04d}.00"),
            ("坐落", "text", plain(v.address)),
            ("签约", "date", v.formed("%Y-%m-%d")),
            ("区", "division", v.pick(*v.DISTRICTS)),
        ),
        options={"delimiter": "\x01"},
    ),
    Extract(
        "meter_dump",
        "delimited",
        (
            ("表号", "text", number("33", 10)),
            ("时刻", "datetime", v.timed()),
            ("压力", "number", v.decimal(0.2, 0.6, 3)),
            ("流量", "number", v.decimal(0, 900, 2)),
            ("状态", "text", v.pick("N", "D", "F", weights=(96, 3, 1))),
            ("累计", "integer", v.counted(100000)),
        ),
        options={"delimiter": "|"},
    ),
    # F5: messages
    Extract(
        "birth_xml",
        "xml",
        (
            ("证书编号", "text", number("R3301", 6)),
            ("新生儿姓名", "person_name", plain(v.name)),
            ("性别", "code", v.pick("男", "女")),
            ("出生时间", "datetime", v.timed("%Y-%m-%dT%H:%M:%S")),
            ("出生体重", "integer", v.whole(2400, 4300)),
            ("母亲身份证号", "citizen_id", plain(v.citizen)),
            ("母亲姓名", "person_name", plain(v.name)),
            ("民族", "code", v.pick("汉", "汉", "汉", "畲", "回")),
            ("机构代码", "text", v.pick("47010001X", "470100028", "470100036")),
            ("签发日期", "date", v.formed("%Y-%m-%d")),
        ),
        options={"declared": "GB2312", "record": "出生证"},
    ),
    Extract(
        "licence_xml",
        "xml",
        (
            ("ZZBH", "text", number("ZZ", 10)),
            ("CZZT", "text", plain(v.company)),
            ("CZZTDM", "uscc", plain(v.uscc)),
            ("FZJG", "text", v.pick("杭州市市场监督管理局", "西湖区市场监督管理局")),
            ("FZRQ", "date", v.formed("%Y%m%d")),
            ("YXQZ", "date", v.formed("%Y%m%d", 2017, 2030)),
            ("XZQH", "division", v.pick(*v.DISTRICTS)),
            ("ZT", "code", v.pick("有效", "注销")),
        ),
        options={"declared": "UTF-8", "record": "ROW", "body": True},
    ),
    # F6: interfaces
    Extract(
        "emergency_json",
        "json",
        (
            ("eventId", "text", serial("EV", 8)),
            ("eventType", "text", v.pick("自然灾害", "事故灾难", "公共卫生", "社会安全")),
            ("level", "text", v.pick("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ")),
            ("occurTime", "datetime", lambda r, i: str(int(v.moment(r).timestamp()) * 1000)),
            ("reportTime", "datetime", lambda r, i: str(int(v.moment(r).timestamp()) * 1000)),
            ("longitude", "number", place(120.15, 0.05)),
            ("latitude", "number", place(30.27, 0.05)),
            ("deaths", "integer", v.whole(0, 3)),
            ("loss", "money", lambda r, i: v.amount(r, 80)),
            ("handler", "person_name", v.some(plain(v.name), 0.2, "null")),
        ),
        options={"string": True, "bare": {"longitude", "latitude", "deaths", "loss", "occurTime", "reportTime"}},
    ),
    Extract(
        "service_json",
        "json",
        (
            ("projid", "text", number("330106", 14)),
            ("itemCode", "text", v.pick("许可-00123-000", "确认-00456-001", "给付-00789-000")),
            ("applicantName", "person_name", plain(v.name)),
            ("applicantId", "citizen_id", plain(v.citizen)),
            ("mobile", "phone", plain(v.mobile)),
            ("acceptTime", "datetime", v.timed()),
            ("finishTime", "datetime", v.some(v.timed(), 0.1)),
            ("online", "boolean", v.pick("true", "false")),
            ("star", "integer", v.pick("1", "2", "3", "4", "5", weights=(1, 1, 2, 6, 20))),
            ("areaCode", "division", v.pick(*v.DISTRICTS)),
        ),
        options={"string": False, "bare": {"online", "star"}},
    ),
    # F7: dBase
    Extract(
        "death_dbf",
        "dbf",
        (
            ("XM", "person_name", plain(v.name)),
            ("SFZH", "citizen_id", plain(v.citizen)),
            ("XB", "code", v.pick("1", "2")),
            ("SWRQ", "date", v.formed("%Y%m%d")),
            ("ICD", "text", v.pick("I21.900", "C34.900", "J44.100", "I63.900")),
            ("SWDD", "text", v.pick("医院", "家中", "途中")),
            ("NL", "integer", v.whole(40, 99)),
        ),
        options={"kinds": "CCCDCCN", "widths": [20, 18, 1, 8, 10, 10, 3]},
    ),
    Extract(
        "roll_dbf",
        "dbf",
        (
            ("学籍号", "text", lambda r, i: "G" + v.citizen(r, (2000, 2010))),
            ("姓名", "person_name", plain(v.name)),
            ("身份证", "citizen_id", lambda r, i: v.citizen(r, (2000, 2010))),
            ("学校码", "text", number("2133", 6)),
            ("年级", "integer", v.whole(1, 9)),
            ("班", "integer", v.whole(1, 12)),
            ("入学日期", "date", v.formed("%Y%m%d", 2008, 2016)),
            ("学费", "money", v.pick("0.00", "350.00", "1200.00")),
        ),
        options={"kinds": "CCCCNNDN", "widths": [19, 20, 18, 10, 2, 2, 8, 10], "decimals": {7: 2}},
    ),
    # F8: telegrams have their own words
    Extract(
        "outlet",
        "hj212",
        (
            ("MN", "text", v.pick("33010600001122", "33010600001123")),
            ("CN", "text", v.pick("2051")),
            ("ST", "text", v.pick("32")),
            ("DataTime", "datetime", v.timed("%Y%m%d%H%M%S")),
            ("factor", "text", v.pick("w01018", "w21003", "w00000")),
            ("Avg", "number", v.decimal(1, 90, 2)),
            ("Min", "number", v.decimal(0, 1, 3)),
            ("Max", "number", v.decimal(90, 120, 1)),
            ("Flag", "text", v.pick("N", "N", "N", "D", "F")),
        ),
    ),
    # F10: maps
    Extract(
        "parks_geojson",
        "geojson",
        (
            ("名称", "text", lambda r, i: f"{r.choice(v.GIVEN)}{r.choice(v.GIVEN)}公园"),
            ("面积", "number", v.decimal(0.5, 60, 2)),
            ("区县", "division", v.pick(*v.DISTRICTS.values())),
            ("建成年份", "year", v.whole(1980, 2016)),
            ("免费", "boolean", v.pick("true", "false")),
            ("编号", "text", serial("GY", 4)),
            ("geometry", "geometry", v.pick("")),
        ),
    ),
    Extract(
        "manholes_shp",
        "shapefile",
        (
            ("BH", "text", serial("JG", 6)),
            ("QSDW", "text", v.pick("市水务集团", "杭州电信", "国网杭州")),
            ("XZQDM", "division", v.pick(*v.DISTRICTS)),
            ("JD", "number", v.decimal(0.5, 6, 2)),
            ("AZRQ", "date", v.formed("%Y%m%d")),
            ("SL", "integer", v.counted(4)),
            ("geometry", "geometry", v.pick("")),
        ),
        options={"kinds": "CCCNDN", "widths": [10, 30, 6, 8, 8, 6], "decimals": {3: 2}},
    ),
    # F11: accounts
    Extract(
        "vouchers",
        "accounting",
        (
            ("会计年度", "year", v.pick("2016")),
            ("会计期间号", "text", v.pick("1", "2", "11", "12")),
            ("记账凭证编号", "text", serial("", 4)),
            ("记账凭证日期", "date", v.formed("%Y%m%d", 2016, 2016)),
            ("记账凭证摘要", "text", v.pick("支付办公费", "拨付补助", "计提工资")),
            ("科目编号", "text", v.pick("1002", "500101", "2241", "101101")),
            ("借方本币金额", "money", lambda r, i: v.amount(r, 5000)),
            ("贷方本币金额", "money", lambda r, i: v.amount(r, 5000)),
            ("附件数", "integer", v.whole(0, 9)),
            ("制单人", "person_name", plain(v.name)),
        ),
        options={"record": "记账凭证"},
    ),
)
