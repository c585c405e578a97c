"""Shows results large: one file for each artifact kind that is seen in a way of its own."""
