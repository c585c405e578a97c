"""GenStudio: train generative models on your own pictures, on your own machine."""

__version__ = "0.1.0"
