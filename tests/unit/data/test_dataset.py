"""Fields of examples, in groups that share an order."""

import numpy as np

from genstudio.data.dataset import Dataset, Field, image_dataset
from genstudio.domain.fields import EXAMPLES, IMAGE, FieldSpec

PICTURES = np.arange(6 * 2 * 2 * 3, dtype=np.uint8).reshape(6, 2, 2, 3)


def test_pictures_are_a_dataset_of_one_group() -> None:
    data = image_dataset(
        PICTURES,
        held_out=np.array([1]),
        classes={"a": 4, "b": 2},
        labels_N=np.array([0, 0, 0, 0, 1, 1]),
    )

    assert data.groups == (EXAMPLES,)
    assert data.learned_from().tolist() == [0, 2, 3, 4, 5]
    assert (data.spec.size, data.spec.channels, data.spec.modality) == (2, 3, "images")
    assert data.spec.classes == {"a": 4, "b": 2}
    assert list(data.spec.fields) == ["images", "labels"]


def test_what_is_taken_is_a_copy() -> None:
    own = image_dataset(PICTURES).fields["images"]
    for chosen in (np.array([2, 0]), slice(0, 2)):
        taken = own.take(chosen)
        taken[:] = 0
    assert PICTURES[2].any()


def test_fields_may_share_rows_of_one_array() -> None:
    rows = {"input": np.array([0, 2]), "target": np.array([1, 5])}
    data = Dataset(
        modality="pairs",
        fields={
            name: Field(
                spec=FieldSpec(name=name, type=IMAGE, shape=(2, 2, 3)), values=PICTURES, rows=at
            )
            for name, at in rows.items()
        },
        held_out={EXAMPLES: np.array([1])},
    )

    assert data.count() == 2
    np.testing.assert_array_equal(data.fields["target"].take(np.array([1]))[0], PICTURES[5])
    assert data.shown(EXAMPLES, 5).tolist() == [1, 0]
    assert data.shown(EXAMPLES, 1).tolist() == [1]
    assert list(data.pictures_beside("input")) == ["input", "target"]
