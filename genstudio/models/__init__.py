"""Architectures, each behind the same small interface."""
