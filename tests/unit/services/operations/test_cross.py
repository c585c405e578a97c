"""From pictures to sounds and back, and both anew."""

from pathlib import Path

import numpy as np
import pytest
from tiny_studio import folder_for, small_settings, steps

pytest.importorskip("soundfile", reason="sounds need the extra “sound”")

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.domain import events
from genstudio.domain.artifacts import IMAGE, SOUND
from genstudio.domain.errors import DatasetError
from genstudio.domain.progress import drain
from genstudio.engine.trainer import NoCommands
from genstudio.services.first_pictures import COUNT, hang_first_pictures
from genstudio.services.gallery import Gallery
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run

MODEL = {"width": 16, "latent_size": 4, "private_size": 4}


@pytest.fixture(scope="module")
def folder(flowers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_for("any-to-any-vae", flowers, tmp_path_factory.mktemp("pairs") / "set")


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    settings = small_settings("any-to-any-vae", model=MODEL, budget=steps(2))
    project = folder.parent / "Pairs"
    *_, ended = start_run(NewRun(folder=folder, project=project, settings=settings), NoCommands())
    assert isinstance(ended, events.Finished), ended
    assert ended.run is not None
    return ended.run


def made(key: str, run: Path, files: list[Path], *, count: int = 1, seed: int = 0) -> list[Made]:
    given = {"input": files} if files else {}
    work = perform(key, run=run, inputs=given, count=count, seed=seed)
    return [it for it in work if isinstance(it, Made)]


@pytest.mark.parametrize(
    ("key", "suffix", "kind"),
    [("picture-to-sound", "png", SOUND), ("sound-to-picture", "wav", IMAGE)],
)
def test_each_file_gives_several_different_results(
    run: Path, folder: Path, key: str, suffix: str, kind: str
) -> None:
    files = sorted(folder.glob(f"*.{suffix}"))[:2]
    results = made(key, run, files, count=2, seed=3)

    assert [(it.source, it.artifact.seed) for it in results] == [
        (file, seed) for file in files for seed in (3, 4)
    ]
    assert all(it.artifact.kind == kind for it in results)
    same = ARTIFACTS.get(kind).is_same
    assert not same(results[0].artifact, results[1].artifact)
    (alone,) = made(key, run, files[1:], seed=4)
    assert same(alone.artifact, results[3].artifact)


def test_both_of_a_pair_are_results_that_can_be_made_again(run: Path, tmp_path: Path) -> None:
    results = made("generate-pairs", run, [], count=2, seed=7)

    assert [it.artifact.kind for it in results] == [IMAGE, SOUND, IMAGE, SOUND]
    for it in results:
        again = drain(remake(save_made(it, tmp_path), projects=[run.parent.parent]))
        assert again.is_same
    assert str(results[1].artifact.values["nearest"]).endswith(".wav")


def test_a_file_of_the_wrong_kind_is_refused(run: Path, folder: Path) -> None:
    with pytest.raises(DatasetError, match="is no sound"):
        made("sound-to-picture", run, [folder / "00.png"])
    with pytest.raises(DatasetError, match="is no image"):
        made("picture-to-sound", run, [folder / "00.wav"])


def test_what_belongs_to_a_new_picture_is_written_beside_it(run: Path, tmp_path: Path) -> None:
    (picture,) = made("generate", run, [], seed=5)
    path = save_made(picture, tmp_path)

    beside = tmp_path / "sound" / f"{path.stem}.flac"
    kind = ARTIFACTS.get(SOUND)
    assert kind.is_same(kind.read(beside), picture.artifact.parts["sound"])
    assert kind.read_recipe(beside) is None
    assert save_made(picture, tmp_path) == path
    assert len(list(beside.parent.iterdir())) == 1


def test_a_finished_run_hangs_pairs(run: Path) -> None:
    assert drain(hang_first_pictures(run)) == COUNT
    with Gallery(Run(run).project()) as gallery:
        suffixes = [Path(it.name).suffix for it in gallery.items()]
    assert (suffixes.count(".png"), suffixes.count(".flac")) == (COUNT // 2, COUNT // 2)


def test_previews_show_each_picture_beside_its_sound(run: Path) -> None:
    from PIL import Image

    step, path = Run(run).previews()[-1]
    sheet = np.asarray(Image.open(path).convert("RGB"))
    assert step == 2
    # Cells of 128 px with gaps of 2: the second of each two is the drawing of a sound.
    ground = [tuple(sheet[4, 2 + 130 * column + 2]) for column in range(4)]
    assert ground[1] == ground[3] == (24, 24, 27)
    assert (24, 24, 27) not in (ground[0], ground[2])
    # Of a small picture, each pixel is a square of four by four.
    first = sheet[2:130, 2:130]
    assert np.array_equal(first[::4, ::4].repeat(4, 0).repeat(4, 1), first)
