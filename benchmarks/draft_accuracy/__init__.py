"""How often a drafted contract names the right type: files whose types are known, drafted from, and compared field by field.

`python benchmarks/draft_accuracy` measures and writes docs/evidence/draft.md.
"""
