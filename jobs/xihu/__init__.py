"""Xihu (西湖): a municipal data lakehouse."""

__version__ = "0.1.0"
