"""Nothing that is imported by name alone can be forgotten by an installer."""

from pathlib import Path

import pytest
from installers.imports import hidden_imports, standard_library, whole_package

import genstudio
from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.data.modalities.catalog import MODALITIES
from genstudio.models import catalog as models
from genstudio.selftest.catalog import CHECKS
from genstudio.services.exporters.catalog import EXPORTERS
from genstudio.services.operations.catalog import OPERATIONS
from genstudio.ui.viewers.catalog import VIEWERS

PACKAGE = Path(genstudio.__file__).parent
REGISTRIES = {
    "artifacts": ARTIFACTS,
    "modalities": MODALITIES,
    "operations": OPERATIONS,
    "exporters": EXPORTERS,
    "viewers": VIEWERS,
    "checks": CHECKS,
}


@pytest.mark.parametrize("name", REGISTRIES)
def test_every_entry_of_a_catalogue_is_packed(name: str) -> None:
    found = set(hidden_imports(PACKAGE))
    entries = REGISTRIES[name]._built_in.values()

    assert entries
    assert {location.split(":")[0] for location in entries} <= found


def test_every_architecture_is_packed() -> None:
    found = set(hidden_imports(PACKAGE))

    assert {location.split(":")[0] for location in models._BUILT_IN.values()} <= found


def test_no_catalogue_is_missing_here() -> None:
    catalogues = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("catalog.py")}

    assert len(catalogues) == len(REGISTRIES) + 1, catalogues


def test_modules_that_commands_and_jobs_import_late_are_packed() -> None:
    found = set(hidden_imports(PACKAGE))

    assert {"genstudio.app", "genstudio.services.comparison", "genstudio.engine.device"} <= found
    assert "PySide6.QtWidgets" in found  # Named in a call of import_module only.


def test_a_new_module_and_what_it_names_are_found(tmp_path: Path) -> None:
    package = tmp_path / "studio"
    (package / "new").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "new" / "__init__.py").write_text("")
    (package / "new" / "one.py").write_text(
        "import importlib\n"
        "ENTRIES = {'a': 'other.place:Thing', 'b': 'not:one', 'c': 'time: 12'}\n"
        "def late():\n    return importlib.import_module('far.away')\n"
    )

    assert hidden_imports(package) == [
        "far.away", "other.place", "studio", "studio.new", "studio.new.one"
    ]  # fmt: skip


def test_the_standard_library_is_there_for_packs_without_its_tests() -> None:
    found = standard_library()

    assert {"gzip", "sys", "email.mime.text", "xml.etree.ElementTree", "_ctypes"} <= set(found)
    assert "unittest.mock" in found  # Packages import it outside of tests, too.
    assert not [name for name in found if name.split(".")[0] in {"test", "tkinter", "idlelib"}]


def test_a_package_is_taken_whole_without_its_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a_thing", "a_thing/below", "a_thing/tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "a_thing/below/testing.py").touch()
    (tmp_path / "a_thing/tests/test_one.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    assert whole_package("a_thing") == ["a_thing", "a_thing.below", "a_thing.below.testing"]
