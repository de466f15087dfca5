"""Who is who in a small city: records with and without numbers, a merge, its undoing, a split, and deliveries in another order."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

CONF = Path(__file__).resolve().parents[2] / "conf"
ZHANG, LI, WANG, ZHAO = "33010619500101001X", "330106198508090024", "11010519491231002X", "330106196001010014"

BASE = """
base: person
title: 人口
attributes:
  name: {title: 姓名, type: person_name, sources: [mz__register.subject, mz__pay.payee]}
  sex: {title: 性别, type: code, codes: sex, pii: quasi, sources: [mz__register.subject]}
  birth_date: {title: 出生日期, type: date, pii: quasi, sources: [mz__register.subject, mz__pay.payee]}
  death_date: {title: 死亡日期, type: date, pii: sensitive, grade: L2, grade_reason: 试验, sources: []}
  registered_division: {title: 户籍区县, type: division, sources: [mz__register.subject]}
"""
CONTRACT = """
code: 306013/09{number:02d}
title: {title}
provider: {{name: 市民政局}}
summary: 试验用
grain: one row per record
share: {{type: unconditional}}
open: {{type: open}}
update: monthly
delivery:
  files: "mz/{prefix}_*.csv"
  format: csv
  encoding: utf-8
  mode: append
key: [no]
fields:
  no:         {{title: 编号, type: text, required: true}}
  id_no:      {{title: 身份证号, type: citizen_id}}
  name:       {{title: 姓名, type: person_name}}
  sex:        {{title: 性别, type: code, codes: sex, map: {{男: "1", 女: "2"}}, pii: quasi}}
  birth_date: {{title: 出生日期, type: date, pii: quasi}}
  phone:      {{title: 电话, type: phone}}
  address:    {{title: 住址, type: text, pii: direct}}
  amount:     {{title: 金额, type: money, unit: 元}}
