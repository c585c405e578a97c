"""From pictures to words or phrases and back, and both anew."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_studio import save_partners, small_settings, steps

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.domain import events
from genstudio.domain.artifacts import IMAGE, NOTES, TEXT
from genstudio.domain.errors import SettingsError
from genstudio.domain.operations import OperationCard
from genstudio.domain.progress import drain
from genstudio.engine.trainer import NoCommands
from genstudio.services.operations.catalog import OPERATIONS
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, start_run
from genstudio.ui.run_words import examples_words, preview_px

MODEL = {"width": 16, "latent_size": 4, "private_size": 4}
KINDS = {"captions": TEXT, "notes": NOTES}


@pytest.fixture(scope="module", params=sorted(KINDS))
def run(
    request: pytest.FixtureRequest, flowers: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    place = tmp_path_factory.mktemp(request.param)
    folder = save_partners(request.param, flowers, place / "set")
    settings = small_settings("any-to-any-vae", model=MODEL, budget=steps(2))
    asked = NewRun(folder=folder, project=place / "Pairs", settings=settings)
    *_, ended = start_run(asked, NoCommands())
    assert isinstance(ended, events.Finished), ended
    assert ended.run is not None
    return ended.run


def partner_of(run: Path) -> str:
    return TEXT if Run(run).settings.modality == "captions" else NOTES


def made(key: str, run: Path, files: list[Path], **asked: object) -> list[Made]:
    given = {"input": files} if files else {}
    work = perform(key, run=run, inputs=given, **asked)  # type: ignore[arg-type]
    return [it for it in work if isinstance(it, Made)]


def test_both_ways_and_pairs_give_what_they_say_and_can_be_made_again(
    run: Path, tmp_path: Path
) -> None:
    kind = partner_of(run)
    name, suffix = ("words", ".txt") if kind == TEXT else ("notes", ".mid")
    folder = Run(run).project().pictures_folders()[0]
    for key, ending, wanted in (
        (f"picture-to-{name}", ".png", kind),
        (f"{name}-to-picture", suffix, IMAGE),
        ("generate-pairs", "", IMAGE),
    ):
        files = sorted(folder.glob(f"*{ending}"))[:2] if ending else []
        results = made(key, run, files, count=2, seed=3)
        kinds = [it.artifact.kind for it in results]
        assert kinds == ([wanted] * 4 if files else [IMAGE, kind] * 2)
        assert [it.artifact.seed for it in results] == ([3, 4, 3, 4] if files else [3, 3, 4, 4])
        # What they were made from lies beside them.
        for file in files:
            shutil.copy(file, tmp_path)
        for it in (results[0], results[-1]):
            again = drain(remake(save_made(it, tmp_path), projects=[run.parent.parent]))
            assert again.is_same


def test_a_run_of_other_pairs_is_refused(run: Path) -> None:
    other = "picture-to-notes" if partner_of(run) == TEXT else "picture-to-words"
    folder = Run(run).project().pictures_folders()[0]
    for key in (other, "picture-to-sound"):
        with pytest.raises(SettingsError, match="learned other pairs"):
            made(key, run, sorted(folder.glob("*.png"))[:1])


def test_words_are_written_or_read_and_what_is_not_known_is_told(run: Path, tmp_path: Path) -> None:
    if partner_of(run) != TEXT:
        pytest.skip("there are no words")
    with pytest.raises(SettingsError, match="no words"):
        made("words-to-picture", run, [])
    with pytest.raises(SettingsError, match="None of these words was learned"):
        made("words-to-picture", run, [], settings={"prompt": "xyzzy"})
    (clear,) = made("words-to-picture", run, [], settings={"prompt": "red flower"})
    (slip,) = made("words-to-picture", run, [], settings={"prompt": "red flowr"})
    assert clear.artifact.values == {}
    assert slip.artifact.values == {"read_as": "red flower"}
    same = ARTIFACTS.get(IMAGE).is_same
    assert same(clear.artifact, slip.artifact)
    assert drain(remake(save_made(slip, tmp_path), projects=[run.parent.parent])).is_same
    file = tmp_path / "wish.txt"
    file.write_text("red flower", encoding="utf-8")
    written, read = made("words-to-picture", run, [file], settings={"prompt": "a blue flower"})
    assert same(read.artifact, clear.artifact)
    assert (written.recipe.sampling["prompt"], read.recipe.sampling["prompt"]) == (
        "a blue flower",
        "",
    )
    assert [it.name for it in read.recipe.inputs] == ["wish.txt"]
    assert not written.recipe.inputs


@pytest.mark.parametrize(
    ("modality", "layout", "partner"),
    [
        ("captions", "", TEXT),
        ("paired-materials", "name; 32 px; notes: 2 bars", NOTES),
        ("paired-materials", "class; 64 px; sound: 8000 Hz, 4096 samples", "sound"),
        ("images", "", ""),
    ],
)
def test_each_operation_asks_for_runs_of_its_own_pairs(
    modality: str, layout: str, partner: str
) -> None:
    cards: list[OperationCard] = [it.card for it in OPERATIONS.usable()]
    asking = {it.key for it in cards if it.partner and it.suits(modality, layout)}
    wanted = {it.key for it in cards if partner and it.partner == partner}
    assert asking == wanted
    assert len(wanted) == (2 if partner else 0)


def test_previews_show_each_picture_beside_what_belongs_to_it(run: Path) -> None:
    settings, (_, path) = Run(run).settings, Run(run).previews()[-1]
    assert preview_px(settings) == 128
    assert examples_words(settings).startswith("32 px")
    sheet = np.asarray(Image.open(path).convert("RGB"))
    # Cells of 128 px with gaps of 2: of a small picture, each pixel is a square of four by four.
    first, beside = sheet[2:130, 2:130], sheet[2:130, 132:260]
    assert np.array_equal(first[::4, ::4].repeat(4, 0).repeat(4, 1), first)
    assert not np.array_equal(beside[::4, ::4].repeat(4, 0).repeat(4, 1), beside)
    if partner_of(run) == TEXT:
        assert tuple(beside[64, 127]) == (250, 248, 243)
        # The sheet is what is shown, and no list of its words.
        assert not list(path.parent.glob("*.txt"))
