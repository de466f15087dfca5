"""JSON Schema of a contract, for editors that complete and check while one types (`conf/catalogue.schema.json`).

Run `python -m xihu.contract.schema` after a change of the models; a test holds the two together.
"""

from __future__ import annotations

import json
from pathlib import Path

from xihu.contract.models import Contract

MODELINE = "# yaml-language-server: $schema=../../catalogue.schema.json"


def schema_text() -> str:
    """The schema as committed."""
    schema = Contract.model_json_schema(mode="validation")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "合同 Contract",
        **{k: v for k, v in schema.items() if k != "title"},
    }
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def write(conf: Path) -> Path:
    """Write the schema into a conf folder; returns the file."""
    file = conf / "catalogue.schema.json"
    file.write_text(schema_text(), "utf-8")
    return file


if __name__ == "__main__":
    from xihu.settings import settings

    print(write(settings().conf))
