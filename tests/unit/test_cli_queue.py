"""The queue from the terminal: filled, ordered, done; what fails is passed over."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from genstudio.cli import app
from genstudio.services import first_pictures, fit_check, power, run_queue
from genstudio.services.queue_file import load_queue


@pytest.fixture(autouse=True)
def few_first_pictures(monkeypatch: pytest.MonkeyPatch, small_sheets: None) -> None:
    short = partial(fit_check.check_fit, seconds=0.1)
    monkeypatch.setattr(run_queue, "check_fit", short)
    monkeypatch.setattr(first_pictures, "COUNT", 2)


def queue(*arguments: object) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, ["queue", *words], prog_name="genstudio")


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def added(folder: Path, project: Path, *, steps: int) -> dict[str, Any]:
    small = ["--size", 32, "--batch", 2, "--set", "width=32", "--set", "latent_size=8"]
    more = ["--project", project, "--model", "vae", "--steps", steps, *small, "--json"]
    return told(queue("add", folder, *more))


def test_all_that_waits_is_done_in_its_order_and_what_fails_is_passed_over(
    flowers: Path, tmp_path: Path
) -> None:
    project, gone = tmp_path / "Meadow", tmp_path / "gone"
    shutil.copytree(flowers, gone)
    added(flowers, project, steps=3)
    added(gone, project, steps=2)
    items = added(flowers, project, steps=2)["items"]
    assert [it["settings"]["budget"]["amount"] for it in items] == [3, 2, 2]
    assert all("examples" in it["told"] and not it["fault"] for it in items)
    assert queue("move", project, 3, 1).exit_code == 0
    shutil.rmtree(gone)

    result = queue("run", project, "--json")

    report = told(result)
    assert "is passed over" in result.stderr
    done = load_queue(project).items
    assert [(it.state.value, bool(it.fault)) for it in done] == [
        ("done", False), ("done", False), ("waiting", True),
    ]  # fmt: skip
    assert [it.settings.budget.amount for it in done] == [2, 3, 2]
    page = Path(report["report"])
    assert "2 of 2 runs are done" in page.read_text(encoding="utf-8")
    assert (page.parent / "sheet.png").stat().st_size > 0
    assert len(list((project / "gallery").glob("*.png"))) == 4


def test_a_run_that_was_under_way_goes_on(flowers: Path, tmp_path: Path) -> None:
    project = tmp_path / "Meadow"
    added(flowers, project, steps=2)
    assert queue("run", project, "--json").exit_code == 0
    path = project / "queue.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["items"][0]["state"] = "running"
    content["items"][0]["settings"]["budget"]["amount"] = 4
    path.write_text(json.dumps(content), encoding="utf-8")

    assert queue("run", project, "--json").exit_code == 0

    assert len(list((project / "runs").iterdir())) == 1
    assert load_queue(project).items[0].told.startswith("4 steps")


def test_runs_are_taken_out_and_a_place_that_is_not_there_is_told(
    flowers: Path, tmp_path: Path
) -> None:
    project = tmp_path / "Meadow"
    added(flowers, project, steps=2)
    wrong = queue("remove", project, 2)
    assert wrong.exit_code == 1
    assert "no run 2" in wrong.stderr
    assert queue("remove", project, 1).exit_code == 0
    assert "empty" in queue("list", project).stdout
    assert queue("run", project).exit_code == 0


def test_what_the_system_cannot_do_is_told_before_anything_is_trained(
    flowers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "Meadow"
    added(flowers, project, steps=2)
    monkeypatch.setattr(power.shutil, "which", lambda _: None)
    result = queue("run", project, "--then", "sleep")
    assert result.exit_code == 1
    assert "no command" in result.stderr
    assert load_queue(project).items[0].state.value == "waiting"
    assert queue("run", project, "--then", "dance").exit_code == 2


def test_a_forecast_is_told_before_anything_is_begun(
    flowers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_check, "check_fit", partial(fit_check.check_fit, seconds=0.1))
    small = ["--size", "32", "--batch", "2", "--set", "width=32", "--set", "latent_size=8"]
    words = ["fit", str(flowers), "--model", "vae", "--steps", "9", *small, "--json"]
    found = told(CliRunner().invoke(app, words, prog_name="genstudio"))
    assert found["fits"]
    assert found["remedy"] is None
    assert found["memory_bytes"] > 0
    assert list(tmp_path.iterdir()) == []


def test_settings_of_the_run_are_set_as_when_training_begins_at_once(
    flowers: Path, tmp_path: Path
) -> None:
    more = ["--set", "mirror=false", "--set", "width=32", "--set", "latent_size=8"]
    given = ["--project", tmp_path / "Meadow", "--model", "vae", "--size", 32, "--steps", 2]
    (item,) = told(queue("add", flowers, *given, *more, "--json"))["items"]
    assert item["settings"]["mirror"] is False
    assert item["settings"]["model"]["latent_size"] == 8
