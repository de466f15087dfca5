"""Reference tables from conf: divisions by year, parameters by date and area, programme headers, resources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xihu.contract.load import Catalogue
from xihu.contract.policy import load_parameters, load_programmes
from xihu.gold.schema import Shape
from xihu.gold.sync import Change, prints
from xihu.lake import tables
from xihu.standards.geographies import crosswalk_rows, street_rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DIVISION = Shape(
    "gold.division",
    "行政区划（按年份）",
    (
        ("code", "STRING", "区划代码（GB/T 2260）"),
        ("name", "STRING", "名称"),
        ("valid_from", "DATE", "启用日期（含）"),
        ("valid_to", "DATE", "停用日期（不含），空为现行"),
        ("successor", "STRING", "继任代码，多个以分号分隔"),
        ("level", "STRING", "级别：prefecture 市，county 区县"),
    ),
)
STREET = Shape(
    "gold.street",
    "街道乡镇（按年份）",
    (
        ("code", "STRING", "统计用区划代码"),
        ("name", "STRING", "名称"),
        ("valid_from", "DATE", "启用日期（含），空为起始"),
        ("valid_to", "DATE", "停用日期（不含），空为现行"),
        ("successor", "STRING", "继任代码，多个以分号分隔"),
        ("division", "STRING", "所属区县代码"),
        ("kind", "STRING", "类别：街道、镇、乡"),
    ),
)
CROSSWALK = Shape(
    "gold.division_crosswalk",
    "区划对照：某一时期的街道、功能区、区县在另一时期属于哪里",
    (
        ("level", "STRING", "级别：street 街道，functional_area 功能区，district 区县"),
        ("from_code", "STRING", "原代码"),
        ("from_name", "STRING", "原名称"),
        ("from_date", "DATE", "原时期首日，空为最早时期"),
        ("to_date", "DATE", "目标时期首日，空为最早时期"),
        ("from_division", "STRING", "原属区县代码"),
        ("to_street", "STRING", "对应街道代码，空为拆分或不是一个街道"),
        ("to_division", "STRING", "对应区县代码，空为分属几个区县"),
        ("to_name", "STRING", "对应区县名称"),
        ("parts", "STRING", "分属的各区县代码"),
        ("figures", "BOOLEAN", "人数、金额可否整体计入对应区县"),
    ),
)
PARAMETER = Shape(
    "gold.parameter",
    "政策参数（按日期和地区）",
    (
        ("name", "STRING", "参数"),
        ("area", "STRING", "适用地区代码，空为全市"),
        ("valid_from", "DATE", "生效日期（含）"),
        ("valid_to", "DATE", "失效日期（不含），空为现行"),
        ("value", "DECIMAL(18,4)", "数值"),
        ("unit", "STRING", "单位"),
        ("source", "STRING", "出处"),
        ("confidence", "STRING", "可信程度：C 已核实，C-law 法条，M 待核实，M? 存疑"),
    ),
)
PROGRAMME = Shape(
    "gold.programme",
    "保障项目",
    (
        ("programme", "STRING", "项目编号"),
        ("title", "STRING", "名称"),
        ("law", "STRING", "法律依据"),
        ("owner", "STRING", "主管部门"),
        ("grain", "STRING", "粒度"),
        ("valid_from", "DATE", "施行日期"),
        ("valid_to", "DATE", "终止日期，空为现行"),
        ("covering", "STRING", "判断已保障所用的来源"),
        ("sources", "STRING", "用到的来源，逗号分隔"),
        ("payment_kind", "STRING", "对应的待遇种类，空为无"),
    ),
)
CODE = Shape(
    "gold.code",
    "代码表",
    (
        ("list", "STRING", "代码表"),
        ("code", "STRING", "代码"),
        ("name", "STRING", "名称"),
        ("valid_from", "DATE", "启用日期（含）"),
        ("valid_to", "DATE", "停用日期（不含），空为现行"),
    ),
)
RESOURCE = Shape(
    "gold.resource",
    "信息资源",
    (
        ("resource", "STRING", "资源"),
        ("title", "STRING", "名称"),
        ("provider", "STRING", "提供部门"),
        ("update_cycle", "STRING", "更新周期"),
        ("tz", "STRING", "时区"),
        ("per_division", "BOOLEAN", "按区县交付"),
        ("arrival_days", "INT", "期末后应到天数"),
        ("register", "BOOLEAN", "是否户籍登记的首要来源"),
    ),
)
FIELD = Shape(
    "gold.field",
    "信息资源的字段与核对",
    (
        ("resource", "STRING", "资源"),
        ("field", "STRING", "字段或核对的代码"),
        ("kind", "STRING", "类别：field 字段，check 核对"),
        ("title", "STRING", "名称"),
        ("type", "STRING", "字段类型"),
        ("required", "BOOLEAN", "是否必填"),
    ),
)


def _programme_rows(conf: Path) -> list[tuple[Any, ...]]:
    return [
        (p.programme, p.title, p.law, p.owner, p.grain, p.in_force.from_, p.in_force.to, p.covering, ",".join(p.sources), p.payment_kind)
        for p in load_programmes(conf).values()
    ]


def _parameter_rows(conf: Path) -> list[tuple[Any, ...]]:
    return [(p.name, p.area or None, p.valid_from, p.valid_to, p.value, p.unit, p.source, p.confidence) for p in load_parameters(conf)]


def _code_rows(catalogue: Catalogue) -> list[tuple[Any, ...]]:
    lists = ((name, codes) for name, codes in catalogue.codes.items() if name not in ("divisions", "divisions_national"))
    return [(name, r.code, r.name, r.valid_from, r.valid_to) for name, codes in lists for r in codes.rows]


def _resource_rows(catalogue: Catalogue) -> list[tuple[Any, ...]]:
    person = catalogue.base.get("person")
    status = person.attributes.get("registration_status") if person else None
    register = {source.split(".")[0] for source in (status.sources[:1] if status else [])}
    rows = []
    for c in catalogue.contracts.values():
        scoped = any(c.fields[f].type == "division" for f in c.delivery.scope)
        rows.append((c.resource, c.title, c.provider.name, c.update, c.tz, scoped, c.expect.arrival_days, c.resource in register))
    return rows


def _field_rows(catalogue: Catalogue) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for c in catalogue.contracts.values():
        rows += [(c.resource, name, "field", f.title, f.type, f.required) for name, f in c.fields.items()]
        rows += [(c.resource, name, "check", check.message or name, None, None) for name, check in c.checks.items() if name not in c.fields]
    return rows


def _division_rows(catalogue: Catalogue) -> list[tuple[Any, ...]]:
    codes = catalogue.codes.get("divisions")
    rows = codes.rows if codes else []
    return [(r.code, r.name, r.valid_from, r.valid_to, ";".join(r.successor) or None, r.extra.get("level")) for r in rows]


def _replace(spark: SparkSession, shape: Shape, rows: list[tuple[Any, ...]], run: int) -> Change:
    """Overwrites the table if it says something else; conf is versioned by git, so no history is kept here."""
    new = tables.local(spark, rows, shape.schema())
    if not spark.catalog.tableExists(shape.table):
        tables.load(new, shape.table, run, shape.spec())
        return Change(shape.table, len(rows), 0)
    tables.ensure(spark, shape.table, shape.schema(), comment=shape.title)
    h1, h2 = prints(shape.names)
    have = {tuple(r) for r in spark.table(shape.table).selectExpr(h1, h2).collect()}
    want = {tuple(r) for r in new.selectExpr(h1, h2).collect()}
    if have == want:
        return Change(shape.table, 0, 0)
    tables.overwrite(new, shape.table, run)
    return Change(shape.table, len(want - have), len(have - want))


def build_reference(spark: SparkSession, catalogue: Catalogue, run: int) -> list[Change]:
    """Brings divisions, streets and their crosswalk, parameters, programmes, resources, fields and codes to what conf says."""
    conf = catalogue.conf
    return [
        _replace(spark, DIVISION, _division_rows(catalogue), run),
        _replace(spark, STREET, [tuple(r) for r in street_rows(catalogue.codes)], run),
        _replace(spark, CROSSWALK, [tuple(r) for r in crosswalk_rows(catalogue.codes, catalogue.crosswalks)], run),
        _replace(spark, PARAMETER, _parameter_rows(conf), run),
        _replace(spark, PROGRAMME, _programme_rows(conf), run),
        _replace(spark, RESOURCE, _resource_rows(catalogue), run),
        _replace(spark, FIELD, _field_rows(catalogue), run),
        _replace(spark, CODE, _code_rows(catalogue), run),
    ]
