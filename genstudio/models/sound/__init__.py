"""Architectures that learn from sounds."""
