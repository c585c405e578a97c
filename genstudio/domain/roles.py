"""What settings of architectures are for, where the coach and the fitting steer them.

A setting declares its role; who steers it need not know its name.
"""

from typing import Final

# Of a discriminator: how strongly its gradient is held down (R1, R2).
GRADIENT_PENALTY: Final = "gradient penalty"
# How strongly examples are changed before they are judged: "full", "adaptive" or "shift only".
AUGMENTATION: Final = "augmentation"
# Nats of each latent that the KL divergence leaves alone.
FREE_BITS: Final = "free bits"
# How strongly a discriminator pulls at what is redrawn; 0 leaves it out.
SHARPENING: Final = "sharpening"
# Channels of the first stage.
WIDTH: Final = "width"
# How strongly a translation is held to the brightness of its input.
LUMINANCE: Final = "luminance"
# How strongly a translation is held to the shapes of its input.
STRUCTURE: Final = "structure"
