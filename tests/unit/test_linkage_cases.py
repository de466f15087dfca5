"""Hand-worked cases of who is whom, all in one town so that they stand beside strangers. Every person and number here is made up."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from xihu.gold.linkage import MENTIONS, Decision, Linked, link, load_model

PLACE = {"division": "330106", "street": "330106003"}


def number(prefix: str, born: date, sequence: int) -> str:
    body = f"{prefix}{born:%Y%m%d}{sequence:03d}"
    p = 0
    for digit in body:
        p = (p + int(digit)) * 2 % 11
    return body + "0123456789X"[(12 - p) % 11]


class Town:
    """Collects mentions by a word of their own."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(
        self, word: str, source: str, name: str | None, sex: str | None = None, born: date | None = None, *ids: str, **more: Any
    ) -> None:
        kinds = [i if ":" in i else f"citizen_id:{i}" for i in ids]
        row = dict.fromkeys(MENTIONS.names) | {
            "handle": f"mention:{len(self.rows):016x}",
            "source": source,
            "ids": [dict(zip(("type", "value"), k.split(":"), strict=True)) for k in kinds],
            "name": name,
            "sex": sex,
            "birth_date": born,
            "known_from": datetime(2016, 1, 1, len(self.rows) % 24, tzinfo=UTC),
            "records": 1,
        }
        self.rows.append(row | more | {"word": word})

    def table(self) -> pa.Table:
        return pa.Table.from_pylist([{k: r[k] for k in MENTIONS.names} for r in self.rows], schema=MENTIONS)

    def handle(self, word: str) -> str:
        if ":" in word:
            return word
        return next(r["handle"] for r in self.rows if r["word"] == word)


MOTHER = date(1986, 3, 14)
CHILD = date(2016, 9, 2)
N = {
    "mother": number("330106", MOTHER, 122),
    "father_zhao": number("330106", date(1958, 5, 6), 11),
    "son_zhao": number("330106", date(1984, 7, 8), 13),
    "twin_a": number("330106", date(2009, 4, 4), 21),
    "twin_b": number("330106", date(2009, 4, 4), 23),
    "zhang1": number("330106", date(1975, 10, 1), 31),
    "shared": number("330106", date(1962, 2, 3), 41),
    "two_a": number("330106", date(1971, 8, 9), 51),
    "two_b": number("330102", date(1971, 8, 9), 53),
    "both_a": number("330106", date(1949, 1, 12), 61),
    "both_b": number("330125", date(1949, 1, 12), 63),
    "married": number("330106", date(1968, 11, 11), 72),
    "corrected": number("330106", date(1955, 6, 1), 81),
    "clerk": number("330106", date(1978, 12, 24), 91),
    "aman": number("652301", date(1991, 1, 30), 15),
    "hk": number("810000", date(1980, 5, 5), 17),
}


