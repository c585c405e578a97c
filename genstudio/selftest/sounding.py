"""Checks of sounds and notes: models of tones and of scales make others."""

import numpy as np

from genstudio.data.scores import TICKS_PER_BEAT, Part, Score, score_bytes
from genstudio.data.sounds import Sound, read_sound, write_sound
from genstudio.domain.files import explained, write_bytes
from genstudio.engine.trainer import NoCommands
from genstudio.selftest.learning import small_settings, trained
from genstudio.selftest.place import Place, SelfTestError, missing_pack
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.training import NewRun, start_run

_RATE_HZ, _NUM_TONES = 8000, 12


def make_sounds(place: Place) -> str:
    """Train on tones that die away, make one, and measure how loud it is."""
    if without := missing_pack("sound"):
        return without
    folder = place.folder / "tones"
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for number in range(_NUM_TONES):
        write_sound(_tone(number), folder / f"{number:02}.wav", "WAV")
    settings = small_settings("spectrogram-vae", 2, width=16, latent_size=8)
    request = NewRun(folder=folder, project=place.folder / "Tones", settings=settings)
    ending = trained(start_run(request, NoCommands()))
    made = perform("generate", run=ending.run, count=1, seed=3, checkpoint="last")
    paths = [save_made(it, place.folder / "sounds") for it in made if isinstance(it, Made)]
    sound = read_sound(paths[0])
    peak, mean = sound.levels()
    if not 0.5 < peak < 1 or mean < 1e-3:
        raise SelfTestError("A made sound is silent or too loud", f"peak {peak}, mean {mean}")
    return f"a sound of {sound.seconds:.1f} s, peak {peak:.2f}, with its recipe inside"


def _tone(number: int) -> Sound:
    seconds = np.arange(_RATE_HZ // 4) / _RATE_HZ
    samples = np.sin(2 * np.pi * (220 + 40 * number) * seconds) * np.exp(-8 * seconds)
    return Sound((0.8 * samples).astype(np.float32), _RATE_HZ)


def make_music(place: Place) -> str:
    """Train on scales, make a phrase, continue a piece, and play both."""
    if without := missing_pack("sound"):
        return without
    folder = place.folder / "pieces"
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for number in range(_NUM_TONES):
        write_bytes(folder / f"{number:02}.mid", score_bytes(_scale(number)))
    settings = small_settings("phrase-vae", 2, width=32, latent_size=8, depth=1)
    request = NewRun(folder=folder, project=place.folder / "Pieces", settings=settings)
    ending = trained(start_run(request, NoCommands()))
    made = list(perform("generate", run=ending.run, count=1, seed=3, checkpoint="last"))
    given = {"input": [folder / "00.mid"]}
    made += perform("continue-music", run=ending.run, inputs=given, seed=3, checkpoint="last")
    paths = [save_made(it, place.folder / "phrases") for it in made if isinstance(it, Made)]
    played = perform("render-music", inputs={"input": paths})
    for item in played:
        if isinstance(item, Made) and not 0.5 < item.artifact.data.levels()[0] < 1:
            raise SelfTestError("Played notes are silent or too loud", item.name)
    return f"{len(paths)} phrases made, one of them a continuation, and played"


def _scale(number: int) -> Score:
    steps = np.arange(16)
    pitches = 55 + number + np.array([0, 2, 4, 5, 7, 9, 11, 12])[steps % 8]
    beat = TICKS_PER_BEAT
    rows = np.stack([steps * beat // 2, steps * 0 + beat // 2, pitches, steps * 0 + 90], axis=1)
    return Score(parts=(Part(0, is_drums=False, notes=rows),))
