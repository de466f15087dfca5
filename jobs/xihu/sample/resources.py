"""The files that the departments send: names, columns, formats, habits. One entry per resource; the rows come from `extracts`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Column = tuple[str, str, str]  # field, header, kind


@dataclass(frozen=True)
class Resource:
    """How one department writes one extract.

    `kind` of a column: id (citizen id), name, date, month, money, int, code, text, division, uscc, year. `day`/`clock`: when it arrives in
    the month after. `repair`/`refuse`: share of rows with dirt that a careful reader can mend, and of rows it has to refuse.
    """

    name: str
    title: str
    format: Literal["csv", "xlsx", "fixed"]
    columns: tuple[Column, ...]
    day: int
    clock: str = "091500"
    encoding: str = "gb18030"
    per_district: bool = False
    sheets: Literal["district", "single"] = "single"
    date_form: str = "%Y%m%d"
    month_form: str = "%Y%m"
    repair: float = 0.007
    refuse: float = 0.003
    thousands: bool = False
    guard: bool = False

    @property
    def dept(self) -> str:
        """Folder of the sender."""
        return self.name.split("__")[0]

    @property
    def fields(self) -> list[str]:
        """Field names in the order of the columns."""
        return [c[0] for c in self.columns]

    def at(self, field: str) -> int:
        """Position of a field."""
        return self.fields.index(field)


def _columns(text: str) -> tuple[Column, ...]:
    out = []
    for part in text.split(","):
        field, header, kind = part.strip().split(" ")
        out.append((field, header, kind))
    return tuple(out)


RESOURCES: dict[str, Resource] = {
    r.name: r
    for r in (
        Resource(
            "ga__household_register", "户籍人口", "csv",
            _columns("""
                id_no 公民身份号码 id, name 姓名 name, sex 性别 code, birth_date 出生日期 date, ethnic 民族 code,
                household_no 户号 text, relation 与户主关系 code, marital 婚姻状况 code, education 文化程度 code,
                district 户籍区县 division, street 街道 text, address 住址 text, hukou_type 户口性质 code,
                status 户籍状态 code, status_date 状态日期 date, registered_on 登记日期 date, moved_on 市内迁移日期 date,
                stat_date 统计日期 date"""),
            day=2, per_district=True,
        ),
        Resource(
            "ga__floating_population", "流动人口", "csv",
            _columns("""
                id_no 证件号码 id, name 姓名 name, sex 性别 code, birth_date 出生日期 date, origin 户籍地址 text,
                district 居住区县 division, street 居住街道 text, arrived_on 来杭日期 date, permit_no 居住证号 text,
                valid_until 居住证有效期 date, stat_date 统计日期 date"""),
            day=2, clock="143000", encoding="gbk", date_form="%Y-%m-%d", guard=True,
        ),
        Resource(
            "wj__birth_certificate", "出生医学证明", "csv",
            _columns("""
                certificate_no 出生证编号 text, child_name 新生儿姓名 name, sex 性别 code, birth_date 出生日期 date,
                child_id 新生儿身份证号 id, mother_name 母亲姓名 name, mother_id 母亲身份证号 id,
                father_name 父亲姓名 name, father_id 父亲身份证号 id, hospital 接生机构 text, weight 出生体重 int,
                district 区县 division"""),
            day=3, date_form="%Y-%m-%d", repair=0.04, refuse=0.05,
        ),
        Resource(
            "wj__death_certificate", "死亡医学证明", "csv",
            _columns("""
                certificate_no 证书编号 text, name 姓名 name, id_no 身份证号 id, sex 性别 code,
                birth_date 出生日期 date, death_date 死亡日期 date, cause 根本死因 text, place 死亡地点 text,
                district 户籍区县 division"""),
            day=3, clock="103000", date_form="%Y-%m-%d", repair=0.01, refuse=0.002,
        ),
        Resource(
            "mz__cremation", "殡葬火化", "xlsx",
            _columns("""
                seq 序号 int, name 逝者/姓名 name, id_no 逝者/身份证号 id, sex 逝者/性别 code,
                death_date 死亡日期 date, cremated_on 火化日期 date, home 殡仪馆 text, district 户籍区县 division"""),
            day=5, date_form="%Y-%m-%d", repair=0.01, refuse=0.002,
        ),
        Resource(
            "mz__elderly_allowance", "高龄津贴发放", "xlsx",
            _columns("""
                seq 序号 int, name 姓名 name, id_no 身份证号 id, age 年龄 int, standard 发放金额/标准 money,
                arrears 发放金额/补发 money, amount 发放金额/合计 money, month 发放月份 month, note 备注 text"""),
            day=5, clock="160500", sheets="district", month_form="%Y年%m月", repair=0.012, refuse=0.0015, thousands=True,
        ),
        Resource(
            "mz__dibao_family", "低保家庭", "xlsx",
            _columns("""
                seq 序号 int, family_no 家庭编号 text, head_name 户主姓名 name, head_id 户主身份证号 id,
                members 保障人数/合计 int, men 保障人数/男 int, women 保障人数/女 int, amount 月保障金额 money,
                month 保障月份 month, approved_on 审批日期 date"""),
            day=5, clock="161500", sheets="district", date_form="%Y-%m-%d", month_form="%Y年%m月",
            repair=0.03, refuse=0.03, thousands=True,
        ),
        Resource(
            "mz__dibao_member", "低保对象", "csv",
            _columns("""
                family_no 家庭编号 text, name 姓名 name, id_no 身份证号 id, relation 与户主关系 code,
                since 享受起始月 month, month 保障月份 month, district 区县 division"""),
            day=5, clock="162000", encoding="gbk", month_form="%Y-%m",
        ),
        Resource(
            "mz__disability_nursing", "重残护理补贴", "csv",
            _columns("""
                name 姓名 name, id_no 身份证号 id, grade 残疾等级 code, amount 补贴金额 money, month 发放月份 month,
                district 区县 division"""),
            day=5, clock="162500", month_form="%Y%m", refuse=0.002,
        ),
        Resource(
            "mz__refusal", "放弃待遇声明", "csv",
            _columns("""
                statement_no 声明编号 text, name 姓名 name, id_no 身份证号 id, programme 待遇项目 code,
                signed_on 签署日期 date, district 区县 division"""),
            day=6, date_form="%Y-%m-%d", repair=0.01, refuse=0.002,
        ),
        Resource(
            "mz__veteran_support", "优抚对象", "csv",
            _columns("""
                name 姓名 name, id_no 身份证号 id, category 优抚类别 text, since 享受起始 date,
                amount 月定补金额 money, district 区县 division, stat_date 统计日期 date"""),
            day=6, clock="093500", date_form="%Y/%m/%d", refuse=0.002,
        ),
        Resource(
            "mz__marriage", "婚姻登记", "csv",
            _columns("""
                register_no 登记号 text, man_name 男方姓名 name, man_id 男方身份证号 id, woman_name 女方姓名 name,
                woman_id 女方身份证号 id, registered_on 登记日期 date, district 登记机关 division"""),
            day=6, clock="094000", date_form="%Y-%m-%d", repair=0.02, refuse=0.02,
        ),
        Resource(
            "lgb__retired_cadre", "离休干部及建国前老工人", "csv",
            _columns("""
                name 姓名 name, id_no 身份证号 id, category 类别 text, since 享受起始 date, amount 月待遇金额 money,
                unit 原单位 text, district 区县 division, stat_date 统计日期 date"""),
            day=4, clock="110000", date_form="%Y.%m.%d", thousands=True, refuse=0.002,
        ),
        Resource(
            "rs__insurance_register", "参保登记", "csv",
            _columns("""
                id_no 社会保障号码 id, name 姓名 name, scheme 险种 code, employer 单位统一社会信用代码 uscc,
                status 参保状态 code, start_date 参保日期 date, end_date 终止日期 date, base 缴费基数 money,
                district 参保区县 division, stat_date 统计日期 date"""),
            day=4, refuse=0.002,
        ),
        Resource(
            "rs__resident_contribution", "城乡居民养老缴费", "csv",
            _columns("""
                receipt_no 缴费流水号 text, name 姓名 name, id_no 身份证号 id, year 缴费年度 year,
                level 缴费档次 money, amount 缴费金额 money, paid_on 到账日期 date, district 区县 division"""),
            day=4, clock="093000", refuse=0.001,
        ),
        Resource(
            "rs__resident_pension", "城乡居民养老待遇", "fixed",
            _columns("""
                batch 批次号 text, id_no 身份证号 id, name 姓名 name, month 发放月份 month, amount 实发金额 money,
                account 银行账号 text, district 区县 division"""),
            day=4, clock="100500", repair=0.001, refuse=0.0006,
        ),
        Resource(
            "rs__employee_pension", "职工养老金", "fixed",
            _columns("""
                batch 批次号 text, id_no 身份证号 id, name 姓名 name, month 发放月份 month, amount 实发金额 money,
                account 银行账号 text, district 区县 division"""),
            day=4, clock="101500", repair=0.001, refuse=0.0006,
        ),
        Resource(
            "rs__employment", "就业登记", "csv",
            _columns("""
                id_no 身份证号 id, name 姓名 name, employer 单位统一社会信用代码 uscc, employer_name 单位名称 text,
                status 就业状态 code, hired_on 就业日期 date, left_on 离职日期 date, district 就业区县 division,
                stat_date 统计日期 date"""),
            day=4, clock="102500", date_form="%Y-%m-%d",
        ),
        Resource(
            "rs__insured_elsewhere", "异地参保", "csv",
            _columns("""
                id_no 身份证号 id, name 姓名 name, scheme 险种 code, province 参保省份 text, city 参保地市 text,
                start_date 参保日期 date, end_date 终止日期 date, district 户籍区县 division,
                stat_date 统计日期 date"""),
            day=4, clock="103500", refuse=0.002,
        ),
        Resource(
            "yb__medical_register", "医疗保险参保", "csv",
            _columns("""
                person_no 人员编号 text, id_no 身份证号 id, name 姓名 name, sex 性别 code, scheme 险种 code,
                status 参保状态 code, start_date 参保日期 date, end_date 终止日期 date, district 参保区县 division,
                stat_date 统计日期 date"""),
            day=4, clock="134500", encoding="gb18030",
        ),
        Resource(
            "cl__disability_certificate", "残疾人证", "csv",
            _columns("""
                op 操作标志 code, certificate_no 残疾人证号 text, name 姓名 name, id_no 身份证号 id,
                category 残疾类别 code, grade 残疾等级 code, issued_on 发证日期 date, status 证件状态 code,
                district 户籍区县 division"""),
            day=6, clock="101000", date_form="%Y-%m-%d", repair=0.015, refuse=0.02,
        ),
        Resource(
            "jy__school_roll", "学籍", "csv",
            _columns("""
                student_no 学籍号 text, name 姓名 name, id_no 身份证号 id, sex 性别 code, school 学校名称 text,
                stage 学段 code, enrolled_on 入学日期 date, left_on 离校日期 date, status 学籍状态 code,
                guardian_name 监护人姓名 name, guardian_id 监护人身份证号 id, district 学校区县 division,
                stat_date 统计日期 date"""),
            day=6, clock="150000", date_form="%Y-%m-%d",
        ),
        Resource(
            "sc__enterprise", "企业登记", "csv",
            _columns("""
                uscc 统一社会信用代码 uscc, name 企业名称 text, kind 企业类型 code, representative 法定代表人 name,
                established 成立日期 date, capital 注册资本 money, status 登记状态 code, district 住所区县 division,
                stat_date 统计日期 date"""),
            day=2, clock="101500", encoding="gbk", date_form="%Y-%m-%d", thousands=True,
        ),
        Resource(
            "tj__population_report", "人口统计月报", "xlsx",
            _columns("""
                area 地区 division, households 户籍户数 int, total 户籍人口/合计 int, men 户籍人口/男 int,
                women 户籍人口/女 int, elderly 户籍人口/60周岁及以上 int, floating 登记流动人口 int,
                month 统计月份 month"""),
            day=10, month_form="%Y年%m月", repair=0.0, refuse=0.0, thousands=True,
        ),
    )
}  # fmt: skip
