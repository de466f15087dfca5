"""Who is who: an append-only registry of numbers, the identifiers that lead to them, and the records that speak of them.

Legal entities go by their identifier alone (`simple`). Persons go by what `xihu.gold.linkage` finds in all mentions and decisions
(`persons`); `numbers` keeps a person's number the same through whatever is found later. The registries are primary data.
"""

from xihu.gold.identity.kinds import ENTITY, INSTEAD, PERSON, Kind, identifier_shape, record_shape, registry_shape
from xihu.gold.identity.simple import registered, resolve

__all__ = ["ENTITY", "INSTEAD", "PERSON", "Kind", "identifier_shape", "record_shape", "registered", "registry_shape", "resolve"]
