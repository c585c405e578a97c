"""Ways of taking results out of the gallery, one file each."""