@pytest.fixture(scope="module")
def town() -> Town:
    t = Town()
    home = {**PLACE, "address": "文三路12号3幢2单元501室"}
    # A newborn under its mother's number, twice; and under its own birth certificate.
    t.add("mother", "ga__hukou.person", "林若溪", "2", MOTHER, N["mother"], **home)
    t.add("mother_insured", "yb__medical.insured", "林若溪", "2", MOTHER, N["mother"], phone="13800138001")
    t.add("baby_nameless", "wj__birth.child", "林若溪之子", "1", CHILD, N["mother"], **home, phone="13800138001")
    t.add("baby_named", "yb__medical.baby", "顾小舟", "1", CHILD, N["mother"], phone="13800138001")
    t.add("baby_again", "wj__vaccine.child", "顾小舟", "1", CHILD, N["mother"], **home)
    # Father and son of one name at one address, and a letter that may be either's.
    roof = {**PLACE, "address": "北山街77号甲门302室", "household": "H0077"}
    t.add("father", "ga__hukou.person", "赵庭槐", "1", date(1958, 5, 6), N["father_zhao"], **roof, relation="02")
    t.add("son", "ga__hukou.person", "赵庭槐", "1", date(1984, 7, 8), N["son_zhao"], **roof, relation="20")
    t.add("either", "mz__aid.payee", "赵庭槐", "1", None, **roof)
    t.add("surely_son", "wj__visits.patient", "赵庭槐", "1", date(1984, 7, 8), **PLACE)
    # Twins: one birth date, one address, names alike; a record without a number names one of them.
    nest = {**PLACE, "address": "丰潭路8号1幢1单元101室", "phone": "13900139002"}
    t.add("twin_a", "jy__school.pupil", "孟子轩", "1", date(2009, 4, 4), N["twin_a"], **nest)
    t.add("twin_b", "jy__school.pupil", "孟子萱", "1", date(2009, 4, 4), N["twin_b"], **nest)
    t.add("twin_a_clinic", "wj__visits.patient", "孟子轩", "1", date(2009, 4, 4), **nest)
    # Twins of whom only one is known by number: the other one's record must not go to it.
    t.add(
        "lone_twin",
        "jy__school.pupil",
        "贺一鸣",
        "1",
        date(2010, 5, 5),
        number("330106", date(2010, 5, 5), 27),
        **{**nest, "address": "丰潭路9号201室"},
    )
    t.add("other_twin", "wj__visits.patient", "贺一铭", "1", date(2010, 5, 5), **{**nest, "address": "丰潭路9号201室"})
    # A frequent name, one day, one district: another person may well be meant.
    t.add("zhang1", "ga__hukou.person", "张伟", "1", date(1975, 10, 1), N["zhang1"], **home | {"address": "学院路5号201室"})
    t.add("zhang2", "wj__visits.patient", "张伟", "1", date(1975, 10, 1), division="330106")
    # … and a rare name on the same words is the person.
    t.add("clerk", "ga__hukou.person", "单闳喆", "1", date(1978, 12, 24), N["clerk"], **home | {"address": "保俶路1号9室"})
    t.add("clerk_union", "gh__union.person", "单闳喆", "1", date(1978, 12, 24), N["clerk"], phone="13700137003")
    t.add("clerk_plain", "rs__pension.insured", "單闳哲", "1", date(1978, 12, 24), division="330106")
    t.add("clerk_pinyin", "wj__visits.patient", "SHAN HONGZHE", "1", date(1978, 12, 24), phone="13700137003", division="330106")
    t.add("clerk_hole", "gh__union.member", "单闳□", "1", date(1978, 12, 24), phone="13700137003")
    # Two persons under one number: different names, places and telephones.
    t.add(
        "shared_a",
        "ga__hukou.person",
        "邵启明",
        "1",
        date(1962, 2, 3),
        N["shared"],
        **home | {"address": "求是路1号1室"},
        phone="13600136004",
    )
    t.add("shared_a2", "rs__pension.insured", "邵启明", "1", None, N["shared"], phone="13600136004")
    t.add(
        "shared_b",
        "yb__medical.insured",
        "蒋国庆",
        "1",
        date(1962, 2, 3),
        N["shared"],
        division="330185",
        address="锦城街道5号2室",
        phone="13500135005",
    )
    # Another name alone is no proof of another person.
    t.add(
        "renamed",
        "ga__hukou.person",
        "骆晓芸",
        "2",
        date(1968, 11, 11),
        N["married"],
        **home | {"address": "玉古路2号3室"},
        phone="13600136444",
    )
    t.add("maiden", "mz__marriage.wife", "骆春花", "2", date(1968, 11, 11), N["married"])
    t.add("husbands", "mz__aid.payee", "方骆晓芸", "2", date(1968, 11, 11), N["married"])
    # One person under two numbers, seen by telephone and address; and one record that carries both.
    t.add(
        "two_a", "ga__hukou.person", "项云峥", "1", date(1971, 8, 9), N["two_a"], **home | {"address": "教工路3号4室"}, phone="13400134006"
    )
    t.add(
        "two_b",
        "rs__pension.insured",
        "项云峥",
        "1",
        date(1971, 8, 9),
        N["two_b"],
        **home | {"address": "教工路3号4室"},
        phone="13400134006",
    )
    t.add("both", "rs__pension.insured", "翁阿毛", "1", date(1949, 1, 12), N["both_a"], N["both_b"])
    t.add("both_a", "ga__hukou.person", "翁阿毛", "1", date(1949, 1, 12), N["both_a"])
    t.add("both_b", "yb__medical.insured", "翁阿毛", "1", date(1949, 1, 12), N["both_b"])
    # A corrected birth date: the number keeps the old one.
    t.add("corrected", "ga__hukou.person", "柳承志", "1", date(1953, 6, 11), N["corrected"])
    t.add("uncorrected", "rs__pension.insured", "柳承志", "1", date(1955, 6, 1), N["corrected"])
    # Names of minorities with and without dots; old and new papers of one person from Hong Kong.
    t.add("aman", "ga__hukou.person", "阿卜杜拉·买买提", "1", date(1991, 1, 30), N["aman"], **home | {"address": "文二路2号2室"})
    t.add("aman_spelt", "wj__visits.patient", "阿卜都拉.买买提", "1", date(1991, 1, 30), **PLACE)
    t.add("hk_old", "rs__pension.insured", "关子谦", "1", date(1980, 5, 5), "hkmo_permit:H12345678", phone="13300133007")
    t.add("hk_new", "yb__medical.insured", "關子謙", "1", date(1980, 5, 5), f"hkmo_residence:{N['hk']}", phone="13300133007")
    # A switchboard that ten people give says nothing of one.
    for i in range(10):
        t.add(f"dorm{i}", "rs__pension.insured", "甲乙丙丁戊己庚辛壬癸"[i] + "工友", "1", None, phone="0571-85250000")
    t.add("dorm_again", "wj__visits.patient", "甲工友", "1", None, phone="0571-85250000")
    return t


@pytest.fixture(scope="module")
def linked(town: Town) -> Linked:
    return link(town.table(), [], load_model())


def where(linked: Linked, town: Town) -> Any:
    clusters = dict(zip(linked.clusters["handle"].to_pylist(), linked.clusters["cluster"].to_pylist(), strict=True))
    return lambda word: clusters[town.handle(word)]


