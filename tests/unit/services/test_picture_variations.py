"""Variations of pictures: whose, as what two others differ by, and the same in any company."""

import numpy as np
import torch
from torch import Tensor

from genstudio.domain.progress import drain
from genstudio.services.picture_variations import PictureVariations

LABELS = np.array([0] * 20 + [1] * 3)


class Brightness:
    """Describes a picture by the brightness of its left half, and moves that."""

    def encode(self, images_NCHW: Tensor) -> Tensor:
        return images_NCHW[..., :4].mean((1, 2, 3))[:, None]

    def vary(self, images_NCHW: Tensor, labels_N: Tensor, moves_NZ: Tensor) -> Tensor:
        assert len(images_NCHW) == len(labels_N) == 16
        varied = images_NCHW.clone()
        varied[..., :4] += moves_NZ[:, :, None, None]
        return varied.clamp(-1, 1)


def pictures() -> np.ndarray:
    """Twenty of class 0, from dark to bright; three of class 1, each with a print on the right."""
    images = np.zeros((23, 8, 8, 1), np.uint8)
    images[:20, :, :4] = np.arange(100, 140, 2)[:, None, None, None]
    images[20:, :, :4] = 120
    images[20:, :, 4:] = np.array([50, 150, 250])[:, None, None, None]
    return images


def variations(images: np.ndarray, labels: np.ndarray = LABELS) -> PictureVariations:
    made = PictureVariations(Brightness(), images, labels)
    drain(made.get_ready())
    return made


def test_the_rare_class_varies_as_the_frequent_one_and_keeps_its_print() -> None:
    made = np.stack(variations(pictures()).draw(1, range(60), 1.0))
    assert made.shape == (60, 8, 8, 1)
    prints = made[:, :, 4:].reshape(60, -1)
    assert (prints == prints[:, :1]).all()
    assert set(prints[:, 0].tolist()) == {50, 150, 250}
    off = made[:, 0, 0, 0].astype(int) - 120
    # Neighbours of class 0 differ by 2 up to 16; now and then two of class 1 by nothing.
    assert set(np.abs(off)) <= set(range(0, 17, 2))
    assert (off > 0).any()
    assert (off < 0).any()


def test_a_seed_gives_the_same_picture_in_any_company() -> None:
    source = variations(pictures())
    alone = source.draw(1, [41], 1.0)[0]
    among = source.draw(1, range(30, 55), 1.0)[11]
    np.testing.assert_array_equal(alone, among)
    assert (source.draw(1, [41], 0.5)[0] != alone).any()


def test_a_class_of_one_picture_is_varied_as_others_and_alone_stays_as_it_is() -> None:
    images = pictures()[19:21]
    made = variations(images, np.array([0, 1])).draw(1, range(5), 1.0)
    assert all((it == images[1]).all() for it in made)


def test_what_is_there_many_times_differs_from_what_is_another() -> None:
    images = np.repeat([100, 110, 130], 10)[:, None, None, None]
    images = np.broadcast_to(images, (30, 8, 8, 1)).astype(np.uint8)
    made = np.stack(variations(images, np.zeros(30, np.int64)).draw(0, range(40), 1.0))
    # The right half tells which picture it was.
    moved = made[:, 0, 0, 0].astype(int) - made[:, 0, 7, 0]
    assert set(np.abs(moved).tolist()) == {10, 20}


def test_more_is_varied_by_a_larger_amount() -> None:
    source = variations(pictures())
    small, large = (
        np.abs(np.stack(source.draw(1, range(40), it))[:, 0, 0, 0].astype(int) - 120).sum()
        for it in (0.5, 1.0)
    )
    assert 1.5 < large / small < 2.5


def test_pictures_are_described_a_part_at_a_time() -> None:
    source = PictureVariations(Brightness(), np.repeat(pictures(), 4, 0), np.repeat(LABELS, 4))
    told = [(it.done, it.total) for it in source.get_ready()]
    assert told == [(64, 92), (92, 92)]
    assert torch.equal(
        source._latents_NZ,
        Brightness().encode(
            torch.as_tensor(np.repeat(pictures(), 4, 0)).permute(0, 3, 1, 2) / 127.5 - 1
        ),
    )
