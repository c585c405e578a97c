"""The doctor finds what is missing, says how to mend it, and tells nothing private."""

import getpass
import json
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from genstudio.domain.errors import ProjectError
from genstudio.services import doctor
from genstudio.services.doctor import Finding, Verdict, examine, write_bundle


def found(name: str) -> Finding:
    return next(finding for finding in examine() if finding.name == name)


def test_a_machine_that_tests_run_on_has_what_the_program_needs() -> None:
    findings = list(examine())
    verdicts = {finding.name: finding.verdict for finding in findings}

    for name in ("GenStudio", "System", "torch", "torchvision", "PySide6_Essentials", "pillow"):
        assert verdicts[name] is Verdict.OK
    assert verdicts["Device cpu"] is Verdict.OK
    assert verdicts["Own files"] is Verdict.OK
    assert len(verdicts) == len(findings)
    for finding in findings:
        assert finding.detail
        assert finding.hint or finding.verdict is Verdict.OK


def test_a_missing_library_is_a_problem_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise doctor.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", missing)
    finding = found("torch")

    assert (finding.verdict, finding.detail) == (Verdict.PROBLEM, "not installed")
    assert finding.hint


@pytest.mark.parametrize("error", [ImportError("no libEGL"), OSError("no"), RuntimeError("no")])
def test_a_part_that_cannot_be_looked_at_is_a_finding_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken() -> Iterator[Finding]:
        raise error

    monkeypatch.setattr(doctor, "_window", broken)
    monkeypatch.setattr(doctor, "_devices", broken)
    findings = {finding.name: finding for finding in examine()}

    assert findings["Window"].verdict is findings["Devices"].verdict is Verdict.PROBLEM
    assert findings["Window"].detail == str(error)
    assert findings["Own files"].verdict is Verdict.OK


class Memory:
    total = 8 * 2**30

    def __init__(self, free_gib: float) -> None:
        self.available = free_gib * 2**30


@pytest.mark.parametrize(("free_gib", "verdict"), [(3.9, Verdict.WARNING), (4.1, Verdict.OK)])
def test_little_memory_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, free_gib: float, verdict: Verdict
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(free_gib))
    finding = doctor._memory()

    assert finding.verdict is verdict
    assert finding.detail == f"{free_gib} of 8.0 GB free"


@pytest.mark.parametrize(("free_gib", "verdict"), [(4.9, Verdict.WARNING), (5.1, Verdict.OK)])
def test_little_space_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_gib: float, verdict: Verdict
) -> None:
    monkeypatch.setattr(doctor, "free_disk_bytes", lambda _: free_gib * 2**30)

    assert doctor._space(tmp_path).verdict is verdict


def test_a_folder_that_cannot_be_written_to_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert doctor._writable("Projects' folder", tmp_path / "not" / "yet").verdict is Verdict.OK
    assert list(tmp_path.iterdir()) == []

    def locked(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", locked)
    finding = doctor._writable("Projects' folder", tmp_path / "not" / "yet")
    assert finding.verdict is Verdict.PROBLEM
    assert "Permission denied" in finding.detail
    assert finding.hint


def test_a_missing_icon_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Path:
        raise FileNotFoundError(f"resources/{name} is missing from this installation")

    monkeypatch.setattr(doctor, "resource", missing)

    assert found("Own files").verdict is Verdict.PROBLEM


# The report that is shown to others


@pytest.fixture
def anna(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person whose name should not be in a report."""
    home = Path("/home/anna-zoë.müller")
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(getpass, "getuser", lambda: "anna-zoë.müller")
    monkeypatch.setattr(platform, "node", lambda: "annas-atelier")
    return home


def bundled(tmp_path: Path, *details: str) -> str:
    findings = [
        Finding(name=str(number), verdict=Verdict.WARNING, detail=detail, hint=f"See {detail}.")
        for number, detail in enumerate(details)
    ]
    write_bundle(findings, tmp_path / "report.json")
    return (tmp_path / "report.json").read_text(encoding="utf-8")


def test_the_report_holds_the_findings(tmp_path: Path) -> None:
    findings = list(examine())
    write_bundle(findings, tmp_path / "new" / "report.json")
    report = json.loads((tmp_path / "new" / "report.json").read_text("utf-8"))
    read: list[dict[str, Any]] = report["findings"]

    assert [(entry["name"], entry["verdict"]) for entry in read] == [
        (finding.name, finding.verdict) for finding in findings
    ]
    assert set(read[0]) == {"name", "verdict", "detail", "hint"}


def test_the_report_holds_what_happened_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "excerpt", lambda: {"window.log": ["2026-01-31 INFO Started"]})
    report = json.loads(bundled(tmp_path, "fine"))

    assert report["logs"] == {"window.log": ["2026-01-31 INFO Started"]}


def test_the_report_tells_neither_home_nor_user_nor_machine(tmp_path: Path, anna: Path) -> None:
    text = bundled(
        tmp_path,
        f"{anna}/Documents can be written to",
        "/mnt/anna-zoë.müller/pictures",
        "Linux on annas-atelier",
    )

    details = [entry["detail"] for entry in json.loads(text)["findings"]]
    assert details == [
        "~/Documents can be written to", "/mnt/USER/pictures", "Linux on MACHINE",
    ]  # fmt: skip
    assert "anna" not in text


def test_paths_of_windows_are_found_as_they_stand_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anna: Path
) -> None:
    class Home:
        def __str__(self) -> str:
            return r"C:\Users\zoë"

    monkeypatch.setattr(Path, "home", Home)
    monkeypatch.setattr(getpass, "getuser", lambda: "zoë")

    text = bundled(tmp_path, r"C:\Users\zoë\Documents can be written to")
    (entry,) = json.loads(text)["findings"]
    assert entry["detail"] == r"~\Documents can be written to"


def test_the_report_of_this_machine_tells_nothing_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home" / "zoë-of-the-test"
    home.mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(getpass, "getuser", lambda: "zoë-of-the-test")
    monkeypatch.setattr(doctor.platformdirs, "user_documents_path", lambda: home / "Documents")
    write_bundle(list(examine()), tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text("utf-8")

    assert "zoë-of-the-test" not in text
    assert str(home) not in text
    assert "~/Documents" in text.replace("\\\\", "/")


@pytest.mark.parametrize("error", [KeyError("USER"), OSError("No username set"), ImportError()])
def test_a_machine_that_does_not_know_its_user_still_gives_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def unknown() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", unknown)

    assert json.loads(bundled(tmp_path, "any"))["findings"][0]["detail"] == "any"


def test_a_short_user_name_does_not_garble_the_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "an")

    assert json.loads(bundled(tmp_path, "an answer"))["findings"][0]["detail"] == "an answer"


def test_a_home_at_the_root_does_not_garble_the_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/"))

    assert json.loads(bundled(tmp_path, "/usr/lib"))["findings"][0]["detail"] == "/usr/lib"


def test_a_report_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("tulips")

    with pytest.raises(ProjectError) as caught:
        write_bundle([], tmp_path / "notes.txt" / "report.json")
    assert caught.value.hint
