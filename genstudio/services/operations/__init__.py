"""What a person can have done, from a trained model or without one: one file each."""
