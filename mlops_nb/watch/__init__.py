"""Drift and quality, read from profiles."""
