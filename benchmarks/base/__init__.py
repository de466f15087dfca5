"""Benchmarks of the base databases."""
