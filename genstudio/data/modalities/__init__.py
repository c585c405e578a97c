"""Materials that can be learned from: one file each."""
