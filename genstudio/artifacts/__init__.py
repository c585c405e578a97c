"""Results as files: one module for each kind, which writes it with its recipe and reads both."""