persons:
  {role}: {{id: id_no, name: name, sex: sex, birth_date: birth_date, phone: phone, address: address, registered_division: "'330106'"}}
{feeds}
"""
FEEDS = "feeds:\n  benefit_payment: {person: id_no, kind: \"'dibao'\", month: \"date'2016-10-01'\", amount: amount, division: \"'330106'\"}"
HEADER = "编号,身份证号,姓名,性别,出生日期,电话,住址,金额"


@pytest.fixture
def town(city):
    """The city with a register, payments and decisions, and gold built on them."""
    mz = city.conf / "catalogue" / "mz"
    mz.mkdir(parents=True)
    (mz / "register.yaml").write_text(CONTRACT.format(number=1, title="登记", prefix="登记", role="subject", feeds=""), "utf-8")
    (mz / "pay.yaml").write_text(CONTRACT.format(number=2, title="发放", prefix="发放", role="payee", feeds=FEEDS), "utf-8")
    shutil.copytree(CONF / "catalogue" / "xh", city.conf / "catalogue" / "xh")
    shutil.copytree(CONF / "policy", city.conf / "policy", ignore=shutil.ignore_patterns("credit.yaml"))
    shutil.copy(CONF / "access.yaml", city.conf)
    (city.conf / "base" / "person.yaml").write_text(BASE, "utf-8")
    for file in (city.conf / "facts").glob("*.yaml"):
        if file.stem != "benefit_payment":
            file.unlink()
    return Town(city)


class Town:
    def __init__(self, city) -> None:
        self.city, self.spark, self.run = city, city.spark, 100

    def send(self, day: int, name: str, *rows: str, header: str = HEADER, dept: str = "mz") -> None:
        from xihu.bronze.deliver import deliver

        path = self.city.raw(name, ("\r\n".join([header, *rows]) + "\r\n").encode())
        deliver([path], received_at=datetime(2016, 11, day, 1, tzinfo=UTC), dept=dept)

    def decide(self, day: int, event: str, *lines: tuple[str, str, str, str]) -> None:
        out = io.StringIO()
        writer = csv.writer(out)
        for i, (kind, left, right, undoes) in enumerate(lines, start=1):
            writer.writerow(
                [event, i, kind, left, right, undoes, "核对无误", "caseworker", "caseworker_xihu", f"2016-11-{day:02d} 10:00:00"]
            )
        header = "事件编号,行号,决定,一方,另一方,撤销的事件,理由,经办人,复核人,决定时刻"
        self.send(day, f"身份决定_{event}.csv", *out.getvalue().splitlines(), header=header, dept="xh")

    def build(self):
        from xihu.gold.build import build_gold

        report = self.city.ingest()
        assert all(r.verdict == "accepted" for r in report.rows), [(r.file, r.verdict, r.reason, r.detail) for r in report.rows]
        self.run += 1
        return build_gold(self.spark, self.run)

    def who(self) -> dict[str, int]:
        """Record (`登记 1`) → person, from gold.person_record."""
        rows = self.spark.table("gold.person_record").where("loaded_to is null").collect()
        names = {"mz__register": "r", "mz__pay": "p"}
        found = {}
        for r in rows:
            silver = self.spark.table(f"silver.{r.resource}").where("_loaded_to is null")
            no = {(s._file, s._row): s.no for s in silver.select("no", "_file", "_row").collect()}[r._file, r._row]
            found[f"{names[r.resource]}{no}"] = r.person_id
        return found

    def paid(self) -> dict[int, int]:
        """Person → yuan, from gold.benefit_payment."""
        rows = self.spark.table("gold.benefit_payment").where("loaded_to is null and known_to is null").collect()
        found: dict[int, int] = {}
        for r in rows:
            found[r.person_id] = found.get(r.person_id, 0) + int(r.amount)
        return found

    def partition(self) -> set[frozenset[str]]:
        groups: dict[int, set[str]] = {}
        for record, person in self.who().items():
            groups.setdefault(person, set()).add(record)
        return {frozenset(g) for g in groups.values()}

    def events(self) -> list[tuple[str, int, int | None, str | None]]:
        rows = self.spark.table("gold.person_registry").collect()
        rows = sorted(rows, key=lambda r: (r.run_id, -1 if r.seq is None else r.seq, r.person_id))
        return [(r.event, r.person_id, r.other_id, r.decided_by) for r in rows]


REGISTER = [
    f"1,{ZHANG},张建国,男,1950-01-01,13805710001,西湖区文三路1号2幢301室,",
    f"2,{LI},李梅,女,1985-08-09,13805710002,西湖区文三路1号2幢302室,",
    f"3,{WANG},王秀英,女,1949-12-31,13805710003,西湖区学院路9号1幢101室,",
]
PAY = [
    f"1,{ZHANG},张建国,男,1950-01-01,,,100",
    # No number: the name in another width, birth, phone and door are Li's.
    "2,,李 梅,女,1985-08-09,13805710002,文三路1号2幢302室,200",
    # No number, and nobody in the register.
    "3,,阿依古丽·买买提,女,1990-03-03,13805710009,西湖区古墩路7号3幢808室,300",
    # Nobody can say who this is.
    "4,,无名氏,,,,,400",
]


def test_records_find_their_people_and_decisions_move_them(town):
    town.send(1, "登记_1.csv", *REGISTER)
    town.send(2, "发放_1.csv", *PAY)
    report = town.build()
    who = town.who()
    assert who["r1"] == who["p1"] and who["r2"] == who["p2"] and "p4" not in who
    assert len(set(who.values())) == 4
    assert town.paid() == {who["r1"]: 100, who["r2"]: 200, who["p3"]: 300, None: 400}
    assert report.unresolved == [("gold.benefit_payment", "person_id", "mz__pay", 1)]
    link = town.spark.table("gold.person_link").where("kind = 'link'").collect()
    assert [(r.left_id, r.right_id) for r in link] == [(who["r2"], who["r2"])]
    assert {r.name for r in town.spark.table("gold.person").where("loaded_to is null").collect()} >= {"李梅", "阿依古丽·买买提"}

    # Nothing new: nothing is written, and payments keep their people though only the facts are computed.
    assert town.build().written == 0
    town.send(3, "发放_2.csv", f"5,{WANG},王秀英,女,1949-12-31,,,50")
    town.build()
    assert town.paid()[who["r2"]] == 200 and town.paid()[who["r3"]] == 50

    # Two people decide that the woman of row 3 is Wang; then that she is not.
    wang, other = who["r3"], who["p3"]
    town.decide(4, "E1", ("merge", f"person:{wang}", f"person:{other}", ""))
    town.build()
    assert town.who()["p3"] == town.who()["r3"] == min(wang, other)
    assert town.paid()[min(wang, other)] == 350
    retired = max(wang, other)
    assert ("merged", retired, min(wang, other), "caseworker caseworker_xihu") in town.events()
    town.decide(5, "E2", ("undo", "", "", "E1"))
    town.build()
    assert town.who() == {**who, "p5": wang}
    assert ("undone", retired, min(wang, other), "caseworker caseworker_xihu") in town.events()

    # … and that the payment without a number is not Li's.
    mention = next(r.id_value for r in town.spark.table("gold.person_registry").where("id_type = 'mention'").collect())
    from xihu.gold.identity.persons import current

    stands = current(town.spark)[1].collect()
    assert len(stands) == 2 and mention in {r.id.split(":")[1] for r in stands}
    two = next(r.id for r in stands if r._row == 2)
    town.decide(6, "E3", ("split", two, f"person:{who['r2']}", ""))
    town.build()
    after = town.who()
    assert after["r2"] == who["r2"] and after["p2"] not in set(who.values()) and town.paid()[after["p2"]] == 200
    created = [n for e, n, _, _ in town.events() if e in ("created", "split")]
    assert len(created) == len(set(created)) == max(created)


def test_shuffled_deliveries_give_the_same_partition(town):
    parts = [
        ("登记_1.csv", REGISTER[:2]),
        ("登记_2.csv", [*REGISTER[2:], f"4,{ZHAO},赵大勇,男,1960-01-01,13805710004,西湖区学院路9号1幢102室,"]),
        ("发放_1.csv", PAY[:3]),
        # The mother's number on a child's payment.
        ("发放_2.csv", [f"6,{LI},陈小宝,男,2016-05-05,13805710002,西湖区文三路1号2幢302室,60"]),
    ]
    for i, (name, rows) in enumerate(parts, start=1):
        town.send(i, name, *rows)
    town.build()
    once = town.partition()
    town.city.forget()
    town.spark.sql("DROP DATABASE IF EXISTS gold CASCADE")
    for i in (2, 3, 0, 1):
        town.send(i + 1, parts[i][0], *parts[i][1])
        town.build()
    assert town.partition() == once
    assert frozenset({"p6"}) in once and frozenset({"r2", "p2"}) in once
