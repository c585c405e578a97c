"""Architectures that turn pictures of one kind into pictures of another."""
