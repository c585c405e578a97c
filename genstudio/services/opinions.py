"""How much a person has to say about results before a model can be taught by it."""

from typing import Final

# Stars and choices between two, together.
FEWEST_TO_TEACH: Final = 200
