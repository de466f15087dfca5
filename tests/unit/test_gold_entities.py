"""Old and new numbers lead to one legal entity: hand-worked cases, and properties that hold whatever is sent in whatever order."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xihu.gold.entities import COLUMNS, first_known, mention_handle, resolve
from xihu.standards.entity_names import alike, is_branch_of, parse
from xihu.standards.organisation import organisation_check

DAY = datetime(2016, 10, 1, tzinfo=UTC)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# Two companies of no city, and what they are known by.
A, A_ORG, A_TAX, A_REG = "91330100799655058B", "79965505-8", "330106799655058", "330106000012349"
B, B_ORG, B_TAX = "91330100716105852F", "716105852", "330100716105852"
DATONG, HUAXIN = "杭州达通贸易有限公司", "杭州华信科技有限公司"


def registration(body14: str) -> str:
    product = 10
    for digit in body14:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return body14 + str((11 - product) % 10)


def uscc(body17: str) -> str:
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body17))
    return body17 + ALPHABET[-total % 31]


A_REG, B_REG = registration("33010600001234"), registration("33010000004321")
SCHOOL = uscc("52330106" + A[8:17])


def said(source: str, name: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"source": source, "name": name, "known_from": DAY, "records": 1, **more}
    return {**row, "handle": mention_handle(row)}


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema(list(COLUMNS.items())))


def clusters(rows: list[dict[str, Any]], decisions: Any = ()) -> dict[str, str]:
    found = resolve(table(rows), decisions).clusters
    return dict(zip(found["handle"].to_pylist(), found["cluster"].to_pylist(), strict=True))


def flags(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return resolve(table(rows)).flags.to_pylist()


def kinds(rows: list[dict[str, Any]]) -> Counter[str]:
    return Counter(f["kind"] for f in flags(rows))


def test_all_numbers_of_one_company_are_one_entity() -> None:
    rows = [
        said("zj.subject", DATONG, org_code=A_ORG),
        said("gs.taxpayer", "杭州达通贸易有限责任公司", tax_no=A_TAX),
        said("sc.subject", DATONG, uscc=A, registration_no=A_REG),
        said("rs.employer", "杭州達通貿易有限公司", registration_no=A_REG),
        said("ds.taxpayer", "达通贸易公司", tax_no=A),
        said("x.buyer", None, org_code="799655058"),
    ]
    found = clusters(rows)
    assert set(found.values()) == {f"uscc:{A}"}
    assert set(found) == {f"uscc:{A}", "org_code:799655058", f"tax_no:{A_TAX}", f"registration_no:{A_REG}"} | {r["handle"] for r in rows}
    assert not flags(rows)


def test_two_companies_stay_two_and_nothing_is_joined_by_name() -> None:
    rows = [said("a", DATONG, uscc=A), said("b", DATONG, uscc=B), said("c", DATONG), said("d", DATONG, registration_no=B_REG)]
    found = clusters(rows)
    assert len(set(found.values())) == 4


def test_a_company_that_changed_its_name_keeps_its_number() -> None:
    rows = [said("a", DATONG, org_code=A_ORG), said("a", HUAXIN, uscc=A), said("b", HUAXIN, uscc=A)]
    assert set(clusters(rows).values()) == {f"uscc:{A}"}
    (flag,) = flags(rows)
    assert (flag["kind"], flag["left"], flag["right"]) == ("renamed", f"uscc:{A}", rows[0]["handle"])
    assert json.loads(flag["evidence"])["names"] == sorted([DATONG, HUAXIN])
    known = [*rows[:1], said("a", HUAXIN, uscc=A, former_names=[DATONG]), rows[2]]
    assert not flags(known)
    noted = [rows[0], said("c", "杭州华信科技有限公司（原杭州达通贸易有限公司）", uscc=A)]
    assert not flags(noted)


def test_a_number_under_visibly_different_names_and_classes_is_flagged_not_merged() -> None:
    rows = [
        said("sc", DATONG, uscc=A),
        said("rs", DATONG, uscc=A),
        said("jy", "杭州市西湖区文三街小学", org_code=A_ORG),
        said("wj", "西湖区文三街小学", org_code=A_ORG),
    ]
    found = clusters(rows)
    assert found[rows[0]["handle"]] == found[rows[1]["handle"]] == found["org_code:799655058"] == f"uscc:{A}"
    assert found[rows[2]["handle"]] == found[rows[3]["handle"]] != f"uscc:{A}"
    assert kinds(rows) == {"shared_number": 1}


def test_two_credit_codes_with_one_organisation_code() -> None:
    same = [said("mz", "杭州求是学校", uscc=SCHOOL), said("sc", "杭州求是学校", uscc=A)]
    assert len(set(clusters(same).values())) == 1
    assert kinds(same) == {"two_numbers": 1}
    other = [said("mz", "杭州求是学校", uscc=SCHOOL), said("sc", DATONG, uscc=A)]
    found = clusters(other)
    assert found[f"uscc:{A}"] != found[f"uscc:{SCHOOL}"]
    assert kinds(other) == {"shared_number": 1}


@pytest.mark.parametrize("tail", ["西湖分公司", "文三路第二门市部", "第3分店", "工会委员会"])
def test_a_branch_under_its_heads_number_is_never_its_head(tail: str) -> None:
    rows = [said("sc", DATONG, uscc=A), said("gs", DATONG + tail, tax_no=A_TAX), said("rs", DATONG, registration_no=A_REG, uscc=A)]
    found = clusters(rows)
    assert found[rows[1]["handle"]] not in (found[rows[0]["handle"]], f"uscc:{A}")
    assert kinds(rows) == {"shared_number": 1}
    by_registration = [
        said("sc", DATONG, uscc=A, registration_no=A_REG),
        said("rs", DATONG, registration_no=A_REG),
        said("gs", DATONG + tail, registration_no=A_REG),
    ]
    found = clusters(by_registration)
    assert found[by_registration[1]["handle"]] == f"uscc:{A}"
    assert found[by_registration[2]["handle"]] != f"uscc:{A}"
    assert kinds(by_registration) == {"detached": 1}


def test_branch_and_head_with_own_numbers_raise_nothing() -> None:
    rows = [said("sc", DATONG, uscc=A), said("sc", DATONG + "西湖分公司", uscc=B)]
    assert len(set(clusters(rows).values())) == 2
    assert not flags(rows)


def test_numbers_of_one_record_that_contradict_each_other() -> None:
    rows = [
        said("sc", DATONG, uscc=A),
        said("sc", HUAXIN, uscc=B),
        said("rs", HUAXIN, uscc=A, org_code=B_ORG),  # the credit code of another line
        said("gs", "某单位", uscc=A, tax_no=B_TAX),  # the name tells nothing: the credit code holds
    ]
    found = clusters(rows)
    assert found[rows[2]["handle"]] == found[rows[1]["handle"]] == f"uscc:{B}"
    assert found[rows[3]["handle"]] == f"uscc:{A}"
    assert found[f"org_code:{B_ORG}"] == f"uscc:{B}"
    assert kinds(rows)["number_clash"] == 2


def test_a_name_that_another_number_bears_is_a_mistaken_number_not_a_new_name() -> None:
    rows = [
        said("sc", DATONG, uscc=A), said("rs", DATONG, uscc=A), said("sc", HUAXIN, uscc=B), said("gs", HUAXIN, tax_no=A_TAX),
    ]  # fmt: skip
    found = clusters(rows)
    assert found[rows[3]["handle"]] not in (f"uscc:{A}", f"uscc:{B}")
    assert kinds(rows) == {"shared_number": 1}


def test_a_registration_number_goes_to_the_entity_of_its_name() -> None:
    rows = [
        said("sc", DATONG, uscc=A, registration_no=A_REG),
        said("gs", HUAXIN, uscc=B, registration_no=A_REG),  # a wrong line
        said("rs", DATONG, registration_no=A_REG),
    ]
    found = clusters(rows)
    assert found[f"registration_no:{A_REG}"] == found[rows[2]["handle"]] == f"uscc:{A}"
    assert found[rows[1]["handle"]] == f"uscc:{B}"
    assert kinds(rows) == {"shared_number": 1}
    # Nothing tells which: it belongs to neither.
    torn = clusters(rows[:2])
    assert torn[f"registration_no:{A_REG}"] == f"registration_no:{A_REG}"
    assert kinds(rows[:2]) == {"shared_number": 2}


def test_a_registration_number_known_under_another_name_needs_a_second_witness() -> None:
    rows = [said("sc", HUAXIN, uscc=A, registration_no=A_REG), said("rs", DATONG, registration_no=A_REG)]
    found = clusters(rows)
    assert found[f"registration_no:{A_REG}"] == found[rows[1]["handle"]] == f"registration_no:{A_REG}"
    assert kinds(rows) == {"name_clash": 1}
    second = [*rows, said("gs", HUAXIN, tax_no=A_TAX, registration_no=A_REG)]
    assert len(set(clusters(second).values())) == 1
    assert kinds(second) == {"renamed": 1}
    former = [said("sc", HUAXIN, uscc=A, registration_no=A_REG, former_names=[DATONG]), rows[1]]
    assert len(set(clusters(former).values())) == 1
    assert not flags(former)


def test_a_shop_without_a_name_of_its_own_and_shops_with_a_common_name() -> None:
    shop = uscc("92330106MC0000104"[:16] + organisation_check("MC000010"))
    reg = registration("33010660010008")
    nameless = [said("sc", None, uscc=shop, registration_no=reg), said("gs", "某某某", registration_no=reg)]
    assert set(clusters(nameless).values()) == {f"uscc:{shop}"}
    assert not flags(nameless)
    # A name that three businesses take one after the other is nobody's in particular.
    common = [row for code in (A, B) for row in (said("sc", DATONG + code[-3:], uscc=code), said("sc", "老街坊小吃店", uscc=code))]
    assert len(set(clusters(common).values())) == 2
    assert kinds(common) == {"renamed": 2}


def test_wrong_numbers_lead_nowhere_and_are_flagged() -> None:
    rows = [
        said("sc", DATONG, uscc=A),
        said("gs", DATONG, tax_no="330106799655059"),
        said("gs", DATONG, org_code="暂无"),
        said("gs", "王某", tax_no="33010219630215301301"),
    ]
    found = clusters(rows)
    assert len(set(found.values())) == 4
    assert not any("33010219630215301" in handle for handle in found)
    assert kinds(rows) == {"bad_number": 2}


@dataclass(frozen=True)
class Decided:
    event_id: str
    kind: str
    left: str
    right: str
    at: datetime


def test_decisions_win_and_the_latest_of_them() -> None:
    rows = [said("sc", DATONG, uscc=A), said("rs", DATONG, registration_no=B_REG), said("gs", "达通贸易", registration_no=B_REG)]
    reg = f"registration_no:{B_REG}"
    merge = Decided("1", "merge", f"uscc:{A}", reg, DAY)
    assert set(clusters(rows, [merge]).values()) == {f"uscc:{A}"}
    split = Decided("2", "split", f"uscc:{A}", reg, DAY + timedelta(days=1))
    apart = clusters(rows, [split, merge])
    assert apart == clusters(rows)
    assert apart[rows[1]["handle"]] == apart[rows[2]["handle"]] == reg


def test_first_known_is_the_least_of_all_mentions() -> None:
    rows = [said("sc", DATONG, uscc=A, registration_no=A_REG, known_from=DAY + timedelta(days=3)), said("rs", DATONG, uscc=A)]
    known = first_known(table(rows))
    found = dict(zip(known["handle"].to_pylist(), known["known_from"].to_pylist(), strict=True))
    assert found[f"uscc:{A}"] == DAY
    assert found[f"registration_no:{A_REG}"] == DAY + timedelta(days=3)
    assert known["handle"].to_pylist() == resolve(table(rows)).clusters["handle"].to_pylist()


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(ValueError, match="colour"):
        resolve(pa.table({"colour": ["red"]}))


NAMES = [
    ("杭州达通贸易有限公司", "杭州达通贸易有限责任公司", True),
    ("杭州达通（集团）有限公司", "杭州达通(集团)有限公司", True),
    ("ＡＢＣ（杭州）有限公司", "ABC杭州有限公司", True),
    ("杭州市达通贸易有限公司", "浙江杭州达通贸易公司", True),
    ("杭州华信科技有限公司", "杭州华新科技有限公司", True),  # one sound
    ("杭州华信科技有限公司", "杭州信华科技有限公司", True),  # exchanged
    ("杭州达通贸易有限公司（已注销）", "杭州达通贸易有限公司", True),
    ("杭州達通貿易有限公司", "杭州达通贸易有限公司", True),
    ("杭州达通贸易有限公司", "杭州达通机械有限公司", False),
    ("杭州华达电子商务有限公司", "杭州华通电子商务有限公司", False),
    ("杭州达通集团有限公司", "杭州达通有限公司", False),
    ("杭州达通贸易有限公司", "杭州达通贸易有限公司西湖分公司", False),
    ("杭州达通贸易有限公司萧山分公司", "杭州达通贸易有限公司西湖分公司", False),
    ("中国工商银行股份有限公司杭州西湖支行", "中国工商银行股份有限公司杭州余杭支行", False),
    ("文一街小学", "文三街小学", False),
]


@pytest.mark.parametrize(("a", "b", "one"), NAMES)
def test_names_that_can_be_one_and_that_cannot(a: str, b: str, one: bool) -> None:
    assert alike(parse(a), parse(b)) is alike(parse(b), parse(a)) is one


def test_branches_know_their_head() -> None:
    bank = parse("中国工商银行股份有限公司杭州西湖支行")
    assert (bank.head, bank.tail) == ("中国工商银行股份有限公司", "杭州西湖支行")
    assert is_branch_of(parse("杭州达通贸易有限责任公司西湖分公司"), parse("杭州达通贸易有限公司"))
    assert not is_branch_of(parse("杭州达通贸易有限公司"), parse("杭州达通贸易有限公司"))


def _world(rng: random.Random, size: int) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Mentions of many entities by six sources with every kind of trouble, and whose each mention is."""
    rows: list[dict[str, Any]] = []
    truth: dict[str, int] = {}
    trades = ("贸易", "机械", "纺织", "电子商务", "餐饮管理", "建设")
    made: list[tuple[str, str, str, str, str, str]] = []
    for n in range(size):
        body = f"{'5M'[n % 2]}{n:07d}"
        organisation = body + organisation_check(body)
        code = uscc("91330106" + organisation)
        brand = "".join(rng.sample("华恒天宏瑞泰远东盛嘉杭信达通源创联海丰隆康益辉科腾润", 3))
        name = f"杭州{brand}{trades[n % 6]}有限公司"
        made.append((code, organisation, "330106" + organisation, registration(f"3301060{n:07d}"), name, brand))
    for n, (code, organisation, tax, reg, name, brand) in enumerate(made):
        told = [
            said("sc", name, uscc=code, registration_no=reg),
            said("zj", name.replace("有限公司", "有限责任公司"), org_code=organisation),
            said("gs", name, tax_no=rng.choice([tax, code, "330100" + organisation])),
            said("rs", name.removeprefix("杭州"), registration_no=reg),
        ]
        if rng.random() < 0.1:
            told.append(said("yb", f"杭州{brand}实业有限公司", uscc=code))  # a new name
        for row in told:
            truth[row["handle"]] = n
        rows += told
        if rng.random() < 0.1:
            branch = said("gs", name + "滨江分公司", tax_no=tax)
            rows.append(branch)
            truth[branch["handle"]] = -n - 1
        if rng.random() < 0.05:
            other = rng.choice(made)
            wrong = said("dh", name, uscc=other[0], org_code=organisation)
            rows.append(wrong)
            truth[wrong["handle"]] = n
    for row in rows:
        row["known_from"] = DAY + timedelta(days=rng.randrange(90))
    return rows, truth


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 25))
def test_order_and_slices_play_no_part(seed: int, size: int) -> None:
    rng = random.Random(seed)
    rows, _ = _world(rng, size)
    rows += rng.sample(rows, min(5, len(rows)))  # some come twice
    whole = resolve(table(rows))
    rng.shuffle(rows)
    again = resolve(table(rows))
    assert again.clusters.equals(whole.clusters)
    assert again.flags.equals(whole.flags)


def test_a_population_with_trouble_is_told_apart() -> None:
    rows, truth = _world(random.Random(7), 600)
    found = clusters(rows)
    pairs = right = wanted = 0
    by_cluster: dict[str, Counter[int]] = defaultdict(Counter)
    for handle, n in truth.items():
        by_cluster[found[handle]][n] += 1
    for counts in by_cluster.values():
        total = sum(counts.values())
        pairs += total * (total - 1) // 2
        right += sum(c * (c - 1) // 2 for c in counts.values())
    for count in Counter(truth.values()).values():
        wanted += count * (count - 1) // 2
    assert right / pairs >= 0.999
    assert right / wanted >= 0.99
