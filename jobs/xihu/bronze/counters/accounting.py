"""Accounting files are XML messages to the counter as well."""

from xihu.bronze.counters.xml import records

__all__ = ["records"]
