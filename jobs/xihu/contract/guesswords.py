"""What the words of a column's title hint at: Chinese names, initials of their pinyin as old systems use them, English.

A hint only tips the scale between types that the values allow; the values come first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from xihu.standards import text


class Hint(NamedTuple):
    """What a title says: the likely type, an English name for the field, a code list, what of a person it tells."""

    type: str | None
    name: str
    codes: str | None = None
    pii: str | None = None


def _words(table: str) -> dict[str, Hint]:
    """Lines of `type name codes pii: words`, `-` for none."""
    out: dict[str, Hint] = {}
    for line in table.strip().splitlines():
        head, _, words = line.partition(":")
        kind, name, codes, pii = (None if w == "-" else w for w in head.split())
        out |= dict.fromkeys(words.split(), Hint(kind, name or "", codes, pii))
    return out


# The head of a Chinese compound stands last: of the words found, the one that ends last counts, then the longest.
_CHINESE = _words("""
citizen_id id_no - -: 身份证 身份证号 身份证号码 身份证件号码 公民身份号码 社会保障号码 社会保障号 证件号码 证件号 驾驶证号 公民身份证号
uscc uscc - -: 统一社会信用代码 信用代码 社会信用代码 统一代码 统一信用代码
person_name name - -: 姓名 名字 户名
person_name person - -: 户主 法定代表人 法人代表 负责人 联系人 经办人 申请人 来电人 投诉人 驾驶人 监护人 制单人 审核人 记账人 出纳 受理人
person_name person - -: 填报人 填表人 值班员 监督员 医生 教师 医师 校长 班主任 车主 权利人 产权人 买方 卖方 收款人 付款人 持证人 被保险人
person_name person - -: 参保人 患者 老人 检查人 处理人 承办人
phone phone - -: 电话 手机 手机号 手机号码 联系电话 联系方式 电话号码 来电号码 主叫号码 固话 座机 热线
text address - -: 地址 住址 坐落 座落 位置 地点 住所 籍贯 户籍地 详细地址
division district - -: 区县 区划 行政区划 行政区 行政区划代码 所属区 所在区 事发区 区、县 区县名称 所属区县 地区 辖区 登记机关 区域 区
text street - -: 街道 乡镇 镇街 街镇
text community - -: 社区 村 居委会 小区 网格
month month - -: 月份 年月 所属期 费款所属期 账期 统计月 缴费月 起始月 发放月 保障月
year year - -: 年度 年份 学年 会计年度 所属年度 年
date date - -: 日期 日 出生年月 生日 有效期 有效期至 期限 截止 时效 出生日期
datetime at - -: 时间 时刻 时点 采集时间 更新时间
money amount - -: 财产 资产 负债 限价 标的额 金额 金 费 费用 款 款项 工资 薪 补贴 补助 津贴 收入 支出 余额 单价 总价 价 价格 房价 合同价
money amount - -: 造价 投资 投资额 税额 税 罚款 资本 注册资本 资金 基数 缴费基数 标准 借方 贷方 发生额 档次 营业额 产值 损失 养老金 保障金
money amount - -: 出口 进口 增加值 总值 生产总值 救助金 预算 决算 报销 自付 统筹支付 结余 租金 奖金 应发 实发 缴费 补发 额
integer persons - -: 受伤 死亡 伤亡 重伤 轻伤 失踪 受灾
integer persons - -: 人数 人次 人口 户数 人口数 家庭人口 成员数 男 女 儿童 户籍人口 常住人口 老年人口 流动人口
integer count - -: 数量 次数 个数 件数 辆数 床位 床位数 套数 起数 张数 页数 层数 层站数 数 天数 笔数 记分 库存 附件数 班级数
integer age - -: 年龄 工龄 周岁 岁数
integer seq - -: 序号 行号 项次 顺序号
number rate - -: 进度 率 比 占比 比例 比重 同比 环比 增长 增幅 % ‰ 百分比 系数 指数
number value - -: 面积 长度 宽度 高度 深度 速度 车速 温度 气温 湿度 水位 雨量 降水 流量 压力 浓度 重量 质量 体积 里程 排放量 用电量 用水量
number value - -: 能耗 电量 水量 数值 监测值 实测值 测量值 方向角 风速 得分 分值 评分 评估分 均值 限值 PM2.5 PM10 SO2 NO2
number lon - -: 经度
number lat - -: 纬度
text plate - -: 车牌 车牌号 号牌 车牌号码 号牌号码
text number - -: 科目 科目编码 编号 编码 代码 号 号码 流水号 单号 凭证号 账号 账户 卡号 证号 文号 序列号 批次 批次号 标识 标识码 户号 学号
text number - -: 学籍号 登记号 合同号 案号 ID 邮编 邮政编码 银行账号 期间号 识别码 车架号 条码
text title - -: 名称 单位 机构 部门 企业名称 单位名称 学校 医院 公司 商户 供应商 项目 项目名称 事项 站点 线路 街 路 品名 摘要 内容 描述
text title - -: 说明 备注 原因 意见 结果 情况 类别 类型 种类 性质 等级 级别 状态 标志 方式 渠道 来源 职业 职务 职称 专业 学科 行业 疾病
text title - -: 诊断 病名 死因 用途 银行 开户行 型号 规格 版本 星级
boolean flag - -: 是否
code sex sex quasi: 性别
code ethnic ethnic sensitive: 民族
code marital marital quasi: 婚姻 婚姻状况
code education education quasi: 文化程度 学历 教育程度
code relation household_relation quasi: 与户主关系 与户主的关系 家庭关系
code category disability_category sensitive: 残疾类别
code grade disability_grade sensitive: 残疾等级
code scheme insurance_scheme -: 险种 险种类型
code status insurance_status -: 参保状态
code status employment_status -: 就业状态
code status school_status -: 学籍状态
code stage school_stage -: 学段
code status registration_status -: 户籍状态
code status enterprise_status -: 经营状态 企业状态
code currency currency -: 币种
code id_type id_type -: 证件类型 证件种类
""")
_NAMED = {
    "类别": "category", "类型": "kind", "等级": "grade", "级别": "grade", "状态": "status", "备注": "note", "原因": "reason",
    "内容": "content", "银行": "bank", "企业名称": "enterprise", "单位名称": "organisation", "学校": "school", "医院": "hospital",
    "摘要": "summary", "卡号": "card", "账号": "account", "标准": "standard", "合计": "total", "人均": "per_head", "男": "men",
    "女": "women", "户数": "households", "面积": "area", "速度": "speed", "方向角": "heading", "年龄": "age", "出生日期": "birth_date",
    "有效期": "valid_until", "截止": "valid_until", "基数": "base",
}  # fmt: skip
_PII = {
    "姓名": "direct", "住址": "direct", "地址": "direct", "账号": "direct", "卡号": "direct", "银行账号": "direct", "出生日期": "quasi",
    "车牌": "quasi", "工资": "sensitive", "疾病": "sensitive", "诊断": "sensitive", "死因": "sensitive", "收入": "sensitive",
}  # fmt: skip

# Initials of pinyin, whole or at the end of a name of capitals.
_INITIALS = _words("""
citizen_id id_no - -: sfzh sfzhm gmsfhm gmsfzh sfzjhm zjhm zjh sfz shbzhm shbzh
uscc uscc - -: tyshxydm shxydm tydm xydm tyxydm
person_name name - -: xm hzxm fddbr frdb lxr jbr sqr jhr hz fzr
phone phone - -: lxdh dh sjh sjhm lxfs dhhm yddh gddh
code sex sex quasi: xb xbdm
code ethnic ethnic sensitive: mz mzdm
code marital marital quasi: hyzk hyzkdm
code education education quasi: whcd xl xldm whcddm
code relation household_relation quasi: yhzgx
date birth_date - quasi: csrq csny
date date - -: rq kssj jssj qyrq fzrq djrq sprq slrq bjrq yxq yxqz yxqx swrq jzrq zxrq clrq gxrq lrrq azrq hzrq tbrq qsrq zzrq
datetime at - -: sj cjsj gxsj lrsj czsj djsj bjsj slsj rksj
month month - -: ny yf ssq ffny jfny
year year - -: nd nf xn
money amount - -: je hj zje fy jsje bz_je gz jfjs js zcj dj zj bzje
integer seq - -: xh
integer count - -: sl rs hs cs ts nl jtrks
division district - -: xzqh xzqhdm xzqdm qx qxdm ssqx xzqhbm qh
text address - direct: dz zz jtzz xxdz hjdz zs
text street - -: jd jdmc xzjd
text title - -: xz mc dwmc qymc jgmc jgdm xxmc bz zt lx lb czzt fzjg bmmc sm yy nr
text number - -: bh dm bm zh kh hm lsh zzbh djh hth ah pch yhzh yhkh ywlsh
""")

_ENGLISH: tuple[tuple[re.Pattern[str], Hint], ...] = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"id_?(card|no|number|num)$|citizen_?id|identity|certno|cert_no|applicant_?id$", Hint("citizen_id", "id_no")),
        (r"uscc|credit_?code|social_?credit", Hint("uscc", "uscc")),
        (
            r"person_?name|full_?name|applicant_?name|legal_?(person|rep)\w*|contact(_?name)?$|handler|owner_?name|real_?name",
            Hint("person_name", "name", None, "direct"),
        ),
        (r"mobile|phone|tel$|telephone|contact_?(no|number)", Hint("phone", "phone")),
        (r"birth|birthday", Hint("date", "birth_date", None, "quasi")),
        (r"^is_\w+|^has_\w+|flag$|online$|enabled$", Hint("boolean", "flag")),
        (r"(^|.*_)(date|day)$|_on$|^date(_|$)|valid_?(from|to|until|start|begin|end)|expir\w*", Hint("date", "date")),
        (r"(^|.*_)(time|at|timestamp|datetime)$|time$", Hint("datetime", "at")),
        (r"(^|.*_)(month|yearmonth|ym)$|period", Hint("month", "month")),
        (r"(^|.*_)year$|^year(_|$)|_year_", Hint("year", "year")),
        (
            r"amount|price|fees?$|cost|loss|salary|income|capital|balance|payment|subsidy|(^|_)(revenue|expenses?|expenditure|turnover|premium|investment|deposit|budget|wages?|debit|credit|tax|paid|payable|rent|gdp|fine)$|\bvat\b.*amount|money",
            Hint("money", "amount"),
        ),
        (
            r"(?<!ac)count|num(ber)?_of|qty|quantity|deaths?$|injured|employees|persons|population|confirmed|cured|dead|suspected|star$|score$|total$|times$|age$",
            Hint("integer", "count"),
        ),
        (r"^(seq|no|line_?no|row_?no|index)$", Hint("integer", "seq")),
        (
            r"rate$|ratio|percent|speed|value|temp\w*$|pressure|humidity|area$|length|weight|height|level_?m$|^(pm2\.?5|pm10|so2|no2|co|o3)$",
            Hint("number", "value"),
        ),
        (r"^(lng|lon|long|longitude)$|_(lng|lon)$", Hint("number", "lon")),
        (r"^(lat|latitude)$|_lat$", Hint("number", "lat")),
        (r"(district|area|division|region)_?(code|id)?$|adcode|xzqh", Hint("division", "district")),
        (r"(sex|gender)(_?code)?$", Hint("code", "sex", "sex", "quasi")),
        (r"ethnic\w*|nation$", Hint("code", "ethnic", "ethnic", "sensitive")),
        (r"address|addr$|location", Hint("text", "address", None, "direct")),
        (r"(^|.*_)(id|no|code|number|ref|uri|key|sn)$|code$|number$|(id|no|ref)$|seq|account", Hint("text", "number")),
        (
            r"name|title|remark|note|desc\w*|type$|status|category|department|supplier|organi[sz]ation|body|label|purpose|reason|content",
            Hint("text", "title"),
        ),
    )
)
_UNIT = re.compile(r"[（(\[]([^（()）\[\]]*)[）)\]]\s*$")
_COUNTED = {"人", "户", "个", "人次", "套", "辆", "件", "次", "天", "张", "起", "台", "家", "岁", "床"}
_MEASURED = {
    "%",
    "‰",
    "℃",
    "米",
    "m",
    "km",
    "公里",
    "吨",
    "t",
    "kg",
    "公斤",
    "㎡",
    "平方米",
    "亩",
    "公顷",
    "mm",
    "m/s",
    "km/h",
    "mg/L",
    "μg/m³",
    "ug/m3",
    "kWh",
    "MPa",
    "m³",
    "立方米",
}


# Words of HJ 212 telegrams; single capitals and pairs of them mean other things elsewhere.
TELEGRAM = {
    **dict.fromkeys(("QN", "MN", "CN", "ST", "PW", "factor", "Flag"), Hint("text", "number")),
    "DataTime": Hint("datetime", "data_time"),
    **dict.fromkeys(("Rtd", "Avg", "Min", "Max", "Cou"), Hint("number", "value")),
}


def hint(title: str) -> Hint:
    """What a title hints at; of a title of several levels the last, and what stands above it where that says nothing."""
    levels = [t for t in re.split(r"/|\.(?=[^\d\s])", text.fold(title)) if t.strip()] or [""]
    for level in reversed(levels):
        found = _of(level.strip())
        if found is not None and found.type is not None and (level is levels[-1] or found.type in ("money", "integer")):
            return found
    return Hint(None, "")


def unit(title: str) -> str | None:
    """What stands in brackets at the end of a title: 元, 万元, 人, %."""
    match = _UNIT.search(text.fold(title))
    return match.group(1).strip() if match else None


def _of(title: str) -> Hint | None:
    told = unit(title)
    bare = _UNIT.sub("", title).strip() or title
    if told in ("元", "万元", "亿元", "千元", "分") or re.search(r"[（(](元|万元)", title):
        return Hint("money", "amount")
    found = _chinese(bare) if not bare.isascii() else _ascii(bare)
    if told in _COUNTED and (found is None or found.type not in ("number",)):
        return Hint("integer", "persons" if told in ("人", "人次") else "count")
    if told in _MEASURED or bare.endswith(("%", "‰", "℃", "㎡")):
        return Hint("number", found.name if found and found.type == "number" else "value")
    return found


def _chinese(title: str) -> Hint | None:
    bare = re.sub(r"\s+", "", title)
    if bare.startswith("是否") or bare.endswith("是否"):
        return Hint("boolean", "flag")
    found = [(bare.rfind(word) + len(word), len(word), word) for word in _CHINESE if word in bare]
    if not found:
        return None
    end, _length, word = max(found)
    made = _CHINESE[word]
    if end < len(bare) and len(word) < 2:  # a lone sign counts only as the head
        return None
    return made._replace(name=_NAMED.get(word, made.name), pii=made.pii or _PII.get(word))


def _ascii(title: str) -> Hint | None:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", title).lower()
    snake = re.sub(r"[^a-z0-9.]+", "_", snake).strip("_")
    joined = snake.replace("_", "")
    if joined in _INITIALS:
        return _INITIALS[joined]
    parts = snake.split("_")
    if title.isupper() and parts[-1] in _INITIALS and len(parts[-1]) > 2:
        return _INITIALS[parts[-1]]
    if (
        title.isupper()
        and not re.search(r"[AEIOU]", title)
        and (ending := next((k for k in sorted(_INITIALS, key=len, reverse=True) if len(k) > 1 and joined.endswith(k)), None))
    ):
        return _INITIALS[ending]
    return next((made for pattern, made in _ENGLISH if pattern.fullmatch(snake) or (len(snake) > 3 and pattern.search(snake))), None)
