"""Models that find what does not belong."""
