"""The sample city as a place one can believe: right numbers, magnitudes of Hangzhou 2016, same bytes for same arguments, flat memory."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import textwrap
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from xihu.sample import generate, ids
from xihu.sample.city import shares
from xihu.sample.dates import add_years
from xihu.sample.plants import RECIPES

# identifiers.md 1.1 and 1.2
VALID_IDS = [
    "11010519491231002X",
    "440524188001010014",
    "339005197806060159",
    "330125195011301047",
    "33018419980520102X",
    "33010619500101001X",
]
VALID_USCC = ["91330100799655058B", "91330100716105852F", "91110000600037341L", "913300002539329145"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("city")
    generate(home / "landing", persons=20_000, seed=1, months=3)
    return home


def truth(city: Path, name: str) -> list[dict[str, str]]:
    with (city / "truth" / f"{name}.csv").open(encoding="utf-8") as f:
        return list(csv.DictReader(f))


def digest(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_check_digits_of_published_vectors() -> None:
    for number in VALID_IDS:
        assert ids.check_digit(number[:17]) == number[17]
    for code in VALID_USCC:
        assert ids.uscc(code[0], code[1], code[2:8], code[8:16]) == code


def test_prefix_follows_the_year_of_registration() -> None:
    years = {1985: "330121", 1988: "339005", 1995: "330181", 2005: "330109"}
    assert {y: ids.prefix_of("330109", y) for y in years} == years
    assert ids.prefix_of("330110", 1993) == "330125"


def test_minted_numbers_never_repeat() -> None:
    mint = ids.Mint()
    drawn = [mint.draw("330106", 1960, 1)[0] for _ in range(60_000)] + [mint.on("330106", date(1960, 2, 29), 1) for _ in range(90)]
    assert len(set(drawn)) == len(drawn)
    assert all(int(n[16]) % 2 == 1 and date(int(n[6:10]), int(n[10:12]), int(n[12:14])).year == 1960 for n in drawn)


def test_birthday_of_a_leap_day() -> None:
    assert add_years(date(1936, 2, 29), 80) == date(2016, 2, 29)
    assert add_years(date(1956, 2, 29), 61) == date(2017, 3, 1)


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate(tmp_path / name / "landing", persons=2_500, seed=9, months=1)
    generate(tmp_path / "c" / "landing", persons=2_500, seed=10, months=1)
    a, b, c = (digest(tmp_path / x) for x in "abc")
    assert a == b
    assert any(name.endswith(".xlsx") for name in a)
    assert a != c


def test_truths_stay_out_of_the_landing_tree(city: Path) -> None:
    files = [p.name for p in (city / "landing").rglob("*") if p.is_file()]
    assert not set(files) & {p.name for p in (city / "truth").iterdir()}
    assert not [p for p in city.iterdir() if p.name.startswith(".")], "work files left behind"


def test_refuses_to_write_over_a_city(city: Path) -> None:
    with pytest.raises(ValueError, match="not empty"):
        generate(city / "landing", persons=2_000)
    with pytest.raises(ValueError, match="thirteen districts"):
        generate(city / "other", persons=10)


def test_magnitudes_of_the_city(city: Path) -> None:
    """Within a tenth (shares of small groups: a fifth) of extracts.md 2.0 and the facts of the plan's year, scaled to the persons made."""
    people = truth(city, "persons")
    at = date(2016, 12, 31)
    born = [date.fromisoformat(p["birth_date"]) for p in people]
    local = [p for p in people if p["local"] == "true"]
    ages = [at.year - b.year - ((at.month, at.day) < (b.month, b.day)) for b, p in zip(born, people, strict=True) if p["local"] == "true"]
    scale = 7_360_000 / len(local)
    assert len({p["id18"] for p in people}) == len(people)

    def near(value: float, target: float, share: float = 0.1) -> None:
        assert abs(value - target) <= share * target, (value, target)

    near(len(local) / len(people), 0.736, 0.02)
    near(sum(a >= 60 for a in ages) / len(ages), 0.216)
    assert 0.033 <= sum(a >= 80 for a in ages) / len(ages) <= 0.041
    near(len(local) / len({p["household"] for p in local}), 2.7)
    near(sum(p["dibao"] == "true" for p in local) / len(local), 0.010, 0.3)
    near(sum(p["disability"] != "" for p in local) / len(local), 0.025, 0.2)
    totals = Counter[str]()
    for t in truth(city, "totals"):
        totals[t["resource"]] += int(t["records"])
    pensions = totals["rs__employee_pension"] / 4 * scale  # three months and one batch sent again
    residents = totals["rs__resident_pension"] / 3 * scale
    assert 20e6 <= (pensions + residents) * 12 <= 25e6, (pensions, residents)
    near(totals["yb__medical_register"] / 3 * scale, 8.9e6)
    near(totals["wj__birth_certificate"] / 3 * 12 * scale, 82e3, 0.35)
    assert 45e3 * 0.7 <= totals["wj__death_certificate"] / 3 * 12 * scale <= 70e3 * 1.2


