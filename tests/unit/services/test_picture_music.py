"""Music follows pictures as it is told to, whatever the model has learned."""

import numpy as np
import pytest
import torch

from genstudio.data.modalities.notes import MODALITY
from genstudio.data.picture_attributes import PictureAttributes
from genstudio.models.music.phrase_vae import PhraseVAE, PhraseVAEConfig
from genstudio.services.picture_music import (
    Composer,
    Mapping,
    joined,
    phrase_attributes,
    position_of,
)

MEDIUM = PictureAttributes(brightness=0.5, saturation=0.5, edges=0.5, hue=0.5)


@pytest.fixture(scope="module")
def model() -> PhraseVAE:
    torch.manual_seed(0)
    config = PhraseVAEConfig(width=32, depth=1, latent_size=8)
    return PhraseVAE(config, MODALITY.spec(0, 3, {}, layout="2 bars"))


def composed(model: PhraseVAE, wanted: PictureAttributes, **mapping: float) -> np.ndarray:
    composer = Composer(model, 0, Mapping(**mapping))
    return joined(composer.compose(wanted, 3, 4))


def test_a_piece_has_so_many_phrases_and_the_same_seed_gives_the_same(model: PhraseVAE) -> None:
    one, other = composed(model, MEDIUM), composed(model, MEDIUM)
    assert one.shape == (4 * 32,)
    np.testing.assert_array_equal(one, other)


def test_bright_pictures_sound_higher_unless_it_is_switched_off(model: PhraseVAE) -> None:
    dark, bright = (
        PictureAttributes(brightness=it, saturation=0.5, edges=0.5, hue=0.5) for it in (0.1, 0.9)
    )
    low, high = (phrase_attributes(composed(model, it)).register for it in (dark, bright))
    assert high > low + 12
    same = [composed(model, it, register=0.0) for it in (dark, bright)]
    np.testing.assert_array_equal(*same)


@pytest.mark.parametrize("hue", [0.05, 0.3, 0.55, 0.9])
def test_the_hue_chooses_the_key_on_the_circle_of_fifths(model: PhraseVAE, hue: float) -> None:
    wanted = PictureAttributes(brightness=0.5, saturation=0.5, edges=0.5, hue=hue)
    composer = Composer(model, 0, Mapping(mode=0.0))
    for phrase in composer.compose(wanted, 3, 3):
        assert position_of(phrase_attributes(phrase).tonic) == int(hue * 12)


def test_glowing_colours_have_major_thirds_and_grey_ones_minor(model: PhraseVAE) -> None:
    composer = Composer(model, 0, Mapping())
    scale = np.array([2 + 60 - 21 + it for it in (0, 2, 3, 4, 5, 7, 8, 9, 12, 7, 0, 0)] + [0] * 20)
    grey = PictureAttributes(brightness=0.5, saturation=0.0, edges=0.5, hue=0.0)
    glowing = PictureAttributes(brightness=0.5, saturation=1.0, edges=0.5, hue=0.0)
    minor, major = (phrase_attributes(composer._in_mode(scale, it)) for it in (grey, glowing))
    assert minor.mode < 0 < major.mode
    np.testing.assert_array_equal(composer._in_mode(scale, MEDIUM), scale)
