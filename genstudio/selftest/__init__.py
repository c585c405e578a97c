"""The program tries itself: proof that an installation is whole, without a display or a network."""
