"""What an example is made of: named fields, declared by a modality; a model is built from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

IMAGE = "image"
LABEL = "label"
TOKENS = "tokens"
SOUND = "sound"
NOTES = "notes"
SMILES = "smiles"
TEXT = "text"
# Of a batch whose pictures have shapes of their own: where each comes from, int64 (N, 4), as
# :class:`genstudio.data.shapes.Shapes` has it.
ORIGINS = "origins"
# Examples of one group share an order: row k of one field belongs to row k of the others.
EXAMPLES = "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of an example.

    Attributes:
        name: Key in a batch, such as "images", "input", "target".
        type: What the numbers mean, such as "image" (uint8, height × width × channels; in a batch
            float in [-1, 1], channels first), "label" (int64, a class number), "tokens" (int64,
            ids of words as :mod:`genstudio.domain.words` has them), "sound" (float32 in [-1, 1],
            one channel) "notes" (int64, see :mod:`genstudio.data.notes`)
            or "text" (ids of tokens as :mod:`genstudio.domain.byte_pairs` has them).
        shape: Of one example.
        group: Fields of one group belong together example by example.
    """

    name: str
    type: str
    shape: tuple[int, ...] = ()
    group: str = EXAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """What the examples of a run are like; all that a model is built from besides its settings.

    Attributes:
        size: Side in pixels of pictures, which are square; 0 where there are none.
        channels: 1 for grey; 3 for RGB; 4 for RGB over white and the opacity. Of the pictures that
            are made.
        classes: Name of each class => examples of it; empty if none are told apart.
        modality: Key of what was learned from.
        fields: All fields by name; by default the pictures of modality "images".
        words: The vocabulary of captions: word => captions that have it, in the order of their
            ids; empty where there are no captions.
        layout: How an example is laid out, as its modality writes it, such as the rate of a sound;
            empty for pictures.
    """

    size: int = 0
    channels: int = 3
    classes: Mapping[str, int] = field(default_factory=dict[str, int])
    modality: str = "images"
    fields: Mapping[str, FieldSpec] = field(default_factory=dict[str, FieldSpec])
    words: Mapping[str, int] = field(default_factory=dict[str, int])
    layout: str = ""

    def __post_init__(self) -> None:
        """Describe the pictures of modality "images" where nothing else is said."""
        if not self.fields:
            shape = (self.size, self.size, self.channels)
            spec = FieldSpec(name="images", type=IMAGE, shape=shape)
            object.__setattr__(self, "fields", {"images": spec})

    def image_channels(self, name: str) -> int:
        """Channels of a field of pictures."""
        return self.fields[name].shape[-1]