def test_districts_have_their_shares() -> None:
    made = {code: registered for code, registered, _ in shares(1_000_000)}
    assert sum(r + f for _, r, f in shares(1_000_000)) == pytest.approx(1_000_000, abs=20)
    assert made["330109"] > made["330110"] > made["330106"] > made["330103"] > made["330108"]
    assert set(made) == {
        *["330102", "330103", "330104", "330105", "330106", "330108", "330109", "330110", "330111", "330122", "330127", "330182", "330185"]
    }


def test_gaps_are_believable_and_enough(city: Path) -> None:
    entitled, gaps = Counter[str](), Counter[str]()
    for r in truth(city, "entitlement"):
        entitled[r["programme"]] += r["entitled"] == "yes"
        gaps[r["programme"]] += r["gap"] == "true"
    for programme in ("W9", "W12a", "W12b"):
        assert gaps[programme] >= 50
        assert 0.02 <= gaps[programme] / entitled[programme] <= 0.09, (programme, gaps, entitled)


def test_every_near_miss_is_planted_and_named(city: Path) -> None:
    notes = {r["note"].split("@")[0] for r in truth(city, "entitlement")}
    assert set(RECIPES) <= notes, set(RECIPES) - notes


def test_near_misses_differ_by_one_unit(city: Path) -> None:
    """Read from the truths: what one day, one year of contributions or one month changes."""
    rows = {}
    for r in truth(city, "entitlement"):
        tag, _, month = r["note"].partition("@")
        if r["month"][:7] == month and r["programme"].lower() == tag.split("_")[0]:
            rows[tag] = (r["entitled"], r["gap"], r["reason_not_gap"])
    assert rows["w9_80_tomorrow"] == ("no", "false", "")
    assert rows["w9_80_today"] == ("yes", "false", "record_lag")
    assert rows["w9_80_30_days_ago"][2] == "record_lag"
    assert rows["w9_80_31_days_ago"] == ("yes", "true", "")
    assert rows["w9_died_today"][:2] == ("no", "false")
    assert rows["w9_died_tomorrow"] == ("yes", "true", "")
    assert rows["w9_zero_amount"] == rows["w9_paid_month_before"] == ("yes", "true", "")
    assert rows["w9_refused_today"][2] == "refused"
    assert rows["w9_refused_tomorrow"] == rows["w9_refused_another"] == ("yes", "true", "")
    assert rows["w12b_14_years"] == ("no", "false", "")
    assert rows["w12b_15_years"] == ("yes", "true", "")
    assert rows["w12b_born_1949_12_31"][1] == rows["w12b_born_1950_01_01"][1] == rows["w12b_born_1951_paid_2010"][1] == "true"
    assert rows["w12b_born_1951_not_2010"] == ("no", "false", "")
    assert rows["w12b_elsewhere_until_today"][2] == "covered_elsewhere"
    assert rows["w12b_elsewhere_until_yesterday"][1] == "true"
    assert rows["w12a_60_today"][0] == "no"
    assert rows["w12a_60_tomorrow"][:2] == ("yes", "true")
    assert rows["w12a_16_today"] == ("yes", "false", "record_lag")
    assert rows["w12a_school_until_today"][0] == "no"
    assert rows["w12a_school_until_yesterday"] == ("yes", "false", "record_lag")
    assert rows["w12a_job_until_today"][0] == rows["w12a_job_from_today"][0] == "no"
    assert rows["w12a_job_from_tomorrow"][:2] == ("yes", "true")
    assert rows["w12a_joined_today"] == ("yes", "false", "")
    assert rows["w12a_joined_tomorrow"] == ("yes", "true", "")


def test_memory_does_not_grow_with_the_city(tmp_path: Path) -> None:
    """Peak memory of a city four times as large stays within 40 MB (whole households of 30,000 more persons would take over 100)."""
    code = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from xihu.sample import generate
        generate(Path(sys.argv[1]) / "landing", persons=int(sys.argv[2]), seed=4, months=1)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        """
    )
    peak = {
        n: int(subprocess.run([sys.executable, "-c", code, str(tmp_path / n), n], check=True, capture_output=True, text=True).stdout)
        for n in ("10000", "40000")
    }
    assert peak["40000"] - peak["10000"] < 40, peak
