"""What the window asks of models that go out and come in, and of where files come from."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from genstudio.domain.model_packages import PackageList
from genstudio.domain.model_saving import SaveOptions
from genstudio.domain.progress import Progress, with_result
from genstudio.domain.settings import parse_settings
from genstudio.services.jobs import Job
from genstudio.services.projects import Project
from genstudio.services.provenance import Origin, origin_of


def check_origin(path: Path) -> Job[Origin]:
    """Look what a file claims of itself, and whether that holds."""

    def work() -> Iterator[Origin]:
        yield origin_of(path)

    return Job("origin", work)


def save_model(run: Path, to: Path, options: Mapping[str, Any]) -> Job[Any]:
    """Take the best weights of a run out; the last item is a ``SavedModel``."""

    def work() -> Iterator[Any]:
        files = import_module("genstudio.services.model_files")
        runs = import_module("genstudio.services.runs")
        chosen = parse_settings(SaveOptions, options)
        yield from with_result(files.save_model(runs.Run(run), to, chosen))

    return Job("save-model", work)


def read_package(package: Path) -> Job[PackageList]:
    """Read what a package says of itself."""

    def work() -> Iterator[PackageList]:
        yield import_module("genstudio.services.model_packages").read_list(package)

    return Job("read-package", work)


def take_in_package(package: Path, project: Project) -> Job[Progress | Path]:
    """Make a run of a package; the last item is its folder."""

    def work() -> Iterator[Progress | Path]:
        packages = import_module("genstudio.services.model_packages")
        for step in with_result(packages.take_in(package, project)):
            yield step if isinstance(step, Progress) else step.path

    return Job("take-in", work)
