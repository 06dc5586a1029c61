"""Fast standard whylogs profiles; the only place that imports whylogs."""
