"""Tables behind names: surnames and their shares, readings, variants, frequent given names.

Shares are rounded figures of the name reports of the Ministry of Public Security and of censuses [M]: they say which agreement is worth
little, nothing else hangs on them.
"""

from __future__ import annotations


def _shares(text: str) -> dict[str, float]:
    """`<per ten thousand> <items>` a line, every item with that share."""
    out: dict[str, float] = {}
    for line in text.strip().splitlines():
        share, items = line.split(None, 1)
        out |= dict.fromkeys(items.split() if " " in items else list(items), float(share) / 10_000)
    return out


def _pairs(text: str, key: int = 1) -> dict[str, str]:
    """Words of which the first `key` characters are the key and the rest the value."""
    return {word[:key]: word[key:] for word in text.split()}


SURNAMES = _shares("""
710 王李
670 张
520 刘
450 陈
300 杨
210 黄赵吴
190 周
150 徐孙
130 马朱胡
110 林郭何高
95 罗郑梁谢宋唐
75 许邓韩冯曹彭曾
60 肖田董潘袁蔡蒋余于杜叶程魏苏吕丁
45 任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方
35 邹熊白孟秦邱侯江尹薛阎段雷黎史龙贺陶
28 顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐
20 易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单裴霍苗曲盛翁
12 解查仇华盖区朴缪尉卜冼那娄郁应骆项楼来竺厉蓝雷钭洪季吉路管车柴蒙鲍卓屈丛祁傅辛闫喻涂费涂池谷
8 欧阳 上官 司马 诸葛 司徒 皇甫 尉迟 夏侯 令狐 慕容 东方 南宫 端木 宇文 长孙 轩辕 闻人 澹台 公孙 呼延 独孤 钟离 东郭 西门 万俟
8 赫连 濮阳 淳于 单于 太叔 申屠
""")
RARE_SURNAME = 4e-4
COMPOUND_READINGS = _pairs(
    """
欧阳ouyang 上官shangguan 司马sima 诸葛zhuge 司徒situ 皇甫huangfu 尉迟yuchi 夏侯xiahou 令狐linghu 慕容murong 东方dongfang
南宫nangong 端木duanmu 宇文yuwen 长孙zhangsun 轩辕xuanyuan 闻人wenren 澹台tantai 公孙gongsun 呼延huyan 独孤dugu 钟离zhongli
东郭dongguo 西门ximen 万俟moqi 赫连helian 濮阳puyang 淳于chunyu 单于chanyu 太叔taishu 申屠shentu
""",
    2,
)
COMPOUND = frozenset(COMPOUND_READINGS)
# Characters that are read otherwise as surnames.
SURNAME_READINGS = _pairs("""
单shan 曾zeng 解xie 仇qiu 查zha 区ou 朴piao 缪miao 尉wei 盖ge 冼xian 任ren 华hua 宁ning 应ying 燕yan 乐yue 翟zhai 秘bi 折she 黑he
繁po 种chong 员yun 召shao 重chong 洗xian 逄pang 适kuo 郗xi 覃qin 石shi 曲qu 纪ji 都du 车che 会kuai 句gou 晟cheng 贾jia 牟mu 祭zhai
隗wei 长zhang 沈shen 盛sheng 柏bai 过guo 相xiang 干gan 占zhan 幺yao 卜bu 不fou 哈ha 钭tou 乜nie 佴nai 那na 叶ye 吕lv 谌chen 臧zang
邰tai 鲍bao 晁chao
""")
# Second readings of characters frequent in given names.
GIVEN_READINGS = {
    k: tuple(v.split("/"))
    for k, v in _pairs("""
乐yue 行hang/xing 茜qian/xi 莎suo 晟cheng/sheng 朝zhao/chao 重chong 长chang/zhang 贾jia 曾zeng 单shan 解xie 盛sheng/cheng
浚jun/xun 贲ben 娜nuo/na 荨qian 婷ting 佳jia 洋yang 藏zang 省xing 覃qin/tan 炅jiong 贞zhen 筠yun/jun 弘hong 彧yu 珺jun 传chuan
大da 参shen 和he 好hao 宁ning 尧yao 岚lan 卓zhuo 数shu
""").items()
}
# Variant, rare and older forms of characters → the form that systems without them print, or that a clerk writes.
VARIANTS = _pairs("""
喆哲 堃坤 㛃洁 镕熔 鎔熔 昇升 陞升 峯峰 甯宁 寗宁 寧宁 淩凌 兪俞 於于 锺钟 祐佑 叡睿 濬浚 珎珍 翺翱 喩喻 査查 徳德 恵惠 呉吴 黒黑
㐂喜 勲勋 壎埙 燿耀 矅曜 淸清 靑青 戸户 髙高 吳吴 眞真 錬炼 鍊炼 産产 歩步 黃黄 溫温 凃涂 閆闫 陗峭 崐昆 崑昆 崙仑 詠咏 逺远 穎颖
頴颖 頖泮 麽么 玅妙 粧妆 艷艳 豔艳 姸妍 祕秘 竝并 迺乃 廼乃 囍喜 槑梅 犇奔 骉彪 仝同 邨村 弍二 弌一 埜野 壄野 朙明 眀明 菓果 荘庄
桒桑 栢柏 塚冢 疎疏 䶮龑 贇赟 昞炳 昺炳 暠皓 澔浩 皜皓 暘旸 玨珏 瑠琉 璿璇 琁璇 瓈璃 灋法 灮光 炗光 煇辉 暉晖 鑑鉴 鋭锐 鍳鉴 鷄鸡
麐麟 荅答 蘂蕊 蕋蕊 蘃蕊 烱炯 烖灾 慤悫 愙恪 徧遍 彊强 強强 偉伟 儁俊 雋隽 並并 亙亘 𬎆瑛 𤧬瑛 啟启 啓启 閠闰 潤润 舘馆 舖铺 㴋渊
渕渊 㳺游 遊游 逰游 𨱏长 𬭎宏 𬱖頔 𫖮顗 𣈱畅 𠅤享 乹乾 亁乾
""")
# Characters taken apart in brackets: 张(吉吉).
_PARTS = """
哲=吉吉 熔=金容 洁=女吉 坤=方方土 坤=方土 瑛=王英 烨=火华 晔=日华 龑=龙天 赟=文武贝 升=日升 玥=王月 珺=王君 轲=车勾 奔=三牛
鉴=金监 坤=土方方 雯=雨文 菡=艹函
"""
PARTS = {word[2:]: word[0] for word in _PARTS.split()}
NAMELESS = frozenset("无名氏 无名 不详 未知 佚名 某某 待查 未取名 未命名 婴儿 新生儿 无名男 无名女 身份不明 测试 匿名".split())  # noqa: SIM905
# Shares among all given names, per ten thousand.
GIVEN = _shares("""
26 伟 芳 英 敏 静 丽
22 秀英 军 勇 艳 杰 磊 洋 强 娟 涛 明 超 霞 平
18 秀兰 桂英 刚 玲 燕 辉 鹏 波 斌 红 华 梅 建华 建国 建军 秀珍 玉兰 玉珍 玉梅 玉英 桂兰 秀梅
13 桂芳 桂珍 凤英 国强 志强 志明 文 浩 宇 婷 婷婷 雪 雪梅 晶 丹 颖 倩 琳 云 林 飞 峰 亮 健 帅 凯 俊 海燕 小红 建平 建明 国华 国平
13 春梅 红梅 淑珍 淑英 淑兰 淑华
8 子轩 梓涵 欣怡 雨涵 浩然 宇轩 梓轩 子涵 诗涵 可欣 一诺 佳怡 欣妍 思涵 雨欣 子墨 俊杰 浩宇 博文 宇航 晨曦 欣悦 若曦 沐宸 奕辰
8 志伟 文杰 晓东 晓燕 丽娟 丽华 丽萍 海涛
8 永强 永明 新华 德明 爱华 爱英 金花 小平 小英 水英 阿毛 根宝 金宝 关根 阿根 美芳 美英 建芳 建英 杏花 彩英 彩凤
""")
GIVEN_CHARACTERS = _shares("""
220 英华明秀文玉国建志金
150 海军平红春丽芳林小永梅兰德珍晓荣云伟新宝桂
100 子梓涵欣雨宇轩浩佳嘉俊杰思诗怡一辰晨博若可沐奕宸泽睿瑞凤美淑爱福成祥生龙飞雪霞慧敏静强勇
60 峰波涛辉斌磊超鹏娟艳玲燕婷琳颖倩莉萍娜琴凯健帅亮刚卫东庆良友根兴才发水阿妹菊香花贵莲清安天立正光
35 悦妍然航墨曦语彤菲萱琪瑶璇雅蕾露月莹洁鑫森源昊铭哲晟楠阳旭振家兆启世继长富有仁义礼信忠孝和顺
""")
RARE_CHARACTER = 1e-3
