"""The program's ways to read what strangers may send, each as a function of a case's folder."""

import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tiny_studio import Script, steps
from valid_files import PROJECT, RUNS, basis_in, set_up_studio

from genstudio.artifacts.catalog import kind_of_input
from genstudio.artifacts.image import read_recipe, save_picture
from genstudio.data.cache import PictureCache, build_cache
from genstudio.data.captions import LONGEST_CAPTION, read_captions
from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.data.phrases import phrases_of
from genstudio.data.scan import scan_folder
from genstudio.data.scores import Score
from genstudio.data.squares import decode_picture
from genstudio.domain import events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import CheckpointError, GenStudioError, SettingsError
from genstudio.domain.progress import drain
from genstudio.domain.words import vocabulary
from genstudio.metrics.inception import load_inception
from genstudio.services.caption_edits import load_edits
from genstudio.services.export import export_gallery
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.services.judgements import kept_report
from genstudio.services.preferences import load_preferences, save_preferences
from genstudio.services.projects import Project, open_project
from genstudio.services.runs import Run
from genstudio.services.score_tables import read_scores
from genstudio.services.training import resume_run
from genstudio.ui import run_words
from genstudio.ui.widgets.loss_history import LossHistory

set_up_studio()

_BUG_TITLE = "Training stopped because of an error in the program"
_MAY_HAVE_RECIPE = {"png", "jpeg", "webp", "gif", "bmp"}


def _project(case: Path) -> Project:
    return open_project(case / "toy" / PROJECT)


def _run(case: Path, model_key: str = "toy") -> Run:
    return Run(case / model_key / PROJECT / "runs" / RUNS[model_key])


def _all_of(*readings: Callable[[], object]) -> None:
    """Try all of them; what was refused first is raised at the end."""
    refusals: list[Exception] = []
    for reading in readings:
        try:
            reading()
        except (GenStudioError, UnreadablePictureError) as error:
            refusals.append(error)
    if refusals:
        raise refusals[0]


# --- checkpoints and what is made from them -----------------------------------------------------


def read_torn_checkpoint(case: Path) -> None:
    """Open a checkpoint that is damaged, and the one before it."""
    run = _run(case)
    try:
        run.store.load(2)
    except CheckpointError:
        assert run.checkpoint("last").state.step == 1
        raise


def read_checkpoint(case: Path) -> None:
    """Open a checkpoint and read all of its tensors."""
    run = _run(case)
    run.store.infos()
    run.checkpoint("last")
    checkpoint = run.store.load(2)
    for name in checkpoint.checksums:
        if name.endswith(".safetensors"):
            checkpoint.tensors(name.removesuffix(".safetensors"))


def make_pictures(case: Path, model_key: str) -> None:
    """Make two pictures with the weights of a run."""
    for made in generate(_run(case, model_key), [1, 2], checkpoint="2"):
        assert made.image_HWC.dtype == np.uint8
        assert made.image_HWC.shape == (32, 32, 3)


def read_whole(case: Path) -> None:
    """Make pictures, look at the gallery, and go on with the run."""

    def look_at_gallery() -> None:
        with Gallery(_project(case)) as gallery:
            gallery.sync()
            for item in gallery.items():
                assert item.recipe

    _all_of(lambda: make_pictures(case, "toy"), look_at_gallery, lambda: go_on(case))


def go_on(case: Path) -> None:
    """Go on with a run for a step."""
    run = _run(case)
    run.summary()
    *_, ending = resume_run(run.path, Script(), budget=steps(3))
    if isinstance(ending, events.Failed):
        errors = re.findall(r"^[\w.]+Error.*", ending.traceback, re.MULTILINE)
        assert ending.title != _BUG_TITLE, errors[-1]
        raise GenStudioError(ending.title, ending.message, ending.hint)


def describe_run(case: Path) -> None:
    """Say in words how a run stands."""
    summary = _run(case).summary()
    run_words.run_title(summary, is_live=False)
    run_words.how_it_stands(summary)
    for checkpoint in summary.checkpoints:
        run_words.checkpoint_details(checkpoint)


# --- the project's own files --------------------------------------------------------------------


def read_run(case: Path) -> None:
    """Read a run as its page does."""
    run = _run(case)
    list(run.record.read())
    summary = run.summary()
    plotted = LossHistory()
    for step, losses in summary.losses:
        for value in losses.values():
            plotted.add(step, value)
    _all_of(run.project, lambda: run.checkpoint("best"))


def read_project(case: Path) -> None:
    """Open a project and its lists of pictures."""
    project = _project(case)
    assert project.name
    project.run_folders()
    for dataset in (project.path / "datasets").iterdir():
        manifest = project.load_manifest(dataset.name)
        for name, _ in manifest.pictures:
            (manifest.folder / name).relative_to(manifest.folder)
            assert ".." not in Path(name).parts


def read_cache(case: Path) -> None:
    """Find the decoded pictures, or decode them again."""
    project = _project(case)
    (dataset,) = (project.path / "datasets").iterdir()
    manifest = project.load_manifest(dataset.name)
    cache = drain(build_cache(manifest, size=32, cache_dir=dataset, workers=1))
    assert isinstance(cache, PictureCache)
    assert cache.images_NHWC.dtype == np.uint8
    assert cache.images_NHWC.shape[1:] == (32, 32, 3)
    np.asarray(cache.images_NHWC).sum()


