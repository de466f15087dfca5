"""Drafts from several files of one dataset, and files that no contract can be drafted from."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import yaml
from reader_helpers import citizen, inspect, rows
from typer.testing import CliRunner

from xihu.bronze.schema import Inspection
from xihu.cli import app
from xihu.contract.draft import draft
from xihu.contract.drift import files_of
from xihu.contract.guess import Unreadable
from xihu.contract.models import Contract


def write(path: Path, header: str, month: str, n: int = 30) -> Path:
    body = "".join(f"{citizen(i)},张三,{i}.50,{month}\r\n" for i in range(n))
    path.write_bytes(f"{header}\r\n{body}".encode("gb18030"))
    return path


def loaded(text: str) -> Contract:
    return Contract.model_validate(yaml.safe_load(text)).placed("sy", "x")


def test_titles_that_changed_over_the_months(tmp_path: Path) -> None:
    one = write(tmp_path / "补贴_201610.csv", "身份证号码,姓名,补贴金额,发放月份", "201610")
    two = write(tmp_path / "补贴_201611.csv", "身份证号,姓名,补贴金额,发放月份", "201611")
    text = draft([two, one], dept="sy")
    c = loaded(text)
    first = next(iter(c.fields.values()))
    assert (first.title, first.titles, first.type) == ("身份证号", ["身份证号码"], "citizen_id")
    assert "补贴_201610.csv" in text and "身份证号码" in text
    # The month is the same all through each file and another in the next: a whole table a month.
    assert c.delivery.mode == "snapshot" and c.delivery.scope == ["month"] and "month" in c.key
    assert all(c.match("sy", p.name) for p in (one, two))
    for path in (one, two):
        assert isinstance(inspect(path, c), Inspection)
        assert [r["_reason"] for r in rows(path, c)] == [None] * 30


def test_a_column_that_came(tmp_path: Path) -> None:
    one = write(tmp_path / "补贴_201610.csv", "身份证号,姓名,补贴金额,发放月份", "201610")
    two = tmp_path / "补贴_201611.csv"
    body = "".join(f"{citizen(i)},张三,{i}.50,201611,1390571{i:04d}\r\n" for i in range(30))
    two.write_bytes(f"身份证号,姓名,补贴金额,发放月份,联系电话\r\n{body}".encode("gb18030"))
    text = draft([one, two], dept="sy")
    c = loaded(text)
    assert [f.title for f in c.fields.values()][-1] == "联系电话" and list(c.fields.values())[-1].type == "phone"
    assert "联系电话" in text.split("fields:")[0], "the drift is told"
    assert all(isinstance(inspect(p, c), Inspection) for p in (one, two))


def test_files_of_two_datasets_are_refused(tmp_path: Path) -> None:
    one = write(tmp_path / "a.csv", "身份证号,姓名,补贴金额,发放月份", "201610")
    two = tmp_path / "b.json"
    two.write_text('[{"a": 1}, {"a": 2}]', "utf-8")
    with pytest.raises(Unreadable, match=r"a\.csv.*b\.json"):
        draft([one, two])


def test_a_folder_is_its_data_files(tmp_path: Path) -> None:
    for name in ("a_1.txt", "a_1.ctl", ".hidden", "b.shp", "b.dbf", "b.prj"):
        (tmp_path / name).write_bytes(b"x")
    assert [p.name for p in files_of([tmp_path])] == ["a_1.txt", "b.shp"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(Unreadable):
        files_of([tmp_path / "empty"])


def test_gzip_under_the_name_of_a_table(tmp_path: Path) -> None:
    plain = write(tmp_path / "补贴_201610.csv", "身份证号,姓名,补贴金额,发放月份", "201610")
    packed = tmp_path / "packed" / "补贴_201610.csv"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert draft(packed) == draft(plain)


def test_titles_above_the_header_of_a_text_table(tmp_path: Path) -> None:
    plain = write(tmp_path / "补贴_201610.csv", "身份证号,姓名,补贴金额,发放月份", "201610")
    plain.write_bytes("补贴发放表,,,\r\n,,,\r\n".encode("gb18030") + plain.read_bytes())
    c = loaded(draft(plain, dept="sy"))
    assert c.delivery.layout and c.delivery.layout.title_rows == 2
    assert len(rows(plain, c)) == 30


def test_values_cannot_become_lines_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "x_201610.csv"
    path.write_bytes(("编号,说明\r\n" + "".join(f'N{i},"甲\n  mode: {i % 3}"\r\n' for i in range(60))).encode("gb18030"))
    c = loaded(draft(path, dept="sy"))
    assert [f.type for f in c.fields.values()] == ["text", "text"] and len(rows(path, c)) == 60


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "空文件"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc", "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"PK\x03\x04" + bytes(100), "工作簿"),
        (b"\x7fELF" + bytes(300), "二进制"),
        (b'{"code": "00", "data": [', "JSON"),
        (b"<html><body>login</body></html>", "网页"),
    ],
)
def test_files_that_tell_why(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=word):
        draft(path)


def test_the_command(tmp_path: Path) -> None:
    file = write(tmp_path / "补贴_201610.csv", "身份证号,姓名,补贴金额,发放月份", "201610")
    out = tmp_path / "catalogue" / "subsidy.yaml"
    run = CliRunner().invoke(app, ["new-dataset", str(file), "--dept", "sy", "--out", str(out)])
    assert run.exit_code == 0, run.output
    c = loaded(out.read_text("utf-8"))
    # Names are those of the data elements.
    assert c.delivery.folder == "sy" and {"id_no", "name", "month"} <= set(c.fields)
    before = out.read_bytes()
    again = CliRunner().invoke(app, ["new-dataset", str(file), "--out", str(out)])
    assert again.exit_code == 1 and out.read_bytes() == before
    missing = CliRunner().invoke(app, ["new-dataset", str(tmp_path / "没有.csv")])
    assert missing.exit_code == 1 and "没有.csv" in missing.output
