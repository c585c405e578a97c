"""Language models that a person has on the disk."""
