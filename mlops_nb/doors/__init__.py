"""Command line and Jupyter server extension; no logic."""