def kinds(linked: Linked, town: Town, a: str, b: str) -> set[str]:
    pair = sorted((town.handle(a), town.handle(b)))
    return {p["kind"] for p in linked.pairs.to_pylist() if [p["left"], p["right"]] == pair}


TOGETHER = [
    ("mother", "mother_insured"),
    ("mother", f"citizen_id:{N['mother']}"),
    ("baby_named", "baby_again"),
    ("father", f"citizen_id:{N['father_zhao']}"),
    ("surely_son", "son"),
    ("twin_a_clinic", "twin_a"),
    ("clerk_plain", "clerk"),
    ("clerk_pinyin", "clerk"),
    ("clerk_hole", "clerk"),
    ("shared_a", "shared_a2"),
    ("renamed", "maiden"),
    ("renamed", "husbands"),
    ("both_a", "both_b"),
    ("corrected", "uncorrected"),
    ("aman_spelt", "aman"),
    ("hk_old", "hk_new"),
]
APART = [
    ("mother", "baby_nameless"),
    ("mother", "baby_named"),
    (f"citizen_id:{N['mother']}", "baby_again"),
    ("father", "son"),
    ("either", "father"),
    ("either", "son"),
    ("twin_a", "twin_b"),
    ("lone_twin", "other_twin"),
    ("zhang1", "zhang2"),
    ("shared_a", "shared_b"),
    ("shared_b", f"citizen_id:{N['shared']}"),
    ("two_a", "two_b"),
    ("dorm_again", "dorm0"),
    ("dorm1", "dorm2"),
]


@pytest.mark.parametrize(("a", "b"), TOGETHER)
def test_one_person(linked: Linked, town: Town, a: str, b: str) -> None:
    assert where(linked, town)(a) == where(linked, town)(b)


@pytest.mark.parametrize(("a", "b"), APART)
def test_two_persons(linked: Linked, town: Town, a: str, b: str) -> None:
    assert where(linked, town)(a) != where(linked, town)(b)


def test_what_is_not_done_blindly_is_said(linked: Linked, town: Town) -> None:
    assert kinds(linked, town, "baby_named", f"citizen_id:{N['mother']}") == {"detached"}
    assert kinds(linked, town, "shared_a", "shared_b") == {"shared_number"}
    assert kinds(linked, town, "shared_b", f"citizen_id:{N['shared']}") == {"detached"}
    assert kinds(linked, town, f"citizen_id:{N['two_a']}", f"citizen_id:{N['two_b']}") == {"two_numbers"}
    assert kinds(linked, town, "zhang1", "zhang2") == {"review"}
    assert "review" in kinds(linked, town, "either", "father") | kinds(linked, town, "either", "son")
    assert kinds(linked, town, "lone_twin", "other_twin") == {"review"}


def test_every_handle_is_in_one_cluster(linked: Linked, town: Town) -> None:
    handles = linked.clusters["handle"].to_pylist()
    assert len(handles) == len(set(handles))
    assert set(handles) == {r["handle"] for r in town.rows} | {f"{i['type']}:{i['value']}" for r in town.rows for i in r["ids"]}


def test_the_evidence_adds_up_to_the_score(linked: Linked) -> None:
    scored = [p for p in linked.pairs.to_pylist() if p["evidence"]]
    assert len(scored) >= 5
    for p in scored:
        parts = json.loads(p["evidence"])
        assert load_model().prior_weight + sum(e["weight"] for e in parts) == pytest.approx(p["score"], abs=0.04)
        assert p["probability"] == pytest.approx(2 ** p["score"] / (1 + 2 ** p["score"]), abs=1e-6)


def decision(event: str, kind: str, town: Town, left: str, right: str, day: int) -> Decision:
    return Decision(event, kind, town.handle(left), town.handle(right), "seen", "wang", "li", datetime(2017, 1, day))


def test_decisions_overrule_and_the_latest_holds(town: Town, linked: Linked) -> None:
    decisions = [
        decision("m1", "merge", town, "zhang1", "zhang2", 1),
        decision("m2", "merge", town, f"citizen_id:{N['two_a']}", f"citizen_id:{N['two_b']}", 1),
        decision("s1", "split", town, "clerk_plain", "clerk", 1),
        decision("s2", "split", town, "corrected", f"citizen_id:{N['corrected']}", 1),
        decision("m3", "merge", town, "father", "son", 1),
        decision("s3", "split", town, "father", "son", 2),
        decision("s4", "split", town, "either", "father", 3),
        decision("wait", "merge", town, "mother", "mention:ffffffffffffffff", 1),
    ]
    after = link(town.table(), decisions, load_model())
    at = where(after, town)
    assert at("zhang1") == at("zhang2") and kinds(after, town, "zhang1", "zhang2") == {"decided"}
    assert at("two_a") == at("two_b")
    assert at("clerk_plain") != at("clerk") and at("clerk_pinyin") == at("clerk")
    assert at("corrected") != at(f"citizen_id:{N['corrected']}") == at("uncorrected")
    assert at("father") != at("son")
    # With the father ruled out there is no rival left.
    assert at("either") == at("son")
    assert at("mother") == where(linked, town)("mother")
