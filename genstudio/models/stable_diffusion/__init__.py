"""Stable Diffusion from a folder or a file that a person has: read, drawn with, and adapted."""
