"""The commands that judge: what they print, where they write, and every way to go wrong."""

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from planted_pictures import drawn_NHWC
from safetensors.torch import save_file
from tiny_studio import save_pictures, small_settings
from typer.testing import CliRunner, Result

from genstudio import __main__ as entry_point
from genstudio import cli
from genstudio.domain.reports import FIGURES
from genstudio.engine.trainer import NoCommands
from genstudio.metrics import fid
from genstudio.metrics.fid import Moments
from genstudio.metrics.inception import Inception
from genstudio.services import comparison, evaluation
from genstudio.services.training import NewRun, start_run


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genstudio.cli.start_logging", lambda _: None)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_pictures(tmp_path_factory.mktemp("judging") / "pictures", drawn_NHWC(60, seed=0))


@pytest.fixture(scope="module")
def run(pictures: Path) -> Path:
    request = NewRun(folder=pictures, project=pictures.parent / "Meadow", settings=small_settings())
    *_, finished = start_run(request, NoCommands())
    return finished.run


def genstudio(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def succeeded(*arguments: object) -> dict[str, Any]:
    """The one object on standard output."""
    result = genstudio(*arguments, "--json")
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    return json.loads(line)


def failed(*arguments: object) -> str:
    """What a command that fails says, as it explains itself in both ways."""
    result = genstudio(*arguments, "--json")
    assert result.exit_code == 1, result.output
    (line,) = result.stdout.splitlines()
    record = json.loads(line)
    assert record["hint"]
    assert record["error"] in result.stderr
    assert "Traceback" not in result.stderr
    return " ".join((record["error"], record["message"], record["hint"]))


def test_a_run_is_judged_for_programs_and_for_people(run: Path) -> None:
    record = succeeded("evaluate", run, "--count", 20)
    for card in FIGURES:
        assert record[card.key].keys() >= {"value", "floor", "floor_sd", "verdict"}
    assert (record["evaluated"], record["step"], record["count"]) == (str(run), 4, 20)

    told = genstudio("evaluate", run, "--count", 20)
    assert told.exit_code == 0
    assert all(card.key in told.stdout for card in FIGURES)
    assert "nearest:" in told.stdout


def test_a_folder_is_judged_like_a_run(pictures: Path, tmp_path: Path) -> None:
    made = save_pictures(tmp_path / "made", drawn_NHWC(20, seed=1))
    record = succeeded("evaluate", made, "--against", pictures)
    assert record["copying"] is None
    record = succeeded("evaluate", made, "--against", pictures, "--training", pictures)
    assert record["copying"]["threshold"] > 0
    assert record["step"] is None


def test_runs_are_compared_in_a_folder(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    record = succeeded("compare", run, run, "--out", out, "--count", 20)
    assert record["report"] == str(out / "comparison.html")
    assert [one["run"] for one in record["runs"]] == [str(run)] * 2
    # The same run twice: nobody wins.
    about = [said["about"] for said in record["conclusions"]]
    assert "no-winner" in about
    assert "ahead" not in about
    assert record["picks"] == []
    for one in record["runs"]:
        assert one["latents"]["num_pairs"] == 20
        assert one["cost"]["draw_s"] > 0
    assert {path.name for path in out.iterdir()} == {"comparison.html", "comparison.json"}

    before = {path: path.read_bytes() for path in out.iterdir()}
    told = genstudio("compare", run, "--out", out, "--count", 20)
    assert told.exit_code == 0
    assert {path: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    assert (out / "comparison-2" / "comparison.html").is_file()
    assert told.stdout == ""
    assert "The report is in" in told.stderr
    assert "• Of “Describe and redraw”" in told.stderr


def test_a_report_overwrites_no_file_of_a_persons(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    out.mkdir()
    (out / "comparison.json").write_text("mine")
    first = succeeded("compare", run, "--out", out, "--count", 20)

    assert first["report"] == str(out / "comparison-2" / "comparison.html")
    assert {path.name for path in out.iterdir()} == {"comparison.json", "comparison-2"}
    assert (out / "comparison.json").read_text() == "mine"


def test_what_cannot_be_judged_is_explained(run: Path, pictures: Path, tmp_path: Path) -> None:
    few = save_pictures(tmp_path / "few", drawn_NHWC(5, seed=1))
    assert "--against" in failed("evaluate", pictures)
    assert "There is no folder" in failed("evaluate", tmp_path / "nothing")
    words = failed("evaluate", run, "--against", few)
    assert f"{few} has 5" in words
    assert "32 are needed" in words
    assert "checkpoint" in failed("evaluate", run, "--checkpoint", "worst")
    assert "run.toml" in failed("compare", run, pictures, "--out", tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_a_report_that_cannot_be_written_is_explained(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "comparison.html" in failed("compare", run, "--out", tmp_path / "file", "--count", 20)


def test_a_run_that_breaks_among_others_is_named(run: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(run.parent.parent, tmp_path / "Meadow"))
    broken = project / "runs" / run.name
    (broken / "checkpoints" / "4" / "ema.safetensors").write_bytes(b"torn")
    assert run.name in failed("compare", broken, "--out", tmp_path / "report")


@pytest.mark.parametrize(
    "arguments", [["evaluate"], ["compare"], ["evaluate", ".", "--count", "3"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    result = genstudio(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


@pytest.mark.parametrize("command", ["evaluate", "compare"])
def test_an_interrupted_judgement_exits_with_130_and_writes_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for module, name in ((evaluation, "evaluate"), (comparison, "compare")):
        monkeypatch.setattr(module, name, interrupted)
    monkeypatch.chdir(tmp_path)
    result = genstudio(command, run, "--json")
    assert result.exit_code == 130
    assert result.stdout == ""
    assert not any(tmp_path.iterdir())


def test_ctrl_c_while_the_program_is_loaded_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run_command", interrupted)
    monkeypatch.setattr(sys, "argv", ["genstudio", "evaluate", "run"])
    with pytest.raises(SystemExit) as left:
        entry_point.main()
    assert left.value.code == 130
    assert "Traceback" not in capsys.readouterr().err


# The official FID


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of random weights, a network that is quick to ask, and a tiny limit."""
    torch.manual_seed(0)
    path = tmp_path / "inception.safetensors"
    save_file(Inception().state_dict(), path)

    def looked_at(_: Inception, images_NCHW: torch.Tensor) -> torch.Tensor:
        assert images_NCHW.shape[1:] == (3, 299, 299)
        return torch.nn.functional.adaptive_avg_pool2d(images_NCHW, 2).flatten(1)

    monkeypatch.setattr(Inception, "forward", looked_at)
    monkeypatch.setattr(fid, "Moments", lambda: Moments(12))
    monkeypatch.setattr(fid, "FEWEST", 20)
    monkeypatch.setattr(fid, "OFFICIAL_COUNT", 30)
    return path


def test_without_weights_there_is_no_fid(run: Path) -> None:
    assert "fid" not in succeeded("evaluate", run, "--count", 20)


def test_with_weights_a_run_gets_both_figures_of_papers(run: Path, weights: Path) -> None:
    record = succeeded("evaluate", run, "--inception", weights)["fid"]
    assert record["clean"] > 0
    assert record["legacy"] > 0
    assert record["clean"] != record["legacy"]
    # All that it learned from, not half of it, and without the 12 that were held out.
    assert (record["num_made"], record["num_real"], record["size"]) == (30, 48, 32)
    assert record["weights"] == "inception.safetensors"
    assert record["weights_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (
        succeeded("evaluate", run, "--inception", weights, "--count", 20)["fid"]
        == (succeeded("evaluate", run, "--inception", weights, "--count", 20)["fid"])
    )

    told = genstudio("evaluate", run, "--inception", weights)
    assert told.exit_code == 0
    assert "FID: " in told.stdout
    assert record["weights_sha256"] in told.stdout


def test_the_same_pictures_are_at_no_distance_and_others_are(
    pictures: Path, weights: Path, tmp_path: Path
) -> None:
    same = succeeded("evaluate", pictures, "--against", pictures, "--inception", weights)["fid"]
    assert same["clean"] == pytest.approx(0, abs=1e-6)
    assert same["legacy"] == pytest.approx(0, abs=1e-6)
    dark = save_pictures(tmp_path / "dark", drawn_NHWC(30, seed=1) // 4)
    record = succeeded("evaluate", dark, "--against", pictures, "--inception", weights)["fid"]
    assert record["clean"] > 0.1
    assert (record["num_made"], record["num_real"]) == (30, 60)
    fewer = succeeded(
        "evaluate", dark, "--against", pictures, "--inception", weights, "--count", 20
    )["fid"]
    assert fewer["num_made"] == 20


def test_too_few_pictures_for_fid_and_other_weights_are_refused_in_words(
    run: Path, pictures: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = save_pictures(tmp_path / "few", drawn_NHWC(18, seed=1))
    words = failed("evaluate", few, "--against", pictures, "--inception", weights)
    assert "has 18" in words
    assert "20 pictures or more" in words
    words = failed("evaluate", pictures, "--against", few, "--inception", weights)
    assert f"{few} has 18" in words
    assert "16 were asked for" in failed("evaluate", run, "--inception", weights, "--count", 16)
    monkeypatch.setattr(fid, "FEWEST", 100)
    assert f"{run.name} has 48" in failed("evaluate", run, "--inception", weights)
    assert "cannot be read" in failed("evaluate", run, "--inception", tmp_path / "nothing")
    (tmp_path / "weights.pth").write_bytes(b"\x80\x02}q\x00.")
    assert "never opened" in failed("evaluate", run, "--inception", tmp_path / "weights.pth")
