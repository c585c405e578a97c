"""Check of sounds: a model of short tones makes another one."""

import numpy as np

from genstudio.data.sounds import Sound, read_sound, write_sound
from genstudio.domain.files import explained
from genstudio.engine.trainer import NoCommands
from genstudio.selftest.learning import small_settings, trained
from genstudio.selftest.place import Place, SelfTestError
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.training import NewRun, start_run

_RATE_HZ, _NUM_TONES = 8000, 12


def make_sounds(place: Place) -> str:
    """Train on tones that die away, make one, and measure how loud it is."""
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
