"""The sample city: one consistent world, streamed district by district, household by household, into the extracts of its departments."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np

from xihu.sample import ids, lives, names, oracle, plants
from xihu.sample.dates import Window, month_end, window
from xihu.sample.deliver import Courier, Truths
from xihu.sample.dirt import REASON, Dirt
from xihu.sample.extracts import enterprises, everything
from xihu.sample.people import MEN, Household, Person, draw_age, households, make_person
from xihu.sample.resources import RESOURCES
from xihu.sample.spool import Spool
from xihu.sample.themes import DEMO, World
from xihu.sample.themes import files as theme_files
from xihu.sample.themes.land import land

BLOCK = 320
KNOWN = 1_500  # persons whom the extracts of the themes speak of, about
REGISTERED = 0.736  # share of registered persons among all whom the city knows
PERSON_HEADER = [
    "id18", "household", "sex", "birth_date", "death_date", "death_known", "local", "registered_on", "district", "employee", "retired",
    "resident_scheme", "resident_pension_from", "elderly_allowance_from", "school", "disability", "dibao", "latent_income", "latent_care",
    "lapse_probability", "paid_years", "note",
]  # fmt: skip

Progress = Callable[[str, int, int], None]


def _rng(seed: int, *place: int) -> Random:
    state = np.random.SeedSequence(entropy=seed, spawn_key=place).generate_state(4, np.uint64)
    return Random(int.from_bytes(state.tobytes(), "big"))


def shares(persons: int) -> list[tuple[str, int, int]]:
    """(district, registered, floating) persons; together `persons`."""
    hukou = sum(d[1] for d in ids.DISTRICTS.values())
    floating = sum(d[2] for d in ids.DISTRICTS.values())
    return [
        (code, round(persons * REGISTERED * d[1] / hukou), round(persons * (1 - REGISTERED) * d[2] / floating))
        for code, d in ids.DISTRICTS.items()
    ]


def stream(persons: int, seed: int, w: Window, copies: int = 1) -> Iterator[Household]:
    """All households of the city, one after another; nothing is kept but the counters of the id mint."""
    mint = ids.Mint()
    places = list(ids.DISTRICTS)
    today = w.first - timedelta(days=1)
    for d, (district, registered, floating) in enumerate(shares(persons)):
        yield from plants.plant(mint, _rng(seed, d, 2), district, d, len(places), w, copies)
        for kind, total in ((0, registered), (1, floating)):
            for b in range(-(-total // BLOCK) if total else 0):
                rng = _rng(seed, d, kind, b)
                n = min(BLOCK, total - b * BLOCK)
                yield from block(mint, rng, district, kind == 0, n, b, today, w)


def block(mint: ids.Mint, rng: Random, district: str, local: bool, n: int, number: int, today: date, w: Window) -> Iterator[Household]:
    """The households of one block, with their lives."""
    people = []
    for _ in range(n):
        age = draw_age(rng, local)
        men = people_share(age)
        people.append(make_person(mint, rng, district, local, age, 1 if rng.random() * 100 < men else 2, today))
    together = 0.55 if ids.DISTRICTS[district][4] < 0.1 else 0.8
    for h in households(people, today, rng, f"{district}{'' if local else 'L'}{number:05d}", together):
        lives.settle(h, w, rng)
        if local:
            births(mint, rng, h, w)
        yield h


def people_share(age: int) -> int:
    """Men per hundred at that age."""
    return MEN[min(age // 5, 20)]


def births(mint: ids.Mint, rng: Random, h: Household, w: Window) -> None:
    """A child of the window for about one couple in a hundred and thirty each month."""
    for mother in list(h.members):
        if mother.sex == 2 and mother.spouse in h.members and 22 <= mother.age(w.first) <= 38 and mother.alive(w.last):
            if rng.random() > 0.0082 * len(w.months):
                continue
            day = w.any_day(rng)
            sex = 1 if rng.random() < 0.525 else 2
            father = mother.spouse
            assert father is not None
            family = next((s for s in (father.name[:2], father.name[:1]) if s in names.SURNAMES), father.name[:1])
            name = family + names.given(rng, sex, day.year)
            child = Person(mint.on(ids.prefix_of(h.district, day.year), day, sex), name, sex, day, h.district, True)
            child.mother, child.father, child.born_in_window = mother, father, True
            child.relation, child.education = ("20" if sex == 1 else "30"), "90"
            child.house_no, child.street, child.address, child.farm = h.no, mother.street, mother.address, mother.farm
            child.registered_on = day + timedelta(days=4 + rng.randrange(35))
            child.key = rng.getrandbits(48)
            child.medical, child.medical_since = "resident_medical", child.registered_on
            h.members.append(child)
            return


def generate(
    out: Path,
    persons: int = 20_000,
    seed: int = 1,
    months: int = 3,
    start: date = date(2016, 10, 1),
    progress: Progress | None = None,
    truth: Path | None = None,
    oversample: int = 1,
    dirt_rate: float = 1.0,
    themes: Literal["none", "demo", "all"] = "none",
) -> Path:
    """Writes the city's extracts under `out` and the truths beside it (default `<out>/../truth`); returns the folder of truths.

    `out/<instant>/<dept>/<file>`: the folder of a delivery is its time of arrival in ISO 8601 basic form, such as `20161103T091500+0800`.
    The same arguments give the same bytes. `oversample` multiplies the planted cases, `dirt_rate` the dirt (0 = clean files). `themes`: the
    small extracts of the plan's 25 blocks, all of them or those that the demo takes in; their planted faults do not depend on `dirt_rate`.
    Memory does not grow with `persons`. Raises ValueError for fewer than 2,000 persons or a folder that is not empty.
    """
    if persons < 2_000:
        raise ValueError(f"persons={persons}: a city of fewer than 2,000 has no thirteen districts worth the name")
    if months < 1:
        raise ValueError(f"months={months}: at least one")
    if out.exists() and any(out.iterdir()):
        raise ValueError(f"{out} is not empty: give a new folder, deliveries are never overwritten")
    out.mkdir(parents=True, exist_ok=True)
    truth = truth or out.parent / "truth"
    w = window(start.replace(day=1), months, persons)
    tell = progress or (lambda stage, done, total: None)
    work = Path(tempfile.mkdtemp(prefix=".sample-", dir=out.parent))
    truths = Truths(truth)
    try:
        spool, dirt = Spool(work), Dirt(seed, dirt_rate)
        known = _people(persons, seed, w, oversample, spool, dirt, truths, tell)
        courier = Courier(out, spool, dirt, w, truths)
        courier.history()
        for k in range(months):
            tell("deliveries", k, months)
            courier.month(k)
        tell("deliveries", months, months)
        if themes != "none":
            land((f for f in theme_files(World(seed, w, known)) if themes == "all" or f.resource in DEMO), out, truths)
    finally:
        truths.close()
        shutil.rmtree(work, ignore_errors=True)
    return truth


def _people(persons: int, seed: int, w: Window, copies: int, spool: Spool, dirt: Dirt, truths: Truths, tell: Progress) -> list[Person]:
    """Rows and truths of everybody; returns about `KNOWN` of them."""
    known: list[Person] = []
    every = max(1, persons // KNOWN)
    counts: Counter[tuple[int, str, str]] = Counter()
    quarantined = {name for name in REASON if name != "identical_copy"}
    serial = [0]

    def emit(resource: str, slot: int, district: str, cells: list[str], p: Person | None) -> None:
        serial[0] += 1
        key = (p.key if p else 0) ^ (
            hash_cells(cells) if resource.startswith(("rs__insurance", "rs__resident_contribution", "jy__")) else 0
        )
        name = dirt.pick(RESOURCES[resource], slot, key)
        if name and p and name in quarantined:
            p.dirty.add(resource)
        spool.add(resource, slot, district, name, p.id18 if p else "", cells)
        if p and resource == "ga__household_register":
            counts[slot, district, "total"] += 1
            counts[slot, district, "men"] += p.sex == 1
            counts[slot, district, "elderly"] += p.age(month_end(w.months[slot])) >= 60
            counts[slot, district, "households"] += p.relation == "02"
        elif resource == "ga__floating_population":
            counts[slot, district, "floating"] += 1

    done = 0
    for h in stream(persons, seed, w, copies):
        everything(h, w, emit)
        for p in h.members:
            for row in oracle.truths(p, w):
                truths.row("entitlement", row, oracle.HEADER)
            truths.row("persons", _person(p, h, w), PERSON_HEADER)
            if p.key % every == 0:
                known.append(p)
        done += len(h.members)
        if done % 5_000 < len(h.members):
            tell("people", done, persons)
    for k, month in enumerate(w.months):
        t = month_end(month)
        for district in ids.DISTRICTS:
            for cells in enterprises(district, w.firms, t, k):
                spool.add("sc__enterprise", k, district, dirt.pick(RESOURCES["sc__enterprise"], k, hash_cells(cells)), "", cells)
            c = [str(counts[k, district, x]) for x in ("households", "total", "men")]
            women = counts[k, district, "total"] - counts[k, district, "men"]
            rest = [str(women), str(counts[k, district, "elderly"]), str(counts[k, district, "floating"])]
            spool.add("tj__population_report", k, district, "", "", [ids.DISTRICTS[district][0], *c, *rest, month.isoformat()])
    spool.flush()
    return known


def hash_cells(cells: list[str]) -> int:
    """48 bits that depend on the first cells alone, the same in every run."""
    x = 0
    for c in cells[:6]:
        for ch in c:
            x = (x * 1_000_003 + ord(ch)) & 0xFFFFFFFFFFFF
    return x


def _person(p: Person, h: Household, w: Window) -> list[str]:
    t = w.last
    return [
        p.id18, h.no, str(p.sex), p.birth.isoformat(), p.death.isoformat() if p.death else "", str(oracle.death_known(p, w)).lower(),
        str(p.local).lower(), p.registered_on.isoformat(), p.at(t), str(any(s.end is None or s.end >= t for s in p.employee)).lower(),
        p.retired.isoformat() if p.retired else "", p.resident[-1].status if p.resident else "",
        p.resident_from.isoformat() if p.resident_from else "", p.elderly_from.isoformat() if p.elderly_from else "",
        p.school[-1].stage if p.school else "", "".join(p.disability[:2]) if p.disability else "", str(h.dibao is not None).lower(),
        f"{p.income:.3f}", f"{p.care:.3f}", f"{p.lapse:.4f}", " ".join(str(y) for y in sorted({*p.old_years, *p.contributions})),
        ";".join(f"{k}={v}" for k, v in sorted(p.notes.items())),
    ]  # fmt: skip
