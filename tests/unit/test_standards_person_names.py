"""Names of persons: spellings that are one name, readings, and how alike two names are."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xihu.standards.person_names import HOLE, LEVELS, band, compare, near, newborn, parse, split, wild

ONE_NAME = [
    ("张伟", "张　伟"),
    ("张伟", " 张 伟 "),
    ("张伟", "張偉"),
    ("张伟", "张伟（男）"),
    ("张伟", "张伟(女)"),
    ("张伟", "张伟2"),
    ("张伟", "张伟先生"),
    ("张伟", "张\u200b伟"),
    ("欧阳震华", "歐陽震華"),
    ("王喆", "王哲"),
    ("王(吉吉)", "王喆"),
    ("朱熔基", "朱镕基"),
    ("李㛃", "李洁"),
    ("沈於", "沈于"),
    ("宁静", "甯静"),
    ("钟离春", "鍾離春"),
    ("阿卜杜拉·买买提", "阿卜杜拉•买买提"),
    ("阿卜杜拉·买买提", "阿卜杜拉．买买提"),
    ("阿卜杜拉·买买提", "阿卜杜拉买买提"),
    ("阿卜杜拉·买买提", "阿卜杜拉 买买提"),
    ("Zhang Wei", "ＺＨＡＮＧ　ＷＥＩ"),
    ("José García", "JOSE GARCIA"),
    ("王英(曾用名王小英)", "王英"),
]
LEVEL = [
    ("张*伟", "张小伟", "holes"),
    ("张小?", "张小伟", "holes"),
    ("张\ue123伟", "张小伟", "holes"),
    ("王晓玲", "王小玲", "homophone"),
    ("张伟", "张玮", "pinyin"),
    ("Zhang Xiaowei", "张晓伟", "pinyin"),
    ("ZHANG XIAO WEI", "张晓伟", "pinyin"),
    ("Xiaowei Zhang", "张晓伟", "pinyin"),
    ("Shan Xiongxin", "单雄信", "pinyin"),
    ("dan xiongxin", "单雄信", "pinyin"),
    ("ZENG GUOFAN", "曾国藩", "pinyin"),
    ("CENG GUOFAN", "曾国藩", "pinyin"),
    ("Xie Xiaodong", "解晓东", "pinyin"),
    ("Lv Bu", "吕布", "pinyin"),
    ("Lu Bu", "吕布", "pinyin"),
    ("Qiu Ying", "仇英", "pinyin"),
    ("王小明", "王明小", "swapped"),
    ("方安生", "陈方安生", "prefixed"),
    ("阿卜杜拉·买买提", "阿卜杜拉·买", "prefixed"),
    ("阿卜杜拉·买买提", "阿卜都拉·买买提", "near"),
    ("王子轩", "王子涵", "one_differs"),
    ("李晓芸", "骆晓芸", "one_differs"),
    ("欧阳晓芸", "李晓芸", "given"),
    ("Z W", "张伟", "initials"),
    ("王芳", "王秀兰", "surname"),
    ("王芳", "李秀兰", "different"),
]


@pytest.mark.parametrize(("a", "b"), ONE_NAME)
def test_spellings_of_one_name(a: str, b: str) -> None:
    assert compare(parse(a), parse(b)) == "equal"


@pytest.mark.parametrize(("a", "b", "level"), LEVEL)
def test_levels(a: str, b: str, level: str) -> None:
    assert compare(parse(a), parse(b)) == compare(parse(b), parse(a)) == level


@pytest.mark.parametrize("text", [None, "", " ", "无", "无名氏", "不详", "婴儿", "12345", "***", "？？", "李梅之子", "--"])
def test_what_is_no_name(text: str | None) -> None:
    assert parse(text) is None
    assert compare(parse(text), parse("王芳")) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("李梅之子", ("李梅", "1")),
        ("李梅之女", ("李梅", "2")),
        ("李梅之婴", ("李梅", None)),
        ("李梅之大女", ("李梅", "2")),
        ("欧阳若溪 之子", ("欧阳若溪", "1")),
        ("李梅", None),
        ("王之子", None),
        (None, None),
    ],
)
def test_children_without_a_name(text: str | None, found: tuple[str, str | None] | None) -> None:
    assert newborn(text) == found


def test_parts_and_frequency() -> None:
    assert split("欧阳震华") == ("欧阳", "震华") and split("单雄信") == ("单", "雄信")
    assert band(parse("张伟")) == 0 and band(parse("单闳喆")) == 3
    assert band(parse("王桂兰")) < band(parse("郦桂兰"))


def test_one_character_of_difference_is_a_shared_form() -> None:
    assert set(wild("王子轩")) & set(wild("王子涵")) and not set(wild("王子轩")) & set(wild("王小涵"))
    assert set(near("阿卜杜拉买买提")) & set(near("阿卜杜拉买提")) and near("王子轩") == ()


NAMES = st.text(alphabet="王李张欧阳伟玮芳方子轩萱涵晓小明铭单曾解阿卜杜都拉买提" + HOLE, min_size=1, max_size=8) | st.sampled_from(
    ["Zhang Wei", "WEI ZHANG", "Z W", "Shan Xiongxin", "阿卜杜拉·买买提", "张*伟"]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), min_size=20, max_size=20))
def test_symmetric_and_one_of_the_levels(pairs: list[tuple[str, str]]) -> None:
    for a, b in pairs:
        x, y = parse(a), parse(b)
        assert compare(x, y) == compare(y, x)
        assert compare(x, y) in (*LEVELS, None)


def test_the_levels_in_sql_are_those_in_python() -> None:
    """Two ways written apart: Splink's conditions over prepared columns, and `compare`."""
    from xihu.gold.linkage.levels import LEVELS as SQL
    from xihu.gold.linkage.prepare import _names

    words = "王李张欧单曾|伟玮芳方子轩萱涵晓小明铭英"
    heads, tails = words.split("|")
    texts = [h + a + b for h in heads for a in tails[:7] for b in ("", *tails[5:9])]
    texts += [
        "欧阳晓明",
        "欧阳小明",
        "李王晓明",
        "张*伟",
        "张□",
        "阿卜杜拉·买买提",
        "阿卜都拉买买提",
        "阿卜杜拉·买",
        "Zhang Wei",
        "Wei Zhang",
        "Z W",
    ]
    con = duckdb.connect()
    con.register("names", _names(texts))
    case = " ".join(f"when {sql} then '{level}'" for level, sql in SQL["name"] if sql != "ELSE")
    columns = ("n", "band", "holes", "latin", "readings", "wild", "near", "letters", "head", "given", "surname", "initials")
    sides = ", ".join(f"{s}.{c} as {c}_{s}" for s in "lr" for c in columns)
    found = con.execute(
        f"with p as (select l.name as a, r.name as b, {sides} from names l, names r where l.name < r.name"
        " using sample 8000 (reservoir, 7)) "
        f"select a, b, case {case} else 'different' end from p"
    ).fetchall()
    assert len(found) > 3000
    for a, b, level in found:
        said = compare(parse(a), parse(b))
        assert (level.rstrip("_0123") if level.startswith("equal") else level) == (said or "null"), (a, b)
