"""Independent counters, one a format; they import nothing of `xihu.bronze.formats`."""
