"""What follows from a contract or a fact: Spark types and DDL with Chinese comments, Superset labels, Trino masks.

One place turns contract types into engine types, so that silver, gold, dbt sources and masks agree.
"""

from __future__ import annotations

from collections.abc import Mapping

from xihu.contract.models import Column, Contract, Fact, FieldSpec

SPARK_TYPES = {
    "text": "STRING",
    "integer": "BIGINT",
    "number": "DECIMAL(28,8)",
    "money": "DECIMAL(18,2)",
    "date": "DATE",
    "month": "DATE",
    "year": "INT",
    "datetime": "TIMESTAMP",
    "boolean": "BOOLEAN",
    "citizen_id": "STRING",
    "uscc": "STRING",
    "licence_id": "STRING",
    "person_name": "STRING",
    "phone": "STRING",
    "division": "STRING",
    "code": "STRING",
    "geometry": "STRING",
    "person": "BIGINT",
    "entity": "BIGINT",
}
SILVER_SYSTEM = {
    "_delivery_id": ("STRING", "交付批次"),
    "_file": ("STRING", "来源文件"),
    "_row": ("BIGINT", "文件内记录号（从1起，仅数据记录）"),
    "_line": ("BIGINT", "文件内首行号"),
    "_known_from": ("TIMESTAMP", "知悉时间起"),
    "_known_to": ("TIMESTAMP", "知悉时间止（空为至今）"),
    "_loaded_from": ("BIGINT", "装载批次起"),
    "_loaded_to": ("BIGINT", "装载批次止（空为至今）"),
    "_valid_to": ("DATE", "有效期止（登记簿缺行或变更所致）"),
    "_row_hash": ("STRING", "记录内容摘要"),
    "_contract_version": ("STRING", "合同版本"),
    "_repairs": ("STRING", "修复记录（JSON）"),
}
FACT_SYSTEM = {
    "resource": ("STRING", "来源资源"),
    "_file": ("STRING", "来源文件"),
    "_row": ("BIGINT", "文件内记录号"),
    "valid_from": ("DATE", "有效期起"),
    "valid_to": ("DATE", "有效期止（空为至今）"),
    "known_from": ("TIMESTAMP", "知悉时间起"),
    "known_to": ("TIMESTAMP", "知悉时间止（空为至今）"),
    "loaded_from": ("BIGINT", "装载批次起"),
    "loaded_to": ("BIGINT", "装载批次止（空为至今）"),
}


def spark_type(field: FieldSpec | Column) -> str:
    """The Spark SQL type of a field or fact column; money is DECIMAL(18,2) in the currency's main unit."""
    return SPARK_TYPES[field.type]


def label(field: FieldSpec | Column, currency: str = "CNY") -> str:
    """The Chinese label of a column with its unit after conversion: 月保障金额（元）."""
    title = field.title.replace("/", "·")
    if field.type == "money":
        return f"{title}（{'元' if currency == 'CNY' else currency}）"
    return f"{title}（{field.unit}）" if field.unit else title


def comment_of(field: FieldSpec | Column, currency: str = "CNY") -> str:
    """The comment of a column: label, and the code list that explains its values."""
    return label(field, currency) + (f" [代码表 {field.codes}]" if field.codes else "")


def quote(text: str) -> str:
    """A Spark SQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _ddl(columns: Mapping[str, tuple[str, str]]) -> str:
    return ",\n".join(f"  `{name}` {kind} COMMENT {quote(comment)}" for name, (kind, comment) in columns.items())


def silver_columns(contract: Contract) -> dict[str, tuple[str, str]]:
    """Column → (Spark type, comment) of the silver table, system columns last."""
    return {n: (spark_type(f), comment_of(f, contract.currency)) for n, f in contract.fields.items()} | SILVER_SYSTEM


def spark_ddl(contract: Contract) -> str:
    """Column list of the silver table for CREATE TABLE, without parentheses."""
    return _ddl(silver_columns(contract))


def fact_columns(fact: Fact) -> dict[str, tuple[str, str]]:
    """Column → (Spark type, comment) of a fact in gold; a column of type `person` is `<column>_id`, of type `entity` too."""
    named = {column_name(n, c): (spark_type(c), comment_of(c)) for n, c in fact.columns.items()}
    return named | FACT_SYSTEM


def column_name(name: str, column: Column) -> str:
    """The name of a fact's column in gold: `person` → `person_id`, `employer` (entity) → `employer_id`; others as declared."""
    return f"{name}_id" if column.type in ("person", "entity") else name


def fact_ddl(fact: Fact) -> str:
    return _ddl(fact_columns(fact))


def superset_labels(contract: Contract) -> dict[str, str]:
    """Column → verbose_name for Superset datasets."""
    return {name: label(field, contract.currency) for name, field in contract.fields.items()}


# Display masks by kind, as Trino SQL with {c} for the quoted column. The last four of an id tell sex and sequence: with a known birthday a
# person can be found again, so these are for staff, never for publication.
MASKS = {
    "citizen_id": (
        "CASE WHEN length({c}) >= 15 THEN substr({c}, 1, 6) || rpad('', length({c}) - 10, '*') || substr({c}, -4) "
        "WHEN {c} IS NULL THEN NULL ELSE substr({c}, 1, 1) || '***' END"
    ),
    "person_name": (
        "CASE WHEN {c} IS NULL THEN NULL WHEN length({c}) <= 3 THEN substr({c}, 1, 1) || rpad('', greatest(length({c}) - 1, 1), '*') "
        "ELSE substr({c}, 1, 2) || rpad('', length({c}) - 2, '*') END"
    ),
    "phone": (
        "CASE WHEN regexp_like({c}, '^1[3-9][0-9]{{9}}$') THEN substr({c}, 1, 3) || '****' || substr({c}, -4) "
        "WHEN regexp_like({c}, '^0[0-9]{{2,3}}-') THEN regexp_extract({c}, '^0[0-9]{{2,3}}-') || '****' || substr({c}, -4) "
        "WHEN {c} IS NULL THEN NULL ELSE '****' END"
    ),
    "text": "CASE WHEN {c} IS NULL THEN NULL ELSE '****' END",
    "date": "date_trunc('year', {c})",
    "null": "CAST(NULL AS {t})",
}
_TRINO_TYPES = {
    "BIGINT": "bigint",
    "INT": "integer",
    "DECIMAL(28,8)": "decimal(28,8)",
    "DECIMAL(18,2)": "decimal(18,2)",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp(6) with time zone",
    "STRING": "varchar",
}


def mask_of(field: FieldSpec | Column, column: str = "value") -> str | None:
    """The Trino expression that masks a column by its class, of the column's own type; None where nothing need be hidden.

    direct: ids keep 6 + 4, names the surname, phones 3 + 4, other text nothing. sensitive: nothing is shown. quasi: dates keep the year,
    divisions and codes stay.
    """
    pii = field.pii_class if isinstance(field, FieldSpec) else field.pii
    quoted = '"' + column.replace('"', '""') + '"'
    trino = _TRINO_TYPES[spark_type(field)]
    if pii == "direct":
        kind = field.type if field.type in ("citizen_id", "person_name", "phone") else "text" if trino == "varchar" else "null"
    elif pii == "sensitive":
        kind = "null"
    elif pii == "quasi" and field.type in ("date", "month"):
        kind = "date"
    else:
        return None
    return MASKS[kind].format(c=quoted, t=trino)
