"""Turns a fitted pipeline into numbers that answer without the library it was made with."""
