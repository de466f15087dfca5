"""Extracts of departments with known types, one of each kind that the domain's list of formats names (F1–F11).

A column is (title, type, maker). Types follow the catalogue's habits: identifiers, document numbers and codes without a list are text;
counts integer; measured values number; amounts money; values of a list in conf/codes code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import values as v
from values import Make, plain

Column = tuple[str, str, Make]


@dataclass(frozen=True)
class Extract:
    """One file to be made. `link` makes columns agree with one another: it changes the row of a record in place."""

    name: str
    kind: str
    columns: tuple[Column, ...]
    rows: int = 120
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def titles(self) -> list[str]:
        return [c[0] for c in self.columns]

    @property
    def types(self) -> list[str]:
        return [c[1] for c in self.columns]

    def table(self, seed: int) -> list[list[str]]:
        """The records, the same for the same seed."""
        r = Random(f"{self.name}/{seed}")
        return [_agree(self.columns, [make(r, i) for _, _, make in self.columns]) for i in range(self.rows)]


def _agree(columns: tuple[Column, ...], row: list[str]) -> list[str]:
    """Sex and birth of the record's first citizen id."""
    ids = [i for i, c in enumerate(columns) if c[1] == "citizen_id" and len(row[i]) == 18]
    if ids:
        odd = row[ids[0]][16] in "13579"
        for i, (title, kind, _) in enumerate(columns):
            if kind == "code" and title in ("性别", "XB", "sex", "gender"):
                row[i] = {"男": "男女", "女": "男女", "1": "12", "2": "12"}.get(row[i], row[i] * 2)[0 if odd else 1] if row[i] else ""
            elif title in ("出生日期", "CSRQ", "birthday") and row[i]:
                born = row[ids[0]][6:14]
                row[i] = born if row[i].isdigit() else f"{born[:4]}-{born[4:6]}-{born[6:]}"
    return row


SEX = ("性别", "code", v.pick("男", "女"))
ID = ("身份证号码", "citizen_id", plain(v.citizen))
NAME = ("姓名", "person_name", plain(v.name))
PHONE = ("联系电话", "phone", plain(v.mobile))
DISTRICT = ("所在区县", "division", v.pick(*v.DISTRICTS.values()))


def _number(prefix: str, width: int) -> Make:
    return lambda r, i: f"{prefix}{r.randrange(10**width):0{width}d}"


def _serial(prefix: str, width: int) -> Make:
    return lambda r, i: f"{prefix}{i + 1:0{width}d}"


def _place(base: float, spread: float, scale: int = 0) -> Make:
    return lambda r, i: str(round(r.gauss(base, spread) * 10**scale)) if scale else f"{r.gauss(base, spread):.6f}"


SENTENCES = ("小区路灯不亮，夜间出行不便", "反映楼上漏水，物业未处理", "咨询居住证办理条件", "垃圾清运不及时，气味较大", "路面破损，请尽快修复", "公交班次过少")
NOTE = ("备注", "text", v.some(v.pick(*SENTENCES), 0.6))

