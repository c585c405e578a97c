"""Examples that a run learns from: arrays by field, in groups that share an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from genstudio.data.shapes import Shapes
from genstudio.domain.fields import EXAMPLES, IMAGE, LABEL, DataSpec, FieldSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of all examples.

    Attributes:
        spec: What it is.
        values: One row or more, (rows, *shape of the field); may be a memory map.
        rows: Row of each example, int64; None where example k is row k.
        shapes: Of pictures that are learned in shapes of their own; ``values`` are their squares.
    """

    spec: FieldSpec
    values: np.ndarray
    rows: np.ndarray | None = None
    shapes: Shapes | None = None

    def __len__(self) -> int:
        return len(self.values if self.rows is None else self.rows)

    def take(self, examples: np.ndarray | slice) -> np.ndarray:
        """A copy of the values of some examples, in their order."""
        if self.rows is None:
            return np.array(self.values[examples])
        return self.values[self.rows[examples]]

    def take_shaped(self, examples: np.ndarray) -> np.ndarray:
        """The same in the shape of their bucket, which is one for all of them."""
        if self.shapes is None or not (bucket := self.shapes.bucket_N[examples[0]]):
            return self.take(examples)
        return self.shapes.images[bucket - 1][self.shapes.row_N[examples]]

    def rows_of(self, examples: np.ndarray) -> np.ndarray:
        """Rows that some examples have, each once: int64, ascending."""
        return examples if self.rows is None else np.unique(self.rows[examples])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """All examples of a run.

    Attributes:
        modality: Key of what they are.
        fields: By name.
        held_out: Group => examples that are not learned from, int64, ascending.
        classes: Name of each class that is told apart => examples of it.
        names: Group => name of each example for people; may be empty. Where fields of a group come
            from different files, also field => name of each.
        words: The vocabulary of captions, as :class:`DataSpec` has it.
        layout: How an example is laid out, as :class:`DataSpec` has it.
    """

    fields: Mapping[str, Field]
    modality: str = "images"
    held_out: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    classes: Mapping[str, int] = field(default_factory=dict[str, int])
    names: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    words: Mapping[str, int] = field(default_factory=dict[str, int])
    layout: str = ""

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups, that of the first field first."""
        return tuple(dict.fromkeys(field.spec.group for field in self.fields.values()))

    def of_group(self, group: str) -> dict[str, Field]:
        """The fields of one group by name."""
        return {name: own for name, own in self.fields.items() if own.spec.group == group}

    def count(self, group: str = EXAMPLES) -> int:
        """Examples of a group."""
        return len(next(iter(self.of_group(group).values())))

    def held_out_of(self, group: str = EXAMPLES) -> np.ndarray:
        """Examples of a group that are not learned from."""
        return self.held_out.get(group, np.empty(0, np.int64))

    def learned_from(self, group: str = EXAMPLES) -> np.ndarray:
        """Examples of a group that are learned from: int64, ascending."""
        return np.setdiff1d(np.arange(self.count(group)), self.held_out_of(group))

    def pictures_beside(self, name: str) -> dict[str, Field]:
        """A field, and the fields of pictures that belong to it example by example."""
        group = self.fields[name].spec.group
        return {key: own for key, own in self.of_group(group).items() if own.spec.type == IMAGE}

    def shown(self, group: str, most: int) -> np.ndarray:
        """Examples to look at, always the same: held-out ones first, then others."""
        held_out = self.held_out_of(group)[:most]
        return np.concatenate([held_out, self.learned_from(group)[: most - len(held_out)]])

    def conditions(self, names: Sequence[str], count: int) -> dict[str, list[np.ndarray]]:
        """Values of some fields, held-out ones first, as often as they are needed for ``count``."""
        found: dict[str, list[np.ndarray]] = {}
        for name in names:
            own = self.fields[name]
            examples = self.shown(own.spec.group, count)
            found[name] = list(own.take(np.resize(examples, count)))
        return found

    @property
    def num_learned_from(self) -> int:
        """Examples that are learned from, in the largest group."""
        return max(len(self.learned_from(group)) for group in self.groups)

    @property
    def spec(self) -> DataSpec:
        """What a model needs to know of them."""
        pictures = [own.spec for own in self.fields.values() if own.spec.type == IMAGE]
        last = pictures[-1].shape if pictures else (0, 3)
        return DataSpec(
            size=last[0],
            channels=last[-1],
            classes=self.classes,
            modality=self.modality,
            fields={name: own.spec for name, own in self.fields.items()},
            words=self.words,
            layout=self.layout,
        )


def image_dataset(
    images_NHWC: np.ndarray,
    *,
    held_out: np.ndarray | None = None,
    classes: Mapping[str, int] | None = None,
    labels_N: np.ndarray | None = None,
    names: Sequence[str] = (),
    shapes: Shapes | None = None,
) -> Dataset:
    """Pictures, and where they are told apart, the number of each one's class.

    Args:
        images_NHWC: Decoded pictures, uint8; may be a memory map.
        held_out: Numbers of those that are not learned from.
        classes: Name of each class => pictures of it.
        labels_N: Number of each picture's class, int64.
        names: Of the pictures.
        shapes: The same pictures in shapes of their own, where they are learned so.
    """
    shape = tuple(images_NHWC.shape[1:])
    fields = {
        "images": Field(
            spec=FieldSpec(name="images", type=IMAGE, shape=shape),
            values=images_NHWC,
            shapes=shapes,
        )
    }
    if labels_N is not None:
        fields["labels"] = Field(spec=FieldSpec(name="labels", type=LABEL), values=labels_N)
    return Dataset(
        fields=fields,
        held_out={} if held_out is None else {EXAMPLES: held_out},
        classes=classes or {},
        names={EXAMPLES: names} if names else {},
    )
