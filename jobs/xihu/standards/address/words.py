"""The words that levels of an address are known by, as patterns."""

from __future__ import annotations

import re

from xihu.standards.address.text import HAN

H = f"[{HAN}]"
PROVINCE = re.compile(r"(?:中国)?浙江(?:省|(?=杭州))|浙(?=杭州)")
CITY = re.compile(r"杭州市|杭州(?!湾|大道|路|街|大厦|花|西溪|之|世)|杭(?=城(?:西|东)区)")
OTHER_CITY = re.compile(
    "(?:宁波|温州|嘉兴|湖州|绍兴|金华|衢州|舟山|台州|丽水)市|(?:北京|上海|天津|重庆)市|(?:江苏|安徽|福建|江西|广东|湖南|湖北|河南|河北|山东|四川|贵州)省"
)
ROAD_NO = re.compile(r"(\d{1,3}号)(?:大街|支路|路|渠路)")
LANE = re.compile(r"(\d{1,4})支?弄(?!堂)|(\d{1,3})(?:村民)?小?组")
NUMBER = re.compile(
    r"(?:NO\.?)?([甲乙丙丁临附]?\d{1,5}[A-Za-z]?(?:[-/]\d{1,4})?)(?:号(?!楼|房|大街|门|库|厂)((?:[-之附]\d{1,4})(?![-\d]*[室幢])号?|[-之][甲乙丙丁])?|#(?!楼))",
    re.I,
)
NUMBER_ZHI = re.compile(r"(\d{1,5})之(\d{1,3}|[甲乙丙])号?")
BUILDING = re.compile(
    r"([甲乙丙丁东西南北中]?[A-Za-z]?\d{1,4}[A-Za-z]?|[A-Za-z]{1,2}|[甲乙丙丁东西南北中主副])(?:幢|栋|号楼|座|#楼?|号?大楼(?!街)|楼(?=\d|[东西]|$))"
)
HASH = re.compile(r"(\d{1,5}(?:-\d{1,4})?)#(?!楼)")
UNIT = re.compile(r"([A-Za-z]?\d{1,2}|[A-Za-z]|[甲乙丙东西中])(?:单元|门(?=\d)|梯)")
FLOOR = re.compile(r"((?:地下|负|B)?\d{1,3})(?:层|楼|F(?![A-Za-z]))")
ROOM = re.compile(r"([A-Za-z]?\d{1,5}[A-Za-z]?(?:[-/]\d{1,2}(?=室|房))?)(?:室|房间?|户|号房)")
LOOSE = re.compile(r"([A-Za-z]?\d{1,5}[A-Za-z]?(?:-[A-Za-z]?\d{1,5}[A-Za-z]?){0,3})(?:室|房)?")
NUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz甲乙丙丁东西南北中主副临附负")
DISTRICT = re.compile(f"({H}{{1,3}}?(?<![小社园景校新片开发一二三四五六七八九十])[区县市])(?!域)")
STREET = re.compile(f"({H}{{2,5}}?(?:街道|镇|畲族乡|乡))(?:办事处|人民政府)?(?!路|街|村|社区|东|西|南|北)")
COMMUNITY = re.compile(f"({H}{{1,7}}?(?:社区(?:居民?委员?会)?|居委会|行政村|村(?:民?委员?会)?(?<!新村)))(?![区路街巷])")
ROAD = re.compile(
    f"({H}{{1,7}}?(?:大道|大街|支路|路|街|巷|弄|胡同|国道|省道|县道|堤|\\d{{1,2}}弄))(?!道|口|社区|小区|新村|村|[一二三四五六七八九十]区|公寓|花园)"
)
NATIONAL = re.compile(r"([GSX]?\d{2,3}(?:国道|省道|县道))", re.I)
ESTATE = re.compile(
    f"([{HAN}A-Za-z\\d]{{1,12}}?(?:小区|新村|花园|公寓|花苑|家园|别墅|山庄|大厦|广场|中心|公馆|市场|学院|大学|医院|学校|"
    f"苑|[府庭城庄湾居园里坊轩阁邸厦](?!{H})|{H}[一二三四五六七八九十]{{1,2}}区)"
    f"(?:[一二三四五六七八九十]{{1,2}}[期区]|[东西南北中][区苑园](?!路))?)(?![{HAN}]{{0,3}}?(?:街道|路|街|巷|社区))"
)
BEFORE_NUMBER = re.compile(f"({H}{{2,8}})(?=\\d+号)")
AND = frozenset("与及")
FILL = re.compile(r"(?:街道)?办事处|人民政府|地址|住址|现住|位于|地处|住所|[:：]")
PARTS = re.compile(r"[,;、|\\/]|(?<=[号室幢])(?:或|及|以及)")
OTHER_NAME = re.compile(r"[东西南北]?[路街巷弄]|社区|[一二三四五六七八九十]{1,2}[区期]")
NOT_AREA = re.compile(r"街道|镇|乡|[东西南北]?[路街]|大街|大道|村|社区|新村|小区|校区")
NOT_STREET = re.compile(r"[路巷村]|社区|新村|[东西南北中]?大?[街路]")
NOT_ROAD = re.compile(r"社区|小区|新村|[一二三四五六七八九十]{1,2}弄|公寓|[东西南北中]?[路街巷]")
COMMITTEE = re.compile(r"(?:居民?委员?会|村?民?委员?会)")
ESTATE_END = re.compile(r"(?:小区|社区)?(?=\d|[甲乙东西]|[A-Za-z]|$|,)")
A_HAN = re.compile(H)
