"""Which records are about one legal entity: identifiers of all times lead to one cluster. Pure functions on Arrow tables, no Spark."""

from xihu.gold.entities.mentions import COLUMNS, first_known, mention_handle
from xihu.gold.entities.resolve import Resolved, resolve

__all__ = ["COLUMNS", "Resolved", "first_known", "mention_handle", "resolve"]
