"""What was copied is seen: patterns of notes, and the nearest sound."""

import numpy as np
import pytest
from tiny_studio import rows_for

from genstudio.data.dataset import Dataset, Field
from genstudio.data.phrases import FIRST_NOTE, HOLD, to_score, transposed
from genstudio.data.sounds import Sound, from_int16
from genstudio.domain.artifacts import NOTES, SOUND, Artifact
from genstudio.domain.fields import EXAMPLES, FieldSpec
from genstudio.services.copy_meters import NearestSound, PatternMeter


def phrases(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    tokens = FIRST_NOTE + random.integers(30, 60, (count, 32))
    return np.where(np.arange(32) % 2, HOLD, tokens)


@pytest.fixture
def music() -> Dataset:
    rows = np.concatenate([phrases(20, 0), phrases(5, 1)])
    spec = FieldSpec(name="notes", type="notes", shape=(32,))
    return Dataset(
        modality="notes",
        fields={"notes": Field(spec=spec, values=rows)},
        held_out={EXAMPLES: np.arange(20, 25)},
        layout="2 bars",
    )


def played(tokens: np.ndarray) -> Artifact:
    return Artifact(kind=NOTES, data=to_score(tokens, 0, 120))


def test_a_copied_phrase_is_known_in_every_key_and_a_new_one_is_not(music: Dataset) -> None:
    meter = PatternMeter(music)
    learned = music.fields["notes"].values[3]
    assert meter(played(learned))["known patterns"] == 1
    assert meter(played(transposed(learned, 2)))["known patterns"] == 1
    assert meter(played(phrases(1, 9)[0]))["known patterns"] == 0
    assert meter.usual < 0.05


def test_half_a_copy_is_half_known(music: Dataset) -> None:
    half = np.concatenate([music.fields["notes"].values[3][:16], phrases(1, 9)[0][:16]])
    share = PatternMeter(music)(played(half))["known patterns"]
    assert 0.2 < float(share) < 0.4


def test_a_phrase_of_two_notes_has_no_pattern(music: Dataset) -> None:
    tokens = np.full(32, HOLD)
    tokens[[0, 8]] = FIRST_NOTE + 40
    assert PatternMeter(music)(played(tokens)) == {}


def test_a_copied_sound_is_nearest_to_itself() -> None:
    spec = FieldSpec(name="sounds", type="sound", shape=(2048,))
    rows = rows_for(spec, 10)
    data = Dataset(
        modality="sound",
        fields={"sounds": Field(spec=spec, values=rows)},
        held_out={EXAMPLES: np.array([9])},
        names={EXAMPLES: [f"{number}.wav" for number in range(10)]},
        layout="8000 Hz, 2048 samples",
    )
    meter = NearestSound(data)
    found = meter(Artifact(kind=SOUND, data=Sound(from_int16(rows[4]), 8000)))
    assert found["nearest"] == "4.wav"
    assert found["distance"] == pytest.approx(0, abs=1e-3)
    assert float(found["usual"]) > 1
