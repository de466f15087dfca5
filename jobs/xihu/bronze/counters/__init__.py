"""Independent counters, one a format; they import nothing of `xihu.bronze.formats`."""


class Damaged(ValueError):
    """The file cannot be told into records because it is broken, not because it is understood otherwise."""
