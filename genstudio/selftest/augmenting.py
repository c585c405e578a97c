"""Checks of augmentation and of scans: more of the rare class; a deep picture in a window."""

import numpy as np
from PIL import Image

from genstudio.data.samples import paint_flower
from genstudio.domain.operations import AUGMENT
from genstudio.domain.progress import drain
from genstudio.engine.trainer import NoCommands
from genstudio.selftest.learning import small_settings, trained
from genstudio.selftest.place import Place, SelfTestError
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import ResultFolder
from genstudio.services.scans import ScanOptions, import_scans
from genstudio.services.training import NewRun, start_run

_SIDE, _RARE, _USUAL = 32, 4, 7


def make_more_of_the_rare(place: Place) -> str:
    """Train on two classes and have the smaller one made as large as the other."""
    folder = place.folder / "two classes"
    for kind, count in (("rare", _RARE), ("usual", _USUAL)):
        (folder / kind).mkdir(parents=True)
        for index in range(count):
            flower_HWC = paint_flower(_SIDE, seed=len(kind), index=index)
            Image.fromarray(flower_HWC).save(folder / kind / f"{index:02}.png")
    settings = small_settings("residual-vae", 2, width=32).model_copy(update={"kinds": True})
    request = NewRun(folder=folder, project=place.folder / "Classes", settings=settings)
    ending = trained(start_run(request, NoCommands()))
    results = ResultFolder(place.folder / "more")
    # After two steps a model hardly changes what it varies.
    wish = {"source": "nothing", "check": False}
    work = perform(AUGMENT, run=ending.run, checkpoint="last", settings=wish)
    made = [results.save(step) for step in work if isinstance(step, Made)]
    if len(made) != _USUAL - _RARE or any(path.parent.name != "rare" for path in made):
        raise SelfTestError("The rare class was not made as large as the other", str(made))
    return f"{len(made)} pictures of the rare class, none of them a copy"


def import_a_deep_picture(place: Place) -> str:
    """Bring a 16-bit picture into a window."""
    scans = place.folder / "scans"
    scans.mkdir()
    values = np.linspace(0, 60_000, _SIDE * _SIDE).astype(np.uint16).reshape(_SIDE, _SIDE)
    Image.fromarray(values).save(scans / "someone.png")
    options = ScanOptions(middle=30_000, width=20_000)
    done = drain(import_scans([scans], place.folder / "imported", options))
    (path,) = done.folder.glob("*.png")
    with Image.open(path) as picture:
        shown = np.asarray(picture)
    if path.stem == "someone" or (shown[0, 0], shown[-1, -1]) != (0, 255):
        raise SelfTestError("A deep picture was not brought into its window", path.name)
    return "a 16-bit picture in a window, under a number"
