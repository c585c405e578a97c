"""Check of anomaly detection: a model of whole pictures finds a spoiled one."""

from pathlib import Path

import numpy as np
from PIL import Image

from genstudio.domain.operations import DETECT, Report
from genstudio.engine.trainer import NoCommands
from genstudio.selftest.learning import small_settings, trained
from genstudio.selftest.place import Place, SelfTestError
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder
from genstudio.services.score_tables import read_scores
from genstudio.services.training import NewRun, start_run

_SIDE, _NUM_WHOLE = 32, 30


def find_what_does_not_belong(place: Place) -> str:
    """Train on stripes, look through some of which one has a blot, and read the table back."""
    folder = place.folder / "stripes"
    for number in range(_NUM_WHOLE):
        _save(_stripes(number), folder / f"{number:02}.png")
    spoiled = _stripes(_NUM_WHOLE)
    spoiled[10:20, 10:20] = 255
    given = [folder / "00.png", folder / "01.png", place.folder / "spoiled.png"]
    _save(spoiled, given[-1])
    settings = small_settings("repair-autoencoder", 2, width=16)
    request = NewRun(folder=folder, project=place.folder / "Stripes", settings=settings)
    ending = trained(start_run(request, NoCommands()))
    results = ResultFolder(place.folder / "strange")
    for step in perform(DETECT, run=ending.run, inputs={"input": given}, checkpoint="last"):
        if isinstance(step, Made):
            results.save(step)
        elif isinstance(step.item, Report):
            results.write(step.item)
    table = read_scores(place.folder / "strange")
    if [row.file for row in table.rows][:1] != ["spoiled.png"] or not table.rows[0].is_strange:
        raise SelfTestError("What does not belong was not found", str(table.rows))
    return f"one spoiled picture of {len(table.rows)} found, with heat map, table and page"


def _stripes(number: int) -> np.ndarray:
    random = np.random.default_rng(number)
    across = np.arange(_SIDE)[None, :, None] + random.uniform(0, 6)
    waves = 128 + 60 * np.sin(across * np.pi / 3)
    grain = random.normal(0, 6, (_SIDE, _SIDE, 3))
    return (waves + grain).clip(0, 255).astype(np.uint8)


def _save(picture_HWC: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture_HWC).save(path)
