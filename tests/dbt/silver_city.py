"""Silver tables made by hand, as `xihu.silver` would leave them, for a small city under the checkout's own contracts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from xihu.contract.derive import spark_ddl
from xihu.contract.load import Catalogue
from xihu.lake import ledger
from xihu.silver import store

Row = dict[str, Any]


class Silver:
    """Rows per resource; `add` numbers them within one file a delivery."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.count: dict[str, int] = defaultdict(int)
        self.received: dict[tuple[str, str], datetime] = {}
        self.ledger: list[ledger.LedgerRow] = []
        self.quality: list[tuple[Any, ...]] = []

    def add(
        self, resource: str, known_from: datetime, known_to: datetime | None = None, valid_to: date | None = None, **fields: Any
    ) -> Row:
        """One record; returns it with its place, so that the same record can be given a second span by `again`."""
        unknown = set(fields) - set(self.catalogue.contracts[resource].fields)
        assert not unknown, f"{resource} has no {unknown}"
        file = f"{resource.split('__')[0]}/{known_from:%Y%m%d}/{resource}.csv"
        self.count[file] += 1
        row = {**fields, "_file": file, "_row": self.count[file], "_known_from": known_from, "_known_to": known_to, "_valid_to": valid_to}
        for name, value in fields.items():
            if isinstance(value, int | float) and self.catalogue.contracts[resource].fields[name].type == "money":
                row[name] = Decimal(value)
        self.rows[resource].append(row)
        self.received[(resource, file)] = known_from
        return row

    def again(self, resource: str, row: Row, **changes: Any) -> None:
        """The same record in another span."""
        self.rows[resource].append({**row, **changes})

    def delivery(self, resource: str, received: datetime) -> None:
        """A delivery in which nothing was new."""
        self.received[(resource, f"{resource}/{received:%Y%m%d}.csv")] = received

    def write(self, spark: Any, run: int = 1) -> None:
        """Makes the tables of silver, the ledger and the quality notes."""
        spark.sql("CREATE DATABASE IF NOT EXISTS silver")
        for resource, rows in self.rows.items():
            contract = self.catalogue.contracts[resource]
            spark.sql(f"DROP TABLE IF EXISTS silver.{resource}")
            spark.sql(f"CREATE TABLE silver.{resource} ({spark_ddl(contract)}) USING delta")
            schema = spark.table(f"silver.{resource}").schema
            common = {"_delivery_id": "d", "_loaded_from": run, "_contract_version": contract.version, "_row_hash": "0"}
            data = [tuple({"_line": r["_row"] + 1, **common, **r}.get(name) for name in schema.names) for r in rows]
            spark.createDataFrame(data, schema).coalesce(1).write.format("delta").mode("append").saveAsTable(f"silver.{resource}")
        spark.sql("CREATE DATABASE IF NOT EXISTS ops")
        spark.sql("DROP TABLE IF EXISTS ops.ledger")
        spark.sql("DROP TABLE IF EXISTS ops.quality")
        rows = [
            ledger.LedgerRow(
                f"d{i}",
                resource,
                file,
                received,
                "accepted",
                records_in=n,
                accepted=n,
                quarantined=0,
                duplicate=0,
                superseded=0,
                run_id=run,
            )
            for i, ((resource, file), received) in enumerate(sorted(self.received.items()))
            for n in [self.count[file]]
        ]
        ledger.write(spark, rows + self.ledger, run)
        store.write_quality(spark, self.quality, run)
