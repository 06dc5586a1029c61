"""Runs a materialised model and compares its answers; imports nothing heavy."""
