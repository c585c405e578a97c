"""A project, its gallery, a trash and a run of the toy, for the tests of the services."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_studio import Script, small_settings

from genstudio.domain import commands
from genstudio.domain.events import Event
from genstudio.services import first_pictures, records
from genstudio.services import trash as trash_module
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project, open_or_create
from genstudio.services.training import NewRun, start_run

sys.path.insert(0, str(Path(__file__).parent))

from training_helpers import FIRST_PICTURES, REQUEST, Start  # beside this file, no package


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return open_or_create(tmp_path / "Meadow")


@pytest.fixture
def gallery(project: Project) -> Iterator[Gallery]:
    with Gallery(project) as opened:
        yield opened


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "trash"
    folder.mkdir()
    monkeypatch.setattr(trash_module, "send2trash", lambda path: shutil.move(path, folder))
    return folder


@pytest.fixture
def few_first_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_pictures, "COUNT", FIRST_PICTURES)


@pytest.fixture
def new_project(tmp_path: Path) -> Path:
    """Where a project will be made."""
    return tmp_path / "Meadow"


@pytest.fixture
def start(flowers: Path, new_project: Path) -> Start:
    """Trains the toy on the flowers; a person says what is given."""

    def start(*words: commands.Command | None, **changes: Any) -> list[Event]:
        request: dict[str, Any] = {"folder": flowers, "project": new_project}
        request |= {name: changes.pop(name) for name in list(changes) if name in REQUEST}
        settings = small_settings(**{"model_key": "toy", **changes})
        return list(start_run(NewRun(**request, settings=settings), Script(*words)))

    return start


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are told more than a second apart."""
    now_s = iter(range(0, 10**6, 2))

    class Clock:
        monotonic = staticmethod(lambda: next(now_s))

    monkeypatch.setattr(records, "time", Clock)
