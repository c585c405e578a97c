"""The split of a run: compact whatever the number of pictures, and refused when it was changed."""

import shutil
from pathlib import Path

import pytest
import tomli_w
from tiny_studio import small_settings

from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import ProjectError
from genstudio.services.projects import Project, open_or_create
from genstudio.services.runs import Run, create_run

pytestmark = pytest.mark.usefixtures("toy")
COUNT = 100_000


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """A hundred thousand pictures with names of 200 characters."""
    names = (f"{number:06}{'n' * 190}.png" for number in range(COUNT))
    return Manifest(folder=Path("/pictures"), pictures=tuple((name, "0") for name in names))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return open_or_create(tmp_path / "Meadow")


def test_a_large_set_can_be_frozen_and_opened_again(project: Project, manifest: Manifest) -> None:
    held_out = tuple(name for name, _ in manifest.pictures[5::10])
    dataset = project.save_manifest(manifest)
    made = create_run(project, dataset, small_settings("toy"), manifest=manifest, held_out=held_out)

    assert made.held_out == held_out
    assert Run(made.path).held_out == held_out
    assert (made.path / "run.toml").stat().st_size < 5000
    assert (made.path / "held-out.json").stat().st_size < 8 * COUNT


def run_of(project: Project, *held_out: str) -> Run:
    pictures = tuple((f"{number}.png", "0") for number in range(60))
    manifest = Manifest(folder=Path("/pictures"), pictures=pictures)
    dataset = project.save_manifest(manifest)
    return create_run(project, dataset, small_settings("toy"), held_out=held_out)


def test_names_come_back_in_the_order_of_the_set(project: Project) -> None:
    assert Run(run_of(project, "7.png", "3.png", "59.png").path).held_out == (
        "3.png",
        "7.png",
        "59.png",
    )


def test_a_run_whose_names_are_in_its_settings_is_still_read(project: Project) -> None:
    run = run_of(project)
    content = run.file.model_dump(mode="json") | {"format_version": 1, "held_out": ["7.png"]}
    (run.path / "run.toml").write_text(tomli_w.dumps(content), "utf-8")

    assert Run(run.path).held_out == ("7.png",)


def test_an_older_program_refuses_what_it_cannot_read_and_reads_the_rest(project: Project) -> None:
    assert run_of(project, "7.png").file.format_version == 2
    assert run_of(project).file.format_version == 1


def test_a_name_that_is_not_in_the_set_cannot_be_held_out(project: Project) -> None:
    with pytest.raises(ProjectError, match="not in the set"):
        run_of(project, "nobody.png")


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"num_pictures":60,"held_out":[8]}'])
def test_a_file_that_is_gone_or_was_changed_is_refused(
    project: Project, content: bytes | None
) -> None:
    run = run_of(project, "7.png")
    split = run.path / "held-out.json"
    split.unlink() if content is None else split.write_bytes(content)

    with pytest.raises(ProjectError, match=r"held-out\.json") as caught:
        _ = Run(run.path).held_out
    assert "other pictures" in caught.value.hint


@pytest.mark.parametrize("pictures", [59, 61])
def test_the_split_of_another_set_is_refused(project: Project, pictures: int) -> None:
    run = run_of(project, "7.png", "59.png")
    shutil.rmtree(project.dataset_folder(run.file.dataset))
    others = Manifest(
        folder=Path("/pictures"),
        pictures=tuple((f"{number}.png", "0") for number in range(pictures)),
    )
    project.save_manifest(others).rename(project.dataset_folder(run.file.dataset))

    with pytest.raises(ProjectError, match="damaged") as caught:
        _ = Run(run.path).held_out
    assert "another set" in caught.value.message
