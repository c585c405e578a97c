"""Viewers of results: one module for each kind, which shows or plays one large."""
