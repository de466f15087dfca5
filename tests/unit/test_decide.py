"""A decision about who is who needs two people with two passwords, and leaves an event that names nobody."""

from __future__ import annotations

import csv
import shutil
from datetime import UTC, datetime
from pathlib import Path

import bcrypt
import pytest

from xihu.gold.decision import Decision
from xihu.gold.identity.decisions import Row, bonds, merge_lines, references, split_lines, standing
from xihu.gold.identity.desk import Desk, masked
from xihu.gold.identity.numbers import Book, Entry
from xihu.settings import settings
from xihu.share.decide import DecisionRefused, Signatory, decide

CONF = Path(__file__).resolve().parents[2] / "conf"
USERS = ("caseworker", "caseworker@casework", "caseworker_xihu", "engineer", "admin", "auditor")
NOW = datetime(2016, 11, 5, 2, 3, 4, 56, tzinfo=UTC)
CITY, XIHU = Signatory("caseworker", "pw-caseworker"), Signatory("caseworker_xihu", "pw-caseworker_xihu")


@pytest.fixture
def office(tmp_path, monkeypatch):
    conf = tmp_path / "conf"
    conf.mkdir()
    shutil.copy(CONF / "access.yaml", conf)
    monkeypatch.setenv("XIHU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XIHU_CONF", str(conf))
    etc = tmp_path / "home" / "trino" / "etc"
    etc.mkdir(parents=True)
    lines = [f"{u}:{bcrypt.hashpw(('pw-' + u.split('@')[0]).encode(), bcrypt.gensalt(4)).decode()}" for u in USERS]
    (etc / "password.db").write_text("\n".join(lines) + "\n", "utf-8")
    return settings()


def landed(s) -> list[Path]:
    return sorted(p for p in s.landing.rglob("*.csv")) if s.landing.exists() else []


def test_two_people_hand_in_an_event_without_any_identifier(office):
    event = decide(office, merge_lines(12, 34), "同一人，户口簿已核对", XIHU, CITY, now=NOW)
    (file,) = landed(office)
    assert file.parent.parent.name == "xh" and file.name == f"身份决定_{event}.csv"
    head, row = csv.reader(file.read_text("utf-8").splitlines())
    said = dict(zip(head, row, strict=True))
    assert said["决定"] == "merge" and (said["一方"], said["另一方"]) == ("person:12", "person:34")
    assert (said["经办人"], said["复核人"], said["决定时刻"]) == ("caseworker_xihu", "caseworker", "2016-11-05 10:03:04")
    again = decide(office, [], "弄错了", CITY, XIHU, undoes=event, now=NOW)
    assert again != event and len(landed(office)) == 2


@pytest.mark.parametrize(
    ("by", "second", "reason", "lines", "says"),
    [
        (XIHU, Signatory("caseworker", "wrong"), "核对", merge_lines(1, 2), "口令不对"),
        (Signatory("nobody", "x"), CITY, "核对", merge_lines(1, 2), "口令不对"),
        (CITY, Signatory("caseworker@casework", "pw-caseworker"), "核对", merge_lines(1, 2), "同一人"),
        (CITY, CITY, "核对", merge_lines(1, 2), "同一人"),
        (CITY, Signatory("engineer", "pw-engineer"), "核对", merge_lines(1, 2), "不得决定"),
        (Signatory("auditor", "pw-auditor"), CITY, "核对", merge_lines(1, 2), "不得决定"),
        (Signatory("admin", "pw-admin"), CITY, "核对", merge_lines(1, 2), "不得决定"),
        (CITY, XIHU, "  ", merge_lines(1, 2), "理由"),
        (CITY, XIHU, "号码 330106198508090024 相同", merge_lines(1, 2), "证件号码"),
        (CITY, XIHU, "核对", merge_lines(1, 1), "不同的标识"),
        (CITY, XIHU, "核对", [("split", "citizen_id:33010619500101001X", "person:1")], "不同的标识"),
        (CITY, XIHU, "核对", [], "没有可决定"),
    ],
)
def test_anything_else_is_refused_and_nothing_is_written(office, by, second, reason, lines, says):
    with pytest.raises(DecisionRefused, match=says):
        decide(office, lines, reason, by, second, now=NOW)
    assert landed(office) == []


def test_two_districts_do_not_decide_for_the_city(office):
    text = (office.conf / "access.yaml").read_text("utf-8")
    text = text.replace(
        "caseworker: {role: caseworker, title: 市级经办员}", 'caseworker: {role: caseworker, title: 经办员, division: "330102"}'
    )
    (office.conf / "access.yaml").write_text(text, "utf-8")
    with pytest.raises(DecisionRefused, match="市级"):
        decide(office, merge_lines(1, 2), "核对", CITY, XIHU)


def row(event: str, day: int, kind: str, left: str = "person:1", right: str = "person:2", undoes: str | None = None) -> Row:
    return Row(event, 1, kind, left, right, undoes, "核对", "a", "b", datetime(2016, 11, day))


def test_what_is_undone_does_not_stand_and_undoing_can_be_undone():
    one, two = row("E1", 1, "merge"), row("E2", 2, "split", "person:3", "person:4")
    undo, redo = row("E3", 3, "undo", undoes="E1"), row("E4", 4, "undo", undoes="E3")
    assert standing([undo, one, two]) == [two]
    assert standing([redo, undo, two, one]) == [one, two]


REGISTRY = [
    Entry(1, "created", "citizen_id:33010619500101001X", datetime(2016, 11, 1), 1, 0),
    Entry(2, "created", "mention:00000000000000aa", datetime(2016, 11, 2), 1, 1),
    Entry(1, "attached", "passport:E12345678", datetime(2016, 11, 3), 2, 5),
    Entry(2, "merged", "mention:00000000000000aa", None, 3, 0, 1),
]


def test_references_lead_to_handles_and_back():
    found = references(Book.of(REGISTRY), REGISTRY, 1)
    assert found == {
        "citizen_id:33010619500101001X": "person:1",
        "passport:E12345678": "entry:2.5",
        "mention:00000000000000aa": "mention:00000000000000aa",
    }
    said = [row("E1", 1, "split", "entry:2.5", "person:1"), row("E2", 2, "merge", "person:9", "person:1")]
    assert [(b.left, b.right) for b in bonds(said, REGISTRY)] == [("passport:E12345678", "citizen_id:33010619500101001X")]
    assert isinstance(bonds(said, REGISTRY)[0], Decision)


def test_a_split_parts_every_pair_and_keeps_what_goes_together():
    desk = Desk(REGISTRY, Book.of(REGISTRY), {1: ["mention:00000000000000bb"]}, [])
    apart, rest = desk.parts(2, ["entry:2.5", "mention:00000000000000bb"])
    assert rest == ["mention:00000000000000aa", "person:1"]
    lines = split_lines(apart, rest)
    assert len([x for x in lines if x[0] == "split"]) == 4 and ("merge", "entry:2.5", "mention:00000000000000bb") in lines
    with pytest.raises(ValueError, match="不是编号"):
        desk.parts(1, ["entry:9.9"])
    with pytest.raises(ValueError, match="全部标识"):
        desk.parts(1, [*apart, *rest])


def test_identifiers_are_masked_on_the_desk():
    assert masked("citizen_id:33010619500101001X") == "citizen_id:330*************1X"
    assert masked("mention:00000000000000aa") == "mention:00000000000000aa"
