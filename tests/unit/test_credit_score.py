"""The score of a legal entity: worked out by hand, adding up, explained; never of a natural person."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from credit_helpers import FIRM, policy, record

from xihu.standards.credit.score import ScoreRefused, score


def points(*records: object, on: str = "2024-06-01") -> Decimal:
    return score(FIRM, records, policy(), date.fromisoformat(on)).points  # type: ignore[arg-type]


def test_nothing_known() -> None:
    found = score(FIRM, [], policy(), date(2024, 6, 1))
    assert (found.points, found.grade, len(found.lines)) == (100, "A", 1)


def test_by_hand() -> None:
    # General penalty: −6 for 12 months, then in a straight line to nothing after 36. 24 months on: half is left.
    one = record(on="2022-06-01", ref="甲")
    assert points(one, on="2023-06-01") == 94
    assert points(one, on="2024-06-01") == 97
    assert points(one, on="2024-12-01") == Decimal("98.5")
    assert points(one, on="2025-06-01") == 100
    assert points(one, on="2022-05-31") == 100
    # Five of −6 are −30, the cap is −24; a serious one −20, an honour +10.
    many = [record(on=f"2024-0{m}-10", ref=f"乙{m}") for m in range(1, 6)]
    assert points(*many) == 76
    assert points(*many, record(on="2024-03-01", level="serious", ref="丙"), record("honour", "2024-01-01", ref="丁")) == 66


def test_bounds_are_lines_too() -> None:
    worst = [
        record("dishonest_debtor", "2024-01-01", ref="a", listed=True), record("serious_list", "2024-01-01", ref="b", listed=True),
        record("wage_arrears", "2024-01-01", ref="c", listed=True),
    ]  # fmt: skip
    found = score(FIRM, worst, policy(), date(2024, 6, 1))
    assert (found.points, found.grade) == (0, "D")
    assert found.lines[-1].points == 30 and "封底" in found.lines[-1].words
    assert sum(line.points for line in found.lines) == found.points


def test_listed_does_not_fade() -> None:
    one = record("dishonest_debtor", "2015-01-01", listed=True)
    assert points(one) == 60
    gone = record("dishonest_debtor", "2015-01-01", listed=True, listed_until="2024-05-31")
    assert points(gone) == 100


def test_expired_and_repaired_lines_say_so() -> None:
    old, mended = record(on="2018-01-05", ref="旧", level="serious"), record(on="2024-01-05", ref="修", repaired_from="2024-05-20")
    found = score(FIRM, [old, mended], policy(), date(2024, 6, 1))
    words = {line.ref: line.words for line in found.lines}
    assert found.points == 100
    assert "保存期限已满" in words["旧"] and "第十六条" in words["旧"] and "信用修复" in words["修"]
    assert "100.0 分" in found.explain() or "100 分" in found.explain()
    # As it was before the repair.
    assert points(mended, on="2024-05-19") == 94


def test_natural_persons_are_not_scored() -> None:
    with pytest.raises(ScoreRefused) as caught:
        score("330106198508090024", [], policy(), date(2024, 6, 1), natural=True)
    assert caught.value.reason == "natural_person" and "个人信息保护法" in caught.value.law
    # Nor where only a record tells who it is.
    with pytest.raises(ScoreRefused):
        score(FIRM, [record(natural=True)], policy(), date(2024, 6, 1))
    # Nor where the subject is a citizen id and nobody says so.
    with pytest.raises(ScoreRefused):
        score("330106198508090024", [], policy(), date(2024, 6, 1))
    with pytest.raises(ScoreRefused, match="尚未施行"):
        score(FIRM, [], policy(), date(2015, 12, 31))
    # The gate is the policy's alone.
    allowed = policy().score.natural_person.model_copy(update={"allowed": True})
    other = policy().model_copy(update={"score": policy().score.model_copy(update={"natural_person": allowed})})
    assert score("330106198508090024", [], other, date(2024, 6, 1), natural=True).points == 100


def test_wrong_input_is_told() -> None:
    with pytest.raises(ValueError, match="不是同一主体"):
        score(FIRM, [record(subject="91330100716105852F")], policy(), date(2024, 6, 1))
    with pytest.raises(ValueError, match="两次"):
        score(FIRM, [record(), record()], policy(), date(2024, 6, 1))


def test_lines_add_up_whatever_comes_and_in_any_order() -> None:
    rng = Random(11)
    kinds = ["penalty", "penalty", "penalty", "dishonest_debtor", "breach", "commitment_kept", "honour", "permit", "serious_list"]
    for _ in range(200):
        records = [
            record(
                rng.choice(kinds), (date(2015, 1, 1) + timedelta(days=rng.randrange(4000))).isoformat(), ref=f"r{i}",
                level=rng.choice(["minor", "general", "serious", "particular"]), listed=rng.random() < 0.2, continuing=rng.random() < 0.1,
            )
            for i in range(rng.randrange(12))
        ]  # fmt: skip
        on = date(2016, 1, 1) + timedelta(days=rng.randrange(4000))
        found = score(FIRM, records, policy(), on)
        assert sum((line.points for line in found.lines), Decimal(0)) == found.points
        assert 0 <= found.points <= 120
        assert all(line.words for line in found.lines)
        again = records[:]
        rng.shuffle(again)
        assert score(FIRM, again, policy(), on) == found
        # Every record known by then that counts has its line; nothing else has.
        scored = {r.ref for r in records if r.decided_on <= on and r.kind != "permit"}
        assert {line.ref for line in found.lines} - {""} == scored
        # A further penalty never raises the score.
        more = [*records, record(on=(on - timedelta(days=1)).isoformat(), ref="新")]
        assert score(FIRM, more, policy(), on).points <= found.points
