"""Spectrograms on the mel scale, and sounds that have them."""

import pytest
import torch

from genstudio.models.blocks.spectrogram import MelSpectrogram


@pytest.fixture
def mel() -> MelSpectrogram:
    return MelSpectrogram(rate_hz=8000, samples=4096, hop=128, bands=64)


def tone(hz: float) -> torch.Tensor:
    return 0.9 * torch.sin(2 * torch.pi * hz * torch.arange(4096) / 8000)[None]


def test_silence_is_least_and_a_sine_at_full_scale_is_most(mel: MelSpectrogram) -> None:
    assert mel.levels(torch.zeros(1, 4096)).max() == -1
    assert mel.levels(tone(1000)).max() > 0.8


def test_higher_tones_are_in_higher_bands(mel: MelSpectrogram) -> None:
    bands = [mel.levels(tone(hz))[0, :, 16].argmax().item() for hz in (200, 800, 2000, 3500)]
    assert bands == sorted(bands)
    assert len(set(bands)) == 4


def test_a_sound_made_of_levels_has_these_levels_and_no_chance_in_it(mel: MelSpectrogram) -> None:
    levels = mel.levels(tone(700) * torch.linspace(1, 0.05, 4096))
    made, again = mel.samples(levels), mel.samples(levels)
    assert torch.equal(made, again)
    assert made.shape == (1, 4096)
    loud = levels > -0.25
    # 40 decibels for each unit: within three of them.
    assert (mel.levels(made) - levels)[loud].abs().mean() < 3 / 40


def test_making_a_sound_leaves_the_global_generator_alone(mel: MelSpectrogram) -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    mel.samples(mel.levels(tone(300)))
    assert torch.equal(torch.get_rng_state(), state)
