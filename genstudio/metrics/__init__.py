"""How good what a model makes is, measured against the pictures that it learned from."""
