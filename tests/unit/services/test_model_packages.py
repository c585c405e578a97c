"""A model goes into another project and makes the same there; hostile packages leave nothing."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from genstudio.cli import app
from genstudio.domain import events
from genstudio.domain import model_packages as packed
from genstudio.domain.errors import GenStudioError, ProjectError
from genstudio.domain.model_saving import SaveOptions
from genstudio.domain.progress import drain
from genstudio.domain.runs import RunState
from genstudio.engine.trainer import NoCommands
from genstudio.services import model_packages
from genstudio.services.generation import generate
from genstudio.services.model_files import save_model
from genstudio.services.model_packages import read_list, take_in
from genstudio.services.projects import Project, open_or_create
from genstudio.services.remaking import remake
from genstudio.services.runs import Run
from genstudio.services.training import resume_run

Change = Callable[[dict[str, bytes]], object]


@pytest.fixture(scope="module")
def package(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = SaveOptions(form="package", title="Meadow", author="A. B.", licence="CC BY 4.0")
    out = tmp_path_factory.mktemp("package")
    return drain(save_model(Run(trained_run), out, options)).path


@pytest.fixture
def other(tmp_path: Path) -> Project:
    return open_or_create(tmp_path / "Other")


def repacked(package: Path, to: Path, change: Change, *, lists: bool = True) -> Path:
    """The same package with other content, and a list that fits it unless said otherwise."""
    with zipfile.ZipFile(package) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    listed = json.loads(content.pop(packed.LIST))
    change(content)
    if lists:
        listed["files"] = {
            name: {"size": len(it), "sha256": hashlib.sha256(it).hexdigest()}
            for name, it in content.items()
        }
    with zipfile.ZipFile(to, "w") as archive:
        archive.writestr(packed.LIST, json.dumps(listed))
        for name, it in content.items():
            archive.writestr(name, it)
    return to


def is_untouched(project: Project) -> bool:
    left = {it.name for it in project.path.rglob("*")}
    return left <= {"project.toml", ".lock", "runs"}


def test_a_model_makes_the_same_in_another_project(
    trained_run: Path, package: Path, other: Project
) -> None:
    run = drain(take_in(package, other))
    assert run.path == other.path / "runs" / trained_run.name
    (here,) = generate(run, [5])
    (there,) = generate(Run(trained_run), [5])
    assert np.array_equal(here.image_HWC, there.image_HWC)
    assert run.summary().state is RunState.FINISHED
    assert read_list(package).author == "A. B."


def test_what_it_made_before_can_be_made_again_there(
    trained_run: Path, package: Path, other: Project, tmp_path: Path
) -> None:
    from genstudio.services.outputs import save_generated

    (made,) = generate(Run(trained_run), [9])
    picture = save_generated(made.image_HWC, tmp_path / "9.png", made.recipe)
    drain(take_in(package, other))
    again = drain(remake(picture, projects=[other.path]))
    assert again.is_same


def test_it_cannot_go_on_learning_and_says_so(package: Path, other: Project) -> None:
    run = drain(take_in(package, other))
    *_, ending = resume_run(run.path, NoCommands())
    assert isinstance(ending, events.Failed)
    assert "taken in from a package" in ending.title


def test_nothing_of_the_persons_files_goes_along(trained_run: Path, package: Path) -> None:
    project = Run(trained_run).project()
    manifest = project.load_manifest(Run(trained_run).file.dataset)
    with zipfile.ZipFile(package) as archive:
        text = b"".join(archive.read(it) for it in archive.namelist() if "ema" not in it)
    for private in (str(manifest.folder), manifest.pictures[0][0], str(project.path)):
        assert private.encode() not in text
    assert b"CC BY 4.0" in text


def test_the_same_model_is_not_taken_in_twice(package: Path, other: Project) -> None:
    drain(take_in(package, other))
    with pytest.raises(ProjectError, match="in the project already"):
        drain(take_in(package, other))
    assert len(other.run_folders()) == 1


def test_another_run_of_that_name_stays(trained_run: Path, package: Path, other: Project) -> None:
    taken = other.path / "runs" / trained_run.name
    shutil.copytree(trained_run, taken)
    for checkpoint in (taken / "checkpoints").iterdir():
        shutil.rmtree(checkpoint)
    run = drain(take_in(package, other))
    assert run.path != taken
    assert taken.is_dir()


def escape(content: dict[str, bytes]) -> None:
    content["../outside.toml"] = b"x"


def extra(content: dict[str, bytes]) -> None:
    content["checkpoint/evil.pkl"] = b"x"


def other_model(content: dict[str, bytes]) -> None:
    content[packed.RUN] = content[packed.RUN].replace(b"residual-vae", b"no-such-model")


def own_dataset(content: dict[str, bytes]) -> None:
    content[packed.RUN] = content[packed.RUN].replace(b'dataset = "imported"', b'dataset = "mine"')


def no_weights(content: dict[str, bytes]) -> None:
    del content[packed.WEIGHTS]


def torn_weights(content: dict[str, bytes]) -> None:
    content[packed.WEIGHTS] = content[packed.WEIGHTS][:1000]


def torn_state(content: dict[str, bytes]) -> None:
    content[packed.STATE] = b"{}"


@pytest.mark.parametrize(
    "change",
    [escape, extra, other_model, own_dataset, no_weights, torn_weights, torn_state],
    ids=lambda it: it.__name__,
)
def test_packages_that_are_not_right_are_refused_and_leave_nothing(
    package: Path, other: Project, tmp_path: Path, change: Change
) -> None:
    hostile = repacked(package, tmp_path / "hostile.genstudio", change)
    with pytest.raises(GenStudioError) as refused:
        drain(take_in(hostile, other))
    assert refused.value.title
    assert is_untouched(other)
    assert not (tmp_path / "outside.toml").exists()
    assert other.run_folders() == []


def flipped(content: dict[str, bytes]) -> None:
    weights = bytearray(content[packed.WEIGHTS])
    weights[-1] ^= 1
    content[packed.WEIGHTS] = bytes(weights)


def longer(content: dict[str, bytes]) -> None:
    content[packed.SHEET] += b"more"


@pytest.mark.parametrize("change", [flipped, longer], ids=lambda it: it.__name__)
def test_content_that_does_not_fit_its_checksums_is_refused(
    package: Path, other: Project, tmp_path: Path, change: Change
) -> None:
    hostile = repacked(package, tmp_path / "hostile.genstudio", change, lists=False)
    with pytest.raises(ProjectError, match="damaged"):
        drain(take_in(hostile, other))
    assert is_untouched(other)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all"])
def test_files_that_are_no_packages_are_told(
    other: Project, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.genstudio"
    path.write_bytes(content)
    with pytest.raises(ProjectError):
        drain(take_in(path, other))


def test_a_zip_of_something_else_is_told(other: Project, tmp_path: Path) -> None:
    path = tmp_path / "x.genstudio"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(ProjectError, match="no model package"):
        drain(take_in(path, other))


def test_a_newer_format_is_told(package: Path, other: Project, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        listed = json.loads(archive.read(packed.LIST))
    path = tmp_path / "newer.genstudio"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(packed.LIST, json.dumps({**listed, "format_version": 99}))
    with pytest.raises(ProjectError, match="newer GenStudio"):
        drain(take_in(path, other))


def test_giving_up_leaves_nothing(package: Path, other: Project) -> None:
    work = take_in(package, other)
    next(work)
    work.close()
    assert is_untouched(other)


def test_the_commands_do_it(trained_run: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    arguments = ["save", str(trained_run), "--out", str(tmp_path / "m.genstudio"), "--json"]
    saved = runner.invoke(app, arguments)
    assert saved.exit_code == 0, saved.output
    path = json.loads(saved.stdout.splitlines()[-1])["path"]
    done = runner.invoke(app, ["import", path, "--project", str(tmp_path / "P"), "--json"])
    assert done.exit_code == 0, done.output
    run = json.loads(done.stdout.splitlines()[-1])["run"]
    assert Run(Path(run)).file.imported_from


def test_names_by_the_thousand_are_refused_before_they_are_read(
    package: Path, other: Project, tmp_path: Path
) -> None:
    full = repacked(
        package,
        tmp_path / "full.genstudio",
        lambda it: it.update({f"{n}": b"" for n in range(2000)}),
    )
    with pytest.raises(ProjectError, match="do not belong"):
        model_packages._refuse_long_directory(full)
    with pytest.raises(ProjectError):
        drain(take_in(full, other))
    assert is_untouched(other)
