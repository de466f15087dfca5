"""Shapes of gold tables: Spark types of declared columns, their Chinese comments, the system columns beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xihu.contract.derive import SPARK_TYPES, column_name, comment_of
from xihu.contract.models import Base, Column, Fact
from xihu.lake.tables import Spec

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

RECORD = (
    ("resource", "STRING", "来源资源"),
    ("_file", "STRING", "来源文件"),
    ("_row", "BIGINT", "来源文件中的记录序号（从1起）"),
)
VALID = (("valid_from", "DATE", "生效日期（含），空为未知起点"), ("valid_to", "DATE", "失效日期（不含），空为至今"))
KNOWN = (("known_from", "TIMESTAMP", "获知时刻（含）"), ("known_to", "TIMESTAMP", "获知失效时刻（不含），空为现行"))
LOADED = (("loaded_from", "BIGINT", "写入的运行编号"), ("loaded_to", "BIGINT", "被替换的运行编号，空为现行计算"))
SYSTEM = (*RECORD, *VALID, *KNOWN, *LOADED)

_TABLE_TITLES = {"person": "人员", "legal_entity": "法人"}


@dataclass(frozen=True)
class Shape:
    """One table: its name, title and columns (name, Spark type, Chinese comment)."""

    table: str
    title: str
    columns: tuple[tuple[str, str, str], ...]

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.columns]

    @property
    def content(self) -> list[str]:
        """Names without the run numbers: what a row says."""
        return [name for name in self.names if name not in ("loaded_from", "loaded_to")]

    def type(self, name: str) -> str:
        return next(kind for column, kind, _ in self.columns if column == name)

    def spec(self, cluster_by: tuple[str, ...] = ()) -> Spec:
        """What `xihu.lake.tables.load` makes the table of. Gold is read through Trino: no deletion vectors."""
        columns = ", ".join(f"`{name}` {kind} COMMENT '{comment.replace(chr(39), '’')}'" for name, kind, comment in self.columns)
        return Spec(columns, self.title, cluster_by)

    def schema(self) -> StructType:
        from pyspark.sql.types import DataType, StructType

        made = StructType()
        for name, kind, comment in self.columns:
            made.add(name, DataType.fromDDL(kind), True, {"comment": comment})
        return made


def spark_type(kind: str) -> str:
    """Spark SQL type of a declared type."""
    return SPARK_TYPES[kind]


def column_names(columns: Mapping[str, Column]) -> dict[str, str]:
    """Declared name → name in gold: `person` → `person_id`, `employer` → `employer_id`."""
    return {name: column_name(name, column) for name, column in columns.items()}


def fact_shape(fact: Fact) -> Shape:
    """The table of a fact: declared columns, then the system columns."""
    names = column_names(fact.columns)
    own = tuple((names[name], spark_type(c.type), comment_of(c)) for name, c in fact.columns.items())
    return Shape(f"gold.{fact.fact}", fact.title, (*own, *SYSTEM))


def base_shape(base: Base, key: str) -> Shape:
    """The table of a base: its number, the attributes, evidence per attribute (JSON), then the system columns."""
    own = tuple((name, spark_type(a.type), a.title) for name, a in base.attributes.items())
    evidence = ("evidence", "STRING", "各属性的出处（JSON：属性→{resource,file,row}）")
    title = f"{_TABLE_TITLES.get(base.base, base.title)}编号"
    return Shape(f"gold.{base.base}", base.title, ((key, "BIGINT", title), *own, evidence, *SYSTEM))