def read_preferences(case: Path) -> None:
    """Start, and remember something."""
    os.environ["XDG_CONFIG_HOME"] = str(case / "preferences")
    preferences = load_preferences()
    preferences.last_project()
    preferences.window_geometry()
    preferences.remember_project(case)
    save_preferences(preferences)


def read_judgement(case: Path) -> None:
    """Look for what was found of a checkpoint; it leads to no picture that there is not."""
    basis = basis_in(case)
    report = kept_report(basis)
    for pair in report.copying.pairs if report and report.copying else ():
        assert 0 <= pair.made < basis.count
        assert 0 <= pair.training < basis.num_training


def read_score_table(case: Path) -> None:
    """Read the table of a folder of results; its numbers are numbers."""
    table = read_scores(case / "scores")
    assert all(isinstance(row.score, float) for row in table.rows)


def read_captions_beside(case: Path) -> None:
    """Read what lies beside pictures, and what was written in a project: short lines of text."""
    folder = case / "captions"
    names = [f"{name}.png" for name in "abcd"]
    found = read_captions(folder, names, sorted(path.name for path in folder.iterdir()))
    written = load_edits(folder)
    assert set(found.report.texts) <= set(names)
    for text in (*found.report.texts.values(), *written.values()):
        assert len(text) <= LONGEST_CAPTION
        assert "\n" not in text
    vocabulary(found.report.texts.values())


def read_heard(case: Path) -> None:
    """Read sounds and notes as a person's own, draw them, and take phrases from them."""
    for path in sorted((case / "heard").iterdir()):
        kind = kind_of_input(path)
        assert kind is not None
        with contextlib.suppress(GenStudioError):
            artifact = kind.read(path)
            assert kind.words(artifact)
            assert kind.thumbnail(path, 32).shape[1] == 32
            if isinstance(artifact.data, Score):
                for phrase in phrases_of(artifact.data, 2):
                    assert phrase.tokens.shape == (32,)


def read_inception(case: Path) -> None:
    """Take weights of another network for those of the official FID, which they never are."""
    (weights,) = case.glob("*/*/runs/*/checkpoints/2/ema.safetensors")
    with contextlib.suppress(SettingsError):
        load_inception(weights)


# --- the gallery --------------------------------------------------------------------------------


def read_gallery(case: Path) -> None:
    """Look through a gallery's index, and change it."""
    with Gallery(_project(case)) as gallery:
        gallery.count()
        items = gallery.items("toy", minimum_rating=1)
        for item in [*items, *gallery.items()]:
            assert type(item.rating) is int
            assert 0 <= item.rating <= 5
            assert all(type(tag) is str for tag in item.tags)
        for item in items:
            gallery.item(item.name)
            gallery.rate(item.name, 3)
            gallery.tag(item.name, ["new"])
        gallery.sync()
        for item in items:
            assert item.recipe


def export_pictures(case: Path) -> None:
    """Export a gallery, which must not hold what is not in the project."""
    with Gallery(_project(case)) as gallery:
        items = gallery.items()
    list(export_gallery(items, to=case / "out", kind="folder", title="x"))
    for path in (case / "out").iterdir():
        assert b"a person's own" not in path.read_bytes()


def read_gallery_pictures(case: Path) -> None:
    """Make the index anew from the pictures, and use their recipes."""
    project = _project(case)
    (project.path / "library.sqlite").unlink()
    pictures = sorted(project.gallery.glob("*.png"))
    with Gallery(project) as gallery:
        items = gallery.items()
    _all_of(
        *(lambda path=path: _copy_picture(path, case / "copies" / "copy.png") for path in pictures),
        lambda: items and list(export_gallery(items, to=case / "web", kind="web", title="x")),
        lambda: items and list(export_gallery(items, to=case / "out", kind="folder", title="x")),
    )


def _copy_picture(path: Path, to: Path) -> None:
    recipe = read_recipe(path)
    if recipe is not None:
        save_picture(np.zeros((2, 2, 3), np.uint8), to, recipe)
        assert read_recipe(to) == recipe


# --- pictures -----------------------------------------------------------------------------------


def read_pictures(case: Path, kind: str) -> None:
    """Look through pictures of one kind, and decode each."""
    folder = case / kind
    paths = sorted(folder.iterdir())
    _all_of(
        lambda: look_through(folder),
        *(lambda path=path: decode_picture(path, size=32) for path in paths),
        *(lambda path=path: decode_thumbnail(path, side=16) for path in paths),
        *(lambda path=path: read_recipe(path) for path in paths if kind in _MAY_HAVE_RECIPE),
    )


def look_through(folder: Path) -> None:
    """Scan a folder; refused if any picture is."""
    report = drain(scan_folder(folder, workers=1))
    assert isinstance(report, ScanReport)
    if report.unreadable:
        raise UnreadablePictureError(report.unreadable[0].reason)
