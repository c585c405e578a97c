"""Architectures that learn from notes."""
