"""“Did it copy?” in the gallery: asked of pictures, shown in pairs, marked in the grid."""

from pathlib import Path

import numpy as np
from saved_runs import Opener, only_run

from genstudio.domain.progress import drain
from genstudio.services.copy_checks import own_pictures
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.ui.dialogs.copies import _CopiesDialog
from genstudio.ui.widgets.pair_list import PairList


def test_a_copy_is_marked_and_shown_beside_its_original(
    open_project: Opener, project: Path
) -> None:
    run = only_run(project)
    originals = drain(own_pictures(run))
    learned = next(at for at, name in enumerate(originals.names) if name not in run.held_out)
    made = list(generate(run, range(2)))
    with Gallery(run.project()) as gallery:
        # Other seeds than those of the pictures that hang there already.
        recipes = [made[0].recipe.model_copy(update={"seed": seed}) for seed in (901, 902)]
        copy = gallery.add(np.array(originals.images_NHWC[learned]), recipes[0])
        new = gallery.add(made[1].image_HWC, recipes[1])
    person = open_project()
    window = person.window
    person.go_to("gallery")
    grid = person.find("gallery.grid")
    person.wait(lambda: {copy.name, new.name} <= set(grid.keys()))
    grid.select(copy.name)
    person.find("gallery.copies").click()
    person.wait(lambda: window.findChild(_CopiesDialog) is not None)
    dialog = window.findChild(_CopiesDialog)
    assert "nearly the same" in dialog.findChild(object, "copies.verdict").text()
    assert dialog.findChild(PairList, "copies.pairs").count() == 6
    page = person.find("page.gallery")
    assert "⚠" in page._described(copy.name).badge
    assert "⚠" not in page._described(new.name).badge
    dialog.reject()
