"""One file that cannot be read holds up none of the others."""

from collections.abc import Generator, Iterable
from pathlib import Path

import pytest
from gallery_helpers import recipe
from PIL import Image
from tiny_studio import flowers_NHWC, save_pictures

from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.progress import Progress
from genstudio.services.operations.each import each
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made


def made_of(path: Path) -> Made:
    return Made(artifact=Artifact(kind=IMAGE, data=None), recipe=recipe(seed=0), name=path.stem)


def make(number: int, path: Path) -> Generator[Made | Progress, None, None]:
    if path.stem.startswith("bad"):
        raise DatasetError(f"{path.name} cannot be used", "It is empty.", "Choose another.")
    yield made_of(path)
    yield Progress("Working", number, 3)


def until_error(
    steps: Iterable[Made | Progress],
) -> tuple[list[Made | Progress], DatasetError]:
    given: list[Made | Progress] = []
    with pytest.raises(DatasetError) as caught:
        given.extend(steps)
    return given, caught.value


def told(names: list[str]) -> tuple[list[str], DatasetError]:
    given, error = until_error(each([Path(name) for name in names], make, "Working"))
    words = [it.name if isinstance(it, Made) else f"{it.done}/{it.total}" for it in given]
    return words, error


def test_the_others_are_made_and_the_end_says_what_was_not() -> None:
    given, error = told(["a.png", "bad.png", "b.png"])
    assert given == ["a", "1/3", "2/3", "b", "3/3"]
    assert error.title == "Nothing was made of 1 file out of 3"
    assert "bad.png cannot be used. It is empty." in error.message


def test_of_many_some_are_named() -> None:
    _, error = told(["a.png", *(f"bad{number}.png" for number in range(7))])
    assert error.title == "Nothing was made of 7 files out of 8"
    assert "bad4.png" in error.message
    assert "bad5.png" not in error.message
    assert "2 more likewise." in error.message


def test_where_nothing_can_be_made_the_reason_is_told_alone() -> None:
    given, error = told(["bad1.png", "bad2.png"])
    assert given == ["1/2", "2/2"]
    assert error.title == "bad1.png cannot be used"


def test_other_errors_end_it_at_once() -> None:
    def refuse(number: int, path: Path) -> Generator[Made | Progress, None, None]:
        del number, path
        raise SettingsError("No")
        yield

    with pytest.raises(SettingsError):
        list(each([Path("a"), Path("b")], refuse, "Working"))


@pytest.mark.parametrize("operation", ["upscale", "style-transfer"])
def test_pictures_beside_a_damaged_one_are_done(tmp_path: Path, operation: str) -> None:
    folder = save_pictures(tmp_path / "given", flowers_NHWC(2))
    (folder / "01a.png").write_bytes(b"no picture")
    Image.fromarray(flowers_NHWC(3)[2]).save(tmp_path / "style.png")
    inputs = {"input": sorted(folder.iterdir())}
    if operation == "style-transfer":
        inputs["style"] = [tmp_path / "style.png"]
    given, error = until_error(perform(operation, inputs=inputs))
    made = [step.source for step in given if isinstance(step, Made)]
    assert made == [folder / "00.png", folder / "01.png"]
    assert error.title == "Nothing was made of 1 file out of 3"
    assert "01a.png" in error.message
