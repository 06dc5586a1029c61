"""Parameterized notebooks as reproducible runs."""
