"""Measurements that are made by hand; no test depends on a time."""
