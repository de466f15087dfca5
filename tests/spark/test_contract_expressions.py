"""Every expression of every contract in conf/catalogue is understood by Spark and gives the type its fact, base or check needs.

Analysis only: one empty table a contract, no job runs.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import functions as F
from pyspark.sql import types as T

from xihu.contract.derive import spark_ddl
from xihu.contract.load import load_catalogue
from xihu.gold.schema import spark_type

CONF = Path(__file__).resolve().parents[2] / "conf"


def test_expressions_of_all_contracts(spark) -> None:
    catalogue = load_catalogue(CONF)
    assert len(catalogue.contracts) >= 28
    wrong = []
    for resource, contract in catalogue.contracts.items():
        # Checks see when a record was received, too; it has no history yet.
        table = spark.createDataFrame([], spark_ddl(contract)).withColumn("_received_at", F.current_timestamp())

        def kind(expression: str, table=table) -> T.DataType:
            return table.selectExpr(f"{expression} as x").schema[0].dataType

        for name, check in contract.checks.items():
            if not isinstance(kind(check.sql), T.BooleanType):
                wrong.append(f"{resource}: check {name} is no condition")
        for fact, mapping in contract.feed_maps():
            columns = catalogue.facts[fact].columns
            for column, expression in mapping.items():
                got = kind(expression)
                if column in ("valid_from", "valid_to") and not isinstance(got, T.DateType):
                    wrong.append(f"{resource} → {fact}.{column}: {got.simpleString()}, not date")
                if column in columns and columns[column].type not in ("person", "entity"):
                    want = spark_type(columns[column].type)
                    dated = want == "DATE"
                    if dated != isinstance(got, T.DateType | T.NullType):
                        wrong.append(f"{resource} → {fact}.{column}: {got.simpleString()}, not {want}")
                    if want.startswith("DECIMAL") and not isinstance(got, T.NumericType):
                        wrong.append(f"{resource} → {fact}.{column}: {got.simpleString()}, not {want}")
        for attributes in (*contract.persons.values(), *contract.entities.values()):
            for name, expression in attributes.items():
                if name in ("valid_from", "birth_date", "death_date", "registered_on") and not isinstance(kind(expression), T.DateType):
                    wrong.append(f"{resource}: {name} is no date")
                kind(expression)
    assert not wrong, wrong


def test_a_wrong_expression_would_be_seen(spark) -> None:
    contract = load_catalogue(CONF).contracts["rs__insurance_register"]
    with pytest.raises(Exception, match="start_dat"):
        spark.createDataFrame([], spark_ddl(contract)).selectExpr("date_add(start_dat, 1)")
