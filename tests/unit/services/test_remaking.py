"""What was made can be made again, or it is said why it cannot."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from genstudio.artifacts.image import read_recipe, save_picture
from genstudio.cli import app
from genstudio.domain.errors import DatasetError, ProjectError
from genstudio.domain.progress import drain
from genstudio.domain.recipes import Recipe, RecipeInput
from genstudio.services.generation import generate
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.remaking import remake
from genstudio.services.runs import Run


@pytest.fixture(scope="module")
def made(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that was taken out of its project."""
    (picture,) = generate(Run(trained_run), [7])
    path = tmp_path_factory.mktemp("elsewhere") / "seven.png"
    save_picture(picture.image_HWC, path, picture.recipe)
    return path


def recipe_of(path: Path) -> Recipe:
    recipe = read_recipe(path)
    assert recipe is not None
    return recipe


def with_recipe(path: Path, to: Path, **changes: object) -> Path:
    recipe = recipe_of(path).model_copy(update=changes)
    save_picture(np.asarray(Image.open(path).convert("RGB")), to, recipe)
    return to


def test_the_same_pixels_come_again(made: Path, trained_run: Path) -> None:
    done = drain(remake(made, projects=[trained_run.parent.parent]))

    assert done.is_same
    assert done.run == trained_run
    with Image.open(made) as picture:
        np.testing.assert_array_equal(done.artifact.data, np.asarray(picture))


def test_one_of_before_is_drawn_alone_again(trained_run: Path, tmp_path: Path) -> None:
    (alone,) = generate(Run(trained_run), [7], batch=1)
    path = tmp_path / "alone.png"
    save_picture(alone.image_HWC, path, alone.recipe)
    kept = json.loads(alone.recipe.model_dump_json())
    del kept["batch"], kept["device"]  # As it was written before.
    assert Recipe.model_validate(kept) == alone.recipe

    done = drain(remake(path, projects=[trained_run.parent.parent]))

    assert done.is_same
    assert done.recipe.batch == 1


def test_one_of_a_graphics_card_is_made_without_and_no_pixels_are_promised(
    made: Path, trained_run: Path, tmp_path: Path
) -> None:
    with Image.open(made) as picture:
        pixels = np.array(picture)
    pixels[3, 3, 0] ^= 1
    path = tmp_path / "card.png"
    # A kind of device that no machine has.
    save_picture(pixels, path, recipe_of(made).model_copy(update={"device": "abacus"}))

    done = drain(remake(path, projects=[trained_run.parent.parent]))

    assert not done.is_same
    assert done.device == "cpu"
    assert "another device (abacus)" in done.words


def test_in_its_own_project_no_folder_need_be_named(made: Path, trained_run: Path) -> None:
    hung = trained_run.parent.parent / "gallery" / "remade-test.png"
    hung.parent.mkdir(exist_ok=True)
    shutil.copy(made, hung)
    try:
        assert drain(remake(hung)).is_same
    finally:
        hung.unlink()


def test_one_that_was_retouched_is_told(made: Path, trained_run: Path, tmp_path: Path) -> None:
    with Image.open(made) as picture:
        pixels = np.array(picture)
    pixels[3, 3, 0] ^= 1
    path = tmp_path / "retouched.png"
    save_picture(pixels, path, recipe_of(made))

    done = drain(remake(path, projects=[trained_run.parent.parent]))

    assert not done.is_same
    assert "changed afterwards" in done.words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"run": "another"}, "run that made it is not here"),
        ({"run": "../../elsewhere"}, "run that made it is not here"),
        ({"weights_sha256": "cd" * 32}, "other weights"),
        ({"step": 3}, "no longer there"),
        ({"position": 4}, "cannot be made again"),
        (
            {"operation": "blend", "inputs": (RecipeInput(name="a.png", content_hash="ab"),)},
            "made from is not here",
        ),
    ],
)
def test_what_is_missing_is_named(
    made: Path, trained_run: Path, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    path = with_recipe(made, tmp_path / "other.png", **changes)

    with pytest.raises(ProjectError, match=words) as caught:
        drain(remake(path, projects=[trained_run.parent.parent]))
    assert caught.value.hint


def test_a_picture_from_elsewhere_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.new("RGB", (8, 8)).save(path)
    with pytest.raises(ProjectError, match="says nothing of how it was made"):
        drain(remake(path))
    path.write_bytes(b"no picture")
    with pytest.raises(DatasetError):
        drain(remake(path))
    with pytest.raises(ProjectError, match="says nothing"):
        drain(remake(tmp_path / "notes.docx"))


def test_from_the_terminal(made: Path, trained_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.png"
    project = str(trained_run.parent.parent)
    told = CliRunner().invoke(
        app, ["remake", str(made), "--out", str(out), "--project", project, "--json"]
    )
    assert told.exit_code == 0, told.output
    assert '"same": true' in told.stdout
    assert out.read_bytes() == made.read_bytes()

    refused = CliRunner().invoke(app, ["remake", str(made), "--out", str(out)])
    assert refused.exit_code == 1
    assert "not here" in refused.stderr


def test_a_restyled_picture_of_before_there_was_a_setting_is_made_as_it_was(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("content", "style"):
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(tmp_path / f"{name}.png")
    inputs = {"input": [tmp_path / "content.png"], "style": [tmp_path / "style.png"]}

    def painted(momentum: float) -> Made:
        settings = {"care": "quick", "largest_side": 64, "momentum": momentum}
        work = perform("style-transfer", inputs=inputs, settings=settings)
        (made,) = [it for it in work if isinstance(it, Made)]
        return made

    of_before, of_now = painted(0.9), painted(0.5)
    assert not np.array_equal(of_before.artifact.data, of_now.artifact.data)
    sampling = {k: v for k, v in of_before.recipe.sampling.items() if k != "momentum"}
    path = tmp_path / "painted.png"
    save_picture(
        of_before.artifact.data, path, of_before.recipe.model_copy(update={"sampling": sampling})
    )

    assert drain(remake(path)).is_same
