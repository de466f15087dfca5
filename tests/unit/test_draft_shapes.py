"""Drafts of files whose shape hides their columns: margins, steps of a procedure, lines cut short, fillings, covers."""

from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZipFile

import pytest
import xlsxwriter
import yaml
from reader_helpers import citizen

from xihu.bronze.formats import csv as csv_reader
from xihu.bronze.formats import xml as xml_reader
from xihu.bronze.schema import Inspection
from xihu.contract.draft import draft
from xihu.contract.models import Contract


def drafted(path: Path) -> Contract:
    return Contract.model_validate(yaml.safe_load(draft(path, dept="sy"))).placed("sy", "shiyan")


def types(contract: Contract) -> dict[str, str]:
    return {f.title: f.type for f in contract.fields.values()}


def test_a_column_without_a_title_is_no_field(tmp_path: Path) -> None:
    path = tmp_path / "设备_201610.csv"
    lines = ["\t设备编号,区县,,安装日期,"] + [f"\t33010020000000{i:04d},330106,,2016-10-{i:02d},," for i in range(1, 29)]
    path.write_text("\n".join(lines) + "\n", "gb18030")
    made = drafted(path)
    assert types(made) == {"设备编号": "text", "区县": "division", "安装日期": "date"} or types(made)["区县"] == "text"
    assert isinstance(csv_reader.inspect(path, made), Inspection)
    path.write_text("\n".join(line.replace(",,2016", ",备注,2016") for line in lines), "gb18030")
    assert "第 3 列没有标题却有内容" in draft(path, dept="sy")


def test_a_guarding_tab_is_no_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "数_201610.csv"
    path.write_text("\t编号,数量,数额\n" + "".join(f'\t{i},{i},"{i},000"\n' if i % 2 else f"\t{i},{i},{i}\n" for i in range(40)), "utf-8")
    assert drafted(path).delivery.delimiter == ","


STEPS = ("登记", "拟办", "办结")


def _document(i: int) -> str:
    steps = "".join(f'<环节 名称="{s}" 时间="2016-10-{i % 20 + n + 1:02d} 09:00:00"/>' for n, s in enumerate(STEPS[: 2 + i % 2]))
    return f'<公文 文号="函〔2016〕{i}号"><标题>关于第{i}件事的通知</标题><办理>{steps}</办理></公文>'


def test_steps_of_a_procedure_are_columns_of_the_record(tmp_path: Path) -> None:
    path = tmp_path / "公文_201610.xml"
    path.write_text("<?xml version='1.0' encoding='UTF-8'?><交换><列表>" + "".join(map(_document, range(60))) + "</列表></交换>", "utf-8")
    made = drafted(path)
    assert made.delivery.message and made.delivery.message.record == "公文"
    found = types(made)
    assert {t: found[t] for t in ("登记时间", "拟办时间", "办结时间")} == dict.fromkeys(("登记时间", "拟办时间", "办结时间"), "datetime")
    assert {"文号", "标题"} <= found.keys() and len(found) == 5
    judged = xml_reader.inspect(path, made)
    assert isinstance(judged, Inspection)
    (batch,) = xml_reader.read(path, made, judged)
    cells = batch.to_pylist()[1]["_cells"]
    assert "2016-10-04 09:00:00" in cells and batch.num_rows == 60


@pytest.mark.parametrize("by", ['序号="{n}"', 'id="33010619520101{n:04d}"', '关系="子女"'])
def test_members_of_a_family_are_records(tmp_path: Path, by: str) -> None:
    path = tmp_path / "家庭_201610.xml"
    people = [[f"<成员 {by.format(n=n + 7 * k * ('id' in by))} 姓名='王五'/>" for n in range(1, 4)] for k in range(40)]
    path.write_text("<a>" + "".join(f"<家庭><编号>{i}</编号>{''.join(p)}</家庭>" for i, p in enumerate(people)) + "</a>", "utf-8")
    made = drafted(path)
    assert made.delivery.message and made.delivery.message.record == "成员"


def test_named_values_are_columns(tmp_path: Path) -> None:
    path = tmp_path / "表单_201610.xml"
    one = "<row><field name='xm'>王{i}</field><field name='csrq'>1952010{d}</field></row>"
    path.write_text("<rows>" + "".join(one.format(i="一二三四"[i % 4], d=i % 9 + 1) for i in range(60)) + "</rows>", "utf-8")
    made = drafted(path)
    assert types(made)["csrq"] == "date" and [f.path for f in made.fields.values()] == ["field[@name='xm']", "field[@name='csrq']"]


def test_lines_cut_by_values_tell_nothing_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "工单_201610.txt"
    whole = [f"{i:06d}|2016-10-{i % 28 + 1:02d} 08:00:00|文三路{i}号|{i}.50" for i in range(100)]
    broken = [line.replace("文三路", "文三路\n") if i % 4 == 0 else line for i, line in enumerate(whole)]
    path.write_text("\n".join(broken) + "\n", "utf-8")
    assert list(types(drafted(path)).values())[1] == "datetime"


def test_fillings_and_signs_show_the_borders_of_fixed_fields(tmp_path: Path) -> None:
    path = tmp_path / "站_201610.txt"
    lines = []
    for i in range(200):
        heat, wind, rain = f"{'+-'[i % 2]}{137 + i:04d}", f"{i * 7 % 360:03d}", f"{i * 11 % 250:05d}"
        if i % 20 == 3:
            heat = "/////"
        if i % 25 == 4:
            wind = "///"
        if i % 30 == 5:
            rain = "/////"
        lines.append(f"58457201610{i // 24 + 1:02d}{i % 24:02d}00{heat}{wind}{rain}")
    path.write_text("\n".join(lines) + "\n", "ascii")
    made = drafted(path)
    spans = {(f.start, f.width): f.type for f in made.fields.values()}
    assert {(6, 12): "datetime", (18, 5): "number", (23, 3): "number", (26, 5): "number"}.items() <= spans.items()


def test_a_batch_number_before_an_id_is_no_moment(tmp_path: Path) -> None:
    path = tmp_path / "批_201610.txt"
    path.write_text("".join(f"20161111{i % 13 + 1:02d}{citizen(i)}{i * 997:010d}\n" for i in range(150)), "ascii")
    assert {(f.start, f.width): f.type for f in drafted(path).fields.values()}[11, 18] == "citizen_id"


def test_a_cover_before_the_data(tmp_path: Path) -> None:
    path, out = tmp_path / "表_201610.xlsx", io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for name, rows in (
        ("说明", [["填报要求", "按月填报"], ["联系", "统计科"]]),
        ("数据", [["名称", "户数"], *[[f"路{i}", i] for i in range(50)]]),
    ):
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows):
            sheet.write_row(r, 0, row)
    book.close()
    path.write_bytes(out.getvalue())
    assert ZipFile(path).testzip() is None
    made = drafted(path)
    assert types(made) == {"名称": "text", "户数": "integer"} and not (made.delivery.layout and made.delivery.layout.sheet_field)
