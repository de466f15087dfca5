"""Bytes of files in every shape that departments send, from text cells. Nothing reads the clock."""
