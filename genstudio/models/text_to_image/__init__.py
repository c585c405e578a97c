"""Architectures that draw what is asked for in words: one file each."""