EXTRACTS: tuple[Extract, ...] = (
    # F1: text tables in GB18030
    Extract("hotline", "csv", (
        ("工单编号", "text", _serial("HZ2016", 8)), ("来电时间", "datetime", v.timed()), ("渠道", "text", v.pick("电话", "微信", "网站")),
        ("诉求类型", "text", v.pick("咨询", "投诉", "求助", "举报", "建议")), ("内容", "text", v.pick(*SENTENCES)),
        ("来电人", "person_name", plain(v.name)), ("来电号码", "phone", plain(v.mobile)), ("事发区", "division", v.pick(*v.DISTRICTS.values())),
        ("承办单位", "text", v.pick("市城管委", "市建委", "西湖区政府", "市人力社保局")), ("派单时间", "datetime", v.timed("%Y/%m/%d %H:%M")),
        ("办结时间", "datetime", v.some(v.timed("%Y/%m/%d %H:%M"), 0.2)), ("是否满意", "boolean", v.pick("是", "否")),
        ("是否重复", "boolean", v.pick("是", "否", weights=(1, 9))), ("重复次数", "integer", v.whole(0, 6)))),
    Extract("rent_support", "csv", (
        ("序号", "integer", _serial("", 0)), ("申请人", "person_name", plain(v.name)), ID, ("家庭人口数", "integer", v.whole(1, 6)),
        ("人均年收入(元)", "money", lambda r, i: v.amount(r, 20000)), ("月补贴额(元)", "money", lambda r, i: f"{r.randrange(10, 90) * 10}.00"),
        ("租赁地址", "text", plain(v.address)), ("区", "division", v.pick(*v.DISTRICTS.values())), ("发放年月", "month", v.formed("%Y%m")),
        ("开户行", "text", v.pick("杭州银行", "中国工商银行", "农业银行")), ("银行卡号", "text", plain(v.card)), PHONE),
        options={"guard": "\t"}),
    Extract("traffic_offence", "csv", (
        ("车牌号", "text", plain(v.plate)), ("车架号", "text", plain(v.vin)), ("违法代码", "text", v.pick("1039", "1344", "1208", "1625")),
        ("违法时间", "datetime", v.timed()), ("地点", "text", plain(v.address)), ("罚款金额", "money", v.pick("50", "100", "150", "200", "500")),
        ("记分", "integer", v.pick("0", "1", "2", "3", "6", "12")), ("驾驶人", "person_name", plain(v.name)),
        ("驾驶证号", "citizen_id", plain(v.citizen)), ("处理日期", "date", v.some(v.formed("%Y-%m-%d"), 0.3)))),
    Extract("lift", "csv", (
        ("注册代码", "text", _number("31103301", 12)), ("使用单位", "text", plain(v.company)), ("单位信用代码", "uscc", plain(v.uscc)),
        ("设备地址", "text", plain(v.address)), ("层站数", "integer", v.whole(3, 33)), ("额定速度(m/s)", "number", v.pick("1.0", "1.5", "1.75", "2.5")),
        ("检验日期", "date", v.formed("%Y.%m.%d")), ("下次检验日期", "date", v.formed("%Y.%m.%d", 2016, 2018)),
        ("困人次数", "integer", v.whole(0, 5)), ("行政区划代码", "division", v.pick(*v.DISTRICTS)))),
    Extract("disclosure_en", "csv", (
        ("permit_no", "text", _number("P", 7)), ("company_name", "text", plain(v.company)), ("uscc", "uscc", plain(v.uscc)),
        ("legal_person", "person_name", plain(v.name)), ("issued_on", "date", v.formed("%Y-%m-%d")), ("valid_until", "date", v.formed("%Y-%m-%d", 2016, 2021)),
        ("district_code", "division", v.pick(*v.DISTRICTS)), ("registered_capital", "money", lambda r, i: v.amount(r, 500)),
        ("employees", "integer", v.counted(30)), ("remark", "text", v.some(v.pick(*SENTENCES), 0.7))), options={"encoding": "utf-8-sig"}),
    Extract("pinyin_register", "csv", (
        ("XH", "integer", _serial("", 0)), ("XM", "person_name", plain(v.name)), ("XB", "code", v.pick("1", "2")), ("SFZH", "citizen_id", plain(v.citizen)),
        ("CSRQ", "date", v.formed("%Y%m%d")), ("MZ", "code", v.pick("01", "01", "01", "22", "15", "08")), ("WHCD", "code", v.pick("21", "31", "61", "71", "81")),
        ("HYZK", "code", v.pick("10", "20", "30", "40")), ("LXDH", "phone", plain(v.mobile)), ("ZZ", "text", plain(v.address)),
        ("DWMC", "text", plain(v.company)), ("CJSJ", "datetime", v.timed()), ("BZ", "text", v.some(v.pick(*SENTENCES), 0.5)))),
    Extract("taxi_track", "csv", (  # F9
        ("车牌", "text", plain(v.plate)), ("定位时间", "datetime", v.timed()), ("经度", "number", _place(120.15, 0.05, 6)),
        ("纬度", "number", _place(30.27, 0.05, 6)), ("速度", "number", v.decimal(0, 80, 1)), ("方向", "integer", v.whole(0, 359)),
        ("载客状态", "text", v.pick("空车", "重车"))), options={"encoding": "utf-8"}),
    Extract("bus_card", "csv", (  # F9
        ("卡号", "text", _number("A0", 8)), ("线路", "text", v.pick("7路", "27路", "B1", "地铁1号线")), ("刷卡时间", "datetime", lambda r, i: v.moment(r).strftime("%y%m%d%H%M%S")),
        ("金额", "money", v.pick("1.80", "2.00", "1.00", "0.00")), ("终端号", "text", _number("", 8)), ("lng", "number", _place(120.15, 0.05)), ("lat", "number", _place(30.27, 0.05)))),
    Extract("case_tab", "csv", (
        ("案卷号", "text", _serial("CG201612", 6)), ("大类", "text", v.pick("公用设施", "道路交通", "市容环境", "园林绿化")), ("小类", "text", v.pick("井盖", "路灯", "垃圾箱", "行道树", "占道经营")),
        ("上报时间", "datetime", v.timed("%Y-%m-%d %H:%M")), ("立案时间", "datetime", v.timed("%Y-%m-%d %H:%M")), ("结案时间", "datetime", v.some(v.timed("%Y-%m-%d %H:%M"), 0.1)),
        ("责任单位", "text", v.pick("城管局", "市政公司", "街道办")), ("街道", "text", v.pick(*v.STREETS)), ("返工次数", "integer", v.whole(0, 3)), ("处置费用", "money", lambda r, i: v.amount(r, 300))),
        options={"delimiter": "\t"}),
    # F2: reports
    Extract("aid_report", "xlsx", (
        ("序号", "integer", _serial("", 0)), ("困难家庭/户主", "person_name", plain(v.name)), ("困难家庭/身份证号", "citizen_id", plain(v.citizen)),
        ("救助人数/合计", "integer", v.whole(1, 6)), ("救助人数/其中儿童", "integer", v.whole(0, 3)), ("救助金额", "money", lambda r, i: f"{r.randrange(5, 80) * 100}"),
        ("审批日期", "date", v.formed("%Y年%m月%d日")), ("联系电话", "phone", plain(v.mobile)), ("备注", "text", v.some(v.pick(*SENTENCES), 0.8))),
        rows=60, options={"title": ["杭州市临时救助发放表", "单位：元        填报日期：2016年12月5日"], "sheets": ["西湖区", "上城区", "桐庐县"]}),
    Extract("fiscal_monthly", "xlsx", (
        ("地区", "division", lambda r, i: list(v.DISTRICTS.values())[i % 13]), ("一般公共预算收入/本月", "money", v.decimal(2000, 90000, 2)), ("一般公共预算收入/累计", "money", v.decimal(20000, 900000, 2)),
        ("一般公共预算收入/同比增长%", "number", v.decimal(-5, 20, 1)), ("税收占比", "number", v.decimal(60, 95, 1)), ("一般公共预算支出", "money", v.decimal(2000, 90000, 2))),
        rows=13, options={"title": ["财政收支情况", "单位：万元"]}),
    Extract("institutions", "xlsx", (
        ("机构名称", "text", lambda r, i: f"{r.choice(v.GIVEN)}{r.choice(v.GIVEN)}养老院"), ("统一社会信用代码", "uscc", plain(v.uscc)), ("法定代表人", "person_name", plain(v.name)),
        ("区、县(市)", "division", v.pick(*v.DISTRICTS.values())), ("核定床位数", "integer", v.counted(120)), ("入住人数", "integer", v.counted(80)), ("护理型床位占比", "number", v.decimal(0.1, 0.9, 3)),
        ("星级", "text", v.pick("一星", "二星", "三星", "四星")), ("成立时间", "date", v.formed("%Y-%m-%d", 1990, 2015)), ("电话", "phone", lambda r, i: f"0571-8{r.randrange(10**7):07d}")),
        rows=80, options={"title": ["养老机构一览表"]}),
    Extract("projects", "xlsx", (
        ("项目代码", "text", lambda r, i: f"{r.randrange(2014, 2017)}-330106-{r.randrange(10, 99)}-03-{r.randrange(10**6):06d}"), ("项目名称", "text", lambda r, i: f"{v.company(r)}厂房{i}期"),
        ("建设单位代码", "uscc", plain(v.uscc)), ("合同价（万元）", "money", lambda r, i: f"{r.lognormvariate(7, 1):.4f}"), ("开工日期", "date", v.formed("%Y/%m/%d")),
        ("竣工日期", "date", v.some(v.formed("%Y/%m/%d", 2016, 2018), 0.4)), ("建筑面积（㎡）", "number", v.decimal(800, 90000, 2)), ("形象进度%", "number", v.decimal(0, 100, 1)))),
    Extract("vitals_xls", "xls", (
        ("年份", "year", lambda r, i: str(1990 + i // 13)), ("区县", "division", lambda r, i: list(v.DISTRICTS.values())[i % 13]), ("出生人数", "integer", v.counted(3000)), ("死亡人数", "integer", v.counted(2500)),
        ("出生率‰", "number", v.decimal(6, 14, 2)), ("死亡率‰", "number", v.decimal(4, 9, 2))), rows=104),
    Extract("teachers_xls", "xls", (
        NAME, SEX, ID, ("学校", "text", v.pick("文三街小学", "学军小学", "胜利小学", "杭州第十四中学")), ("学科", "text", v.pick("语文", "数学", "英语", "科学")), ("学历", "code", v.pick("大学本科毕业", "大学专科毕业", "硕士研究生毕业")),
        ("工龄", "integer", v.whole(0, 40)), ("入职日期", "date", v.formed("%Y-%m-%d", 1985, 2016)), PHONE), options={"title": ["教师花名册"]}),
    # F3: batches of fixed width: (title, type, maker) and bytes
    Extract("housing_fund", "fixed", (
        ("业务流水", "text", _serial("GJJ", 9)), ("身份证", "citizen_id", plain(v.citizen)), ("姓名", "person_name", plain(v.name)), ("缴存月份", "month", v.formed("%Y%m")),
        ("月缴存额", "money", lambda r, i: f"{r.randrange(30000, 500000):012d}"), ("经办日期", "date", v.formed("%Y%m%d"))),
        options={"widths": [12, 18, 20, 6, 12, 8], "marks": True}),
    Extract("subsidy_batch", "fixed", (
        ("卡号", "text", plain(v.card)), ("户名", "person_name", plain(v.name)), ("金额", "money", lambda r, i: f"{r.randrange(1000, 900000):013d}"), ("币种", "text", v.pick("CNY")),
        ("日期", "date", v.formed("%Y%m%d", 2016, 2016)), ("摘要", "text", v.pick("农机补贴", "种粮补贴", "良种补贴", "退耕还林")), ("区划", "division", v.pick(*v.DISTRICTS))),
        options={"widths": [19, 20, 13, 3, 8, 20, 6], "marks": False}),
    # F4: dumps without a header
    Extract("insured_dump", "delimited", (
        ("人员", "text", _number("", 10)), ("证件", "citizen_id", plain(v.citizen)), ("单位", "uscc", plain(v.uscc)), ("险种", "text", v.pick("310", "110", "510", "410")), ("状态", "text", v.pick("1", "2", "4")),
        ("开始", "date", v.formed("%Y%m%d")), ("结束", "date", v.some(v.formed("%Y%m%d"), 0.7, "\\N")), ("基数", "money", lambda r, i: v.amount(r, 5000)), ("经办", "datetime", v.timed())), options={"delimiter": "|@|"}),
    Extract("house_sale_dump", "delimited", (
        ("合同号", "text", _serial("2016预", 7)), ("买方", "person_name", plain(v.name)), ("证件", "citizen_id", plain(v.citizen)), ("面积", "number", v.decimal(40, 180, 2)), ("总价", "money", lambda r, i: f"{r.randrange(60, 900)}{r.randrange(10**4):04d}.00"),
        ("坐落", "text", plain(v.address)), ("签约", "date", v.formed("%Y-%m-%d")), ("区", "division", v.pick(*v.DISTRICTS))), options={"delimiter": "\x01"}),
    Extract("meter_dump", "delimited", (
        ("表号", "text", _number("33", 10)), ("时刻", "datetime", v.timed()), ("压力", "number", v.decimal(0.2, 0.6, 3)), ("流量", "number", v.decimal(0, 900, 2)), ("状态", "text", v.pick("N", "D", "F", weights=(96, 3, 1))), ("累计", "integer", v.counted(100000))), options={"delimiter": "|"}),
    # F5: messages
    Extract("birth_xml", "xml", (
        ("证书编号", "text", _number("R3301", 6)), ("新生儿姓名", "person_name", plain(v.name)), ("性别", "code", v.pick("男", "女")), ("出生时间", "datetime", v.timed("%Y-%m-%dT%H:%M:%S")), ("出生体重", "integer", v.whole(2400, 4300)),
        ("母亲身份证号", "citizen_id", plain(v.citizen)), ("母亲姓名", "person_name", plain(v.name)), ("民族", "code", v.pick("汉", "汉", "汉", "畲", "回")), ("机构代码", "text", v.pick("47010001X", "470100028", "470100036")), ("签发日期", "date", v.formed("%Y-%m-%d"))),
        options={"declared": "GB2312", "record": "出生证"}),
    Extract("licence_xml", "xml", (
        ("ZZBH", "text", _number("ZZ", 10)), ("CZZT", "text", plain(v.company)), ("CZZTDM", "uscc", plain(v.uscc)), ("FZJG", "text", v.pick("杭州市市场监督管理局", "西湖区市场监督管理局")), ("FZRQ", "date", v.formed("%Y%m%d")), ("YXQZ", "date", v.formed("%Y%m%d", 2017, 2030)),
        ("XZQH", "division", v.pick(*v.DISTRICTS)), ("ZT", "code", v.pick("有效", "注销"))), options={"declared": "UTF-8", "record": "ROW", "body": True}),
    # F6: interfaces
    Extract("emergency_json", "json", (
        ("eventId", "text", _serial("EV", 8)), ("eventType", "text", v.pick("自然灾害", "事故灾难", "公共卫生", "社会安全")), ("level", "text", v.pick("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ")), ("occurTime", "datetime", lambda r, i: str(int(v.moment(r).timestamp()) * 1000)),
        ("reportTime", "datetime", lambda r, i: str(int(v.moment(r).timestamp()) * 1000)), ("longitude", "number", _place(120.15, 0.05)), ("latitude", "number", _place(30.27, 0.05)), ("deaths", "integer", v.whole(0, 3)), ("loss", "money", lambda r, i: v.amount(r, 80)), ("handler", "person_name", v.some(plain(v.name), 0.2, "null"))),
        options={"string": True, "bare": {"longitude", "latitude", "deaths", "loss", "occurTime", "reportTime"}}),
    Extract("service_json", "json", (
        ("projid", "text", _number("330106", 14)), ("itemCode", "text", v.pick("许可-00123-000", "确认-00456-001", "给付-00789-000")), ("applicantName", "person_name", plain(v.name)), ("applicantId", "citizen_id", plain(v.citizen)), ("mobile", "phone", plain(v.mobile)),
        ("acceptTime", "datetime", v.timed()), ("finishTime", "datetime", v.some(v.timed(), 0.1)), ("online", "boolean", v.pick("true", "false")), ("star", "integer", v.pick("1", "2", "3", "4", "5", weights=(1, 1, 2, 6, 20))), ("areaCode", "division", v.pick(*v.DISTRICTS))),
        options={"string": False, "bare": {"online", "star"}}),
    # F7: dBase
    Extract("death_dbf", "dbf", (
        ("XM", "person_name", plain(v.name)), ("SFZH", "citizen_id", plain(v.citizen)), ("XB", "code", v.pick("1", "2")), ("SWRQ", "date", v.formed("%Y%m%d")), ("ICD", "text", v.pick("I21.900", "C34.900", "J44.100", "I63.900")), ("SWDD", "text", v.pick("医院", "家中", "途中")), ("NL", "integer", v.whole(40, 99))),
        options={"kinds": "CCCDCCN", "widths": [20, 18, 1, 8, 10, 10, 3]}),
    Extract("roll_dbf", "dbf", (
        ("学籍号", "text", lambda r, i: "G" + v.citizen(r, (2000, 2010))), ("姓名", "person_name", plain(v.name)), ("身份证", "citizen_id", lambda r, i: v.citizen(r, (2000, 2010))), ("学校码", "text", _number("2133", 6)), ("年级", "integer", v.whole(1, 9)), ("班", "integer", v.whole(1, 12)), ("入学日期", "date", v.formed("%Y%m%d", 2008, 2016)), ("学费", "money", v.pick("0.00", "350.00", "1200.00"))),
        options={"kinds": "CCCCNNDN", "widths": [19, 20, 18, 10, 2, 2, 8, 10], "decimals": {7: 2}}),
    # F8: telegrams have their own words
    Extract("outlet", "hj212", (
        ("MN", "text", v.pick("33010600001122", "33010600001123")), ("CN", "text", v.pick("2051")), ("ST", "text", v.pick("32")), ("DataTime", "datetime", v.timed("%Y%m%d%H%M%S")), ("factor", "text", v.pick("w01018", "w21003", "w00000")),
        ("Avg", "number", v.decimal(1, 90, 2)), ("Min", "number", v.decimal(0, 1, 3)), ("Max", "number", v.decimal(90, 120, 1)), ("Flag", "text", v.pick("N", "N", "N", "D", "F")))),
    # F10: maps
    Extract("parks_geojson", "geojson", (
        ("名称", "text", lambda r, i: f"{r.choice(v.GIVEN)}{r.choice(v.GIVEN)}公园"), ("面积", "number", v.decimal(0.5, 60, 2)), ("区县", "division", v.pick(*v.DISTRICTS.values())), ("建成年份", "year", v.whole(1980, 2016)), ("免费", "boolean", v.pick("true", "false")), ("编号", "text", _serial("GY", 4)), ("geometry", "geometry", v.pick("")))),
    Extract("manholes_shp", "shapefile", (
        ("BH", "text", _serial("JG", 6)), ("QSDW", "text", v.pick("市水务集团", "杭州电信", "国网杭州")), ("XZQDM", "division", v.pick(*v.DISTRICTS)), ("JD", "number", v.decimal(0.5, 6, 2)), ("AZRQ", "date", v.formed("%Y%m%d")), ("SL", "integer", v.counted(4)), ("geometry", "geometry", v.pick(""))),
        options={"kinds": "CCCNDN", "widths": [10, 30, 6, 8, 8, 6], "decimals": {3: 2}}),
    # F11: accounts
    Extract("vouchers", "accounting", (
        ("会计年度", "year", v.pick("2016")), ("会计期间号", "text", v.pick("1", "2", "11", "12")), ("记账凭证编号", "text", _serial("", 4)), ("记账凭证日期", "date", v.formed("%Y%m%d", 2016, 2016)), ("记账凭证摘要", "text", v.pick("支付办公费", "拨付补助", "计提工资")), ("科目编号", "text", v.pick("1002", "500101", "2241", "101101")),
        ("借方本币金额", "money", lambda r, i: v.amount(r, 5000)), ("贷方本币金额", "money", lambda r, i: v.amount(r, 5000)), ("附件数", "integer", v.whole(0, 9)), ("制单人", "person_name", plain(v.name))), options={"record": "记账凭证"}),
)  # fmt: skip
BY_NAME = {e.name: e for e in EXTRACTS}
