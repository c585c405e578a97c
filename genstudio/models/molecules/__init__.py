"""Models that learn from molecules."""
