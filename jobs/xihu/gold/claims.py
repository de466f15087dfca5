"""What records say of persons and legal entities, in one table: contracts' `persons:` and `entities:` roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xihu.contract.load import Catalogue
from xihu.contract.models import Base, Contract
from xihu.gold.schema import spark_type

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

ANCHOR = {"persons": "id", "entities": "uscc"}
_KIND = {"persons": "person", "entities": "entity"}
# What a role may say of a person beside the attributes of the base: a second number, its kind (code list id_type), and what tells people
# without a number apart.
BESIDE = {"persons": ("id_type", "other_id", "other_id_type", "phone", "address", "division"), "entities": ()}


def silver(spark: SparkSession, contract: Contract) -> DataFrame | None:
    """The current computation of a resource's silver table; None if nothing was ever delivered."""
    table = f"silver.{contract.resource}"
    if not spark.catalog.tableExists(table):
        return None
    return spark.table(table).where("_loaded_to is null")


def column(expression: str, contract: Contract) -> Column:
    """A mapping's right side: a field by name, or one Spark SQL expression."""
    from pyspark.sql import functions as F

    text = expression.strip()
    return F.col(f"`{text}`") if text in contract.fields else F.expr(text)


def ended(mapped: Column, silver_end: Column) -> Column:
    """The earlier of the end that the record states and the end that the register's next version showed."""
    from pyspark.sql import functions as F

    return F.least(mapped.cast("date"), silver_end.cast("date"))


def roles(catalogue: Catalogue, contract: Contract, word: str) -> dict[str, dict[str, str]]:
    """Role → attributes. Persons that only a fact names are a role too, `<fact>.<column>`: whoever is paid must not be nobody."""
    declared = {role: dict(m) for role, m in (contract.persons if word == "persons" else contract.entities).items()}
    known = {m.get(ANCHOR[word], "").strip() for m in declared.values()}
    for fact, mapping in contract.feed_maps():
        for name, expression in mapping.items():
            spec = catalogue.facts[fact].columns.get(name)
            if spec is not None and spec.type == _KIND[word] and expression.strip() not in known:
                known.add(expression.strip())
                declared[f"{fact}.{name}"] = {ANCHOR[word]: expression}
    return declared


def role_of(catalogue: Catalogue, contract: Contract, word: str, expression: str) -> str | None:
    """The role whose identifier an expression of `feeds:` is."""
    anchor = ANCHOR[word]
    return next((r for r, m in roles(catalogue, contract, word).items() if m.get(anchor, "").strip() == expression.strip()), None)


def claims(spark: SparkSession, catalogue: Catalogue, base: Base, word: str) -> DataFrame | None:
    """All claims, one row per silver row and role.

    Args:
        base: whose attributes are taken; attributes that a role does not give are NULL.
        word: `persons` or `entities`.

    Returns:
        resource, role, _file, _row, id, the attributes, what stands in `BESIDE`, valid_from, valid_to, known_from, known_to; rows without
        an identifier are kept with id NULL. None if no source was ever delivered.
    """
    from pyspark.sql import functions as F

    parts = []
    for contract in catalogue.contracts.values():
        own = roles(catalogue, contract, word)
        rows = silver(spark, contract) if own else None
        if rows is None:
            continue
        for role, attributes in own.items():
            given = {name: column(expression, contract) for name, expression in attributes.items()}
            anchor = F.trim(given[ANCHOR[word]].cast("string")) if ANCHOR[word] in given else F.lit(None).cast("string")
            empty = F.lit(None)
            beside = [n for n in BESIDE[word] if n not in base.attributes]
            parts.append(
                rows.select(
                    F.lit(contract.resource).alias("resource"),
                    F.lit(role).alias("role"),
                    "_file",
                    "_row",
                    F.when(anchor != "", anchor).alias("id"),
                    *[given.get(name, empty).cast(spark_type(a.type)).alias(name) for name, a in base.attributes.items()],
                    *[F.trim(given.get(name, empty).cast("string")).alias(name) for name in beside],
                    given.get("valid_from", empty).cast("date").alias("valid_from"),
                    ended(given.get("valid_to", empty), F.col("_valid_to")).alias("valid_to"),
                    F.col("_known_from").alias("known_from"),
                    F.col("_known_to").alias("known_to"),
                )
            )
    if not parts:
        return None
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.unionByName(part)
    return whole
