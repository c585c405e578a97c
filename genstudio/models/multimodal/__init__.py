"""Architectures that learn several materials together."""
