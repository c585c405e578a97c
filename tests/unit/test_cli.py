"""The commands, from a folder of pictures to an exported gallery, and every way to go wrong."""

import json
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_studio import flowers_NHWC, install_models, save_pictures
from typer.testing import CliRunner, Result

from genstudio import __main__ as entry_point
from genstudio import __version__
from genstudio.artifacts.image import read_recipe
from genstudio.cli import app, command_names
from genstudio.models.catalog import model_keys
from genstudio.services import first_pictures
from genstudio.services.runs import Run

Records = list[dict[str, Any]]
TINY = ["--size", "32", "--batch", "2", "--device", "cpu", "--precision", "fp32"]
SMALL = ["--set", "width=32", "--set", "latent_size=8"]


def genstudio(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="genstudio")


def records(result: Result) -> Records:
    """Standard output, every line of which must be an object."""
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(isinstance(record, dict) for record in found)
    return found


def succeeded(*arguments: object) -> Records:
    result = genstudio(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return records(result)


def failed(*arguments: object) -> dict[str, Any]:
    """The last object of a command that fails, as it explains itself in both ways."""
    result = genstudio(*arguments, "--json")
    assert result.exit_code == 1, result.output
    last = records(result)[-1]
    title = last.get("title") or last["error"]
    assert last["hint"]
    assert title in result.stderr
    assert "Traceback" not in result.stderr
    assert "error in the program" not in title
    return {**last, "title": title}


def train_arguments(folder: Path, project: Path, *more: object) -> list[object]:
    return ["train", folder, "--model", "vae", "--project", project, *TINY, *SMALL, *more]


@pytest.fixture(autouse=True)
def few_first_pictures(monkeypatch: pytest.MonkeyPatch, small_sheets: None) -> None:
    monkeypatch.setattr(first_pictures, "COUNT", 2)


# The whole way


def test_from_pictures_to_an_exported_gallery(flowers: Path, tmp_path: Path) -> None:
    project = tmp_path / "Meadow"

    more = ("--steps", 2, "--seed", 3, "--stop-when", "copying")
    *_, finished = succeeded(*train_arguments(flowers, project, *more))
    assert finished["event"] == "Finished"
    run = Path(finished["run"])
    assert run.parent == project / "runs"
    settings = Run(run).settings
    assert (settings.seed, settings.batch, settings.size) == (3, 2, 32)
    assert settings.stop_when == "copying"
    assert (settings.model["width"], settings.model["latent_size"]) == (32, 8)

    *_, resumed = succeeded("resume", run, "--steps", 4)
    assert (resumed["event"], resumed["step"], resumed["run"]) == ("Finished", 4, str(run))
    *_, branched = succeeded("resume", run, "--from", 2, "--images", 6)
    assert branched["step"] == 3
    assert branched["run"] != str(run)

    out = tmp_path / "out"
    made = succeeded(
        "generate", run, "--count", 3, "--out", out, "--seed", 5, "--set", "temperature=0.5"
    )
    assert made.pop() == {"done": 3}
    assert [record["seed"] for record in made] == [5, 6, 7]
    assert {record["kind"] for record in made} == {"image"}
    assert [record["artifact"] for record in made] == [record["image"] for record in made]
    assert [Path(record["image"]) for record in made] == [out / f"{seed}.png" for seed in (5, 6, 7)]
    recipe = read_recipe(out / "6.png")
    assert recipe is not None
    assert made[1]["recipe"] == recipe.model_dump(mode="json")
    assert (recipe.seed, recipe.step, recipe.sampling) == (6, 4, {"temperature": 0.5, "kind": ""})

    exported = succeeded("export", project, "--to", tmp_path / "web", "--as", "web")
    # Each of the three endings hung its first two pictures.
    assert exported == [{"exported": 6, "path": str(tmp_path / "web" / "index.html")}]
    assert (tmp_path / "web" / "index.html").is_file()
    (none,) = [failed("export", project, "--to", tmp_path / "none", "--query", "no such picture")]
    assert none["title"] == "There is nothing to export"


def test_the_same_command_makes_the_same_picture(trained_run: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        succeeded("generate", trained_run, "--count", 1, "--out", tmp_path / name, "--seed", 9)

    first, second = (tmp_path / name / "9.png" for name in ("first", "second"))
    recipes = [read_recipe(path) for path in (first, second)]
    assert all(recipe is not None for recipe in recipes)
    from PIL import Image

    assert Image.open(first).tobytes() == Image.open(second).tobytes()


def test_people_get_words_and_nothing_on_standard_output_that_is_not_the_result(
    trained_run: Path, tmp_path: Path
) -> None:
    result = genstudio("generate", trained_run, "--count", 2, "--out", tmp_path)

    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"2 pictures in {tmp_path}" in result.stderr.replace("\n", "")


# Looking


def test_the_catalogue_is_listed_for_programs_and_for_people() -> None:
    cards = succeeded("models")

    assert [card["key"] for card in cards] == model_keys()
    for card in cards:
        assert {"key", "family", "modality", "capabilities", "summary"} <= set(card)
        assert card["capabilities"] == sorted(card["capabilities"])
    result = genstudio("models")
    assert result.exit_code == 0
    assert all(key in result.stdout for key in model_keys())


@pytest.mark.usefixtures("toy")
def test_a_broken_architecture_is_told_of_beside_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install_models(monkeypatch, ghost="a_package_that_is_not_there:Model")
    cards = succeeded("models")
    result = genstudio("models")

    assert [card["key"] for card in cards] == [key for key in model_keys() if key != "ghost"]
    assert result.exit_code == 0
    assert all(card["key"] in result.stdout for card in cards)
    assert "“ghost” cannot be used" in result.stderr
    assert "a_package_that_is_not_there" in result.stderr


def test_a_folder_is_checked_for_programs_and_for_people(tmp_path: Path) -> None:
    pictures = flowers_NHWC(4, size=48)
    pictures[3] = pictures[0]
    folder = save_pictures(tmp_path / "pictures", pictures)
    (folder / "torn.png").write_bytes(b"\x89PNG torn")

    (report,) = succeeded("check", folder)

    assert {"images", "unreadable", "duplicates", "sizes", "advice"} <= set(report)
    assert report["images"] == 4
    assert [entry["name"] for entry in report["unreadable"]] == ["torn.png"]
    assert report["unreadable"][0]["reason"]
    assert report["duplicates"] == [{"name": "03.png", "same_as": "00.png"}]
    assert report["sizes"] == {"smallest": 48, "largest": 48, "suggested": 32}
    assert all({"title", "reason"} <= set(entry) for entry in report["advice"])
    result = genstudio("check", folder)
    assert result.exit_code == 0
    assert "4 pictures can be used." in result.stdout
    assert "1 duplicate" in result.stdout
    assert "torn.png" in result.stdout


def test_the_doctor_reports_and_writes_a_bundle(tmp_path: Path) -> None:
    findings = succeeded("doctor", "--bundle", tmp_path / "report.json")

    assert {"name", "verdict", "detail", "hint"} == set(findings[0])
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert len(report["findings"]) == len(findings)
    result = genstudio("doctor")
    assert result.exit_code == 0
    assert "GenStudio" in result.stdout


def test_the_doctor_exits_with_1_where_something_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from genstudio.services import doctor

    problem = doctor.Finding(
        name="torch", verdict=doctor.Verdict.PROBLEM, detail="not [installed]", hint="Install it."
    )
    monkeypatch.setattr(doctor, "examine", lambda: iter([problem]))
    result = genstudio("doctor")

    assert result.exit_code == 1
    assert "not [installed]" in result.stdout
    assert "Install it." in result.stdout


def test_the_demonstration_leaves_a_web_page(
    tmp_path: Path, flowers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genstudio.services import demo

    monkeypatch.setattr(demo, "make_sample_folder", lambda _: iter(()))
    monkeypatch.setattr(demo, "sample_folder", lambda: flowers)
    result = genstudio("demo", "--project", tmp_path / "Demo", "--minutes", "0.01")

    assert result.exit_code == 0, result.output
    page = tmp_path / "Demo" / "export" / "index.html"
    assert page.is_file()
    assert f"Gallery: {page}" in result.stdout


# Going wrong


def bomb(path: Path) -> None:
    """A file of some bytes that claims to be a picture of 3.6 thousand million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(999)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b""))


def one_usable(folder: Path) -> None:
    save_pictures(folder, flowers_NHWC(1))
    bomb(folder / "bomb.png")


def only_text(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("tulips")


@pytest.mark.parametrize("command", ["check", "train"])
@pytest.mark.parametrize(
    ("make", "title"),
    [
        (lambda _: None, "There is no folder"),
        (Path.mkdir, "There are no pictures in"),
        (one_usable, "At least two pictures are needed"),
        (Path.touch, "is a file"),
    ],
)
def test_a_folder_that_cannot_be_used_is_explained(
    tmp_path: Path, command: str, make: Callable[[Path], None], title: str
) -> None:
    folder = tmp_path / "pictures"
    make(folder)
    arguments = ["check", folder] if command == "check" else train_arguments(folder, tmp_path / "P")

    assert title in failed(*arguments)["title"]


@pytest.mark.parametrize(
    ("command", "title"),
    [("check", "At least two examples are needed"), ("train", "learns from pictures")],
)
def test_a_folder_of_one_word_is_told_for_what_it_is(
    tmp_path: Path, command: str, title: str
) -> None:
    folder = tmp_path / "texts"
    only_text(folder)
    arguments = ["check", folder] if command == "check" else train_arguments(folder, tmp_path / "P")
    assert title in failed(*arguments)["title"]


def test_a_trap_among_good_pictures_is_listed_and_left_out(tmp_path: Path) -> None:
    folder = save_pictures(tmp_path / "pictures", flowers_NHWC(3))
    bomb(folder / "bomb.png")

    (report,) = succeeded("check", folder)
    assert report["images"] == 3
    (listed,) = report["unreadable"]
    assert listed["name"] == "bomb.png"
    assert "more than a picture may have" in listed["reason"]
    told = succeeded(*train_arguments(folder, tmp_path / "P", "--steps", 1))
    (started,) = [event for event in told if event["event"] == "RunStarted"]
    assert started["num_images"] == 3


@pytest.mark.parametrize("where", ["notes.txt", "notes.txt/Meadow", "notes.txt/deep/Meadow"])
def test_a_project_that_cannot_be_made_is_explained(
    flowers: Path, tmp_path: Path, where: str
) -> None:
    (tmp_path / "notes.txt").write_text("tulips")

    failed(*train_arguments(flowers, tmp_path / where, "--steps", 1))
    assert (tmp_path / "notes.txt").read_text() == "tulips"


def test_a_project_of_a_newer_program_is_refused_and_left_alone(
    flowers: Path, tmp_path: Path
) -> None:
    content = 'format_version = 99\nname = "Meadow"\ncreated = 2026-01-01T00:00:00Z\n'
    (tmp_path / "project.toml").write_text(content)

    for arguments in (
        train_arguments(flowers, tmp_path, "--steps", 1),
        ["export", tmp_path, "--to", tmp_path / "out"],
    ):
        assert "newer GenStudio" in failed(*arguments)["title"]
    assert [path.name for path in tmp_path.iterdir()] == ["project.toml"]
    assert (tmp_path / "project.toml").read_text() == content


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--model", "painter"], [*model_keys(), "gan", "vae"]),
        (["--preset", "slow"], ["balanced", "quick", "thorough"]),
        (["--set", "brushes=3"], ["width", "latent_size"]),
        (["--set", "latent_size=7"], ["from 8 to 1024"]),
        (["--set", "width=33"], ["The default is"]),
        (["--batch", "1"], ["from 2 to 1024"]),
        (["--size", "48"], ["The default is 64"]),
        (["--seed", str(2**63)], ["The default is"]),
        (["--device", "quantum"], ["auto", "cpu"]),
        (["--precision", "fp16"], ["bf16"]),
        (["--precision", "fp8"], ["The default is auto"]),
        (["--devices", "60"], ["fewer"]),
        (["--devices", "2", "--batch", "3"], ["4 or more"]),
        (["--nodes", "2"], ["torchrun --nnodes 2"]),
        (["--stop-when", "never"], ["The default is budget only"]),
    ],
)
def test_a_setting_that_does_not_work_is_explained_with_what_does(
    flowers: Path, tmp_path: Path, more: list[str], words: list[str]
) -> None:
    hint = failed(*train_arguments(flowers, tmp_path / "P", "--steps", 1, *more))["hint"]

    assert all(word in hint for word in words)
    assert not (tmp_path / "P").exists()


def test_teaching_without_choices_is_explained(trained_run: Path) -> None:
    told = failed("teach", trained_run)
    assert "too few choices" in told["title"]
    assert "200 are needed" in told["message"]


def test_a_run_that_has_done_its_work_wants_a_larger_budget(trained_run: Path) -> None:
    assert "larger budget" in failed("resume", trained_run)["hint"]


@pytest.mark.parametrize("command", ["resume", "generate"])
def test_a_folder_that_is_no_run_is_explained(tmp_path: Path, command: str) -> None:
    more = ["--count", 1, "--out", tmp_path / "out"] if command == "generate" else []

    assert "run.toml cannot be read" in failed(command, tmp_path, *more)["title"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--checkpoint", "3"], "Saved steps: 4."),
        (["--checkpoint", "newest"], "best"),
        (["--set", "temperature=9"], "from 0 to 1.5"),
        (["--set", "brightness=1"], "Known settings: temperature"),
        (["--seed", str(2**63 - 1), "--count", "2"], "Seeds go from 0"),
    ],
)
def test_pictures_that_cannot_be_made_are_explained(
    trained_run: Path, tmp_path: Path, more: list[str], words: str
) -> None:
    error = failed("generate", trained_run, "--count", 1, "--out", tmp_path / "out", *more)

    assert words in error["hint"]


def test_pictures_that_cannot_be_written_are_explained(trained_run: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("tulips")

    failed("generate", trained_run, "--count", 1, "--out", tmp_path / "notes.txt" / "out")
    failed("export", trained_run.parents[1], "--to", tmp_path / "notes.txt")
    failed("doctor", "--bundle", tmp_path / "notes.txt" / "report.json")
    assert (tmp_path / "notes.txt").read_text() == "tulips"


def test_an_export_of_an_unknown_kind_is_explained(trained_run: Path, tmp_path: Path) -> None:
    error = failed("export", trained_run.parents[1], "--to", tmp_path / "out", "--as", "song")

    assert "folder" in error["hint"]
    assert "web" in error["hint"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"], ["train"], ["train", ".", "--model", "vae"], ["check", ".", "--nonsense"],
        ["train", ".", "--model", "vae", "--project", "P", "--steps", "0"],
        ["train", ".", "--model", "vae", "--project", "P", "--steps", str(10**13)],
        ["train", ".", "--model", "vae", "--project", "P", "--minutes", "inf"],
        ["train", ".", "--model", "vae", "--project", "P", "--minutes", "nan"],
        ["train", ".", "--model", "vae", "--project", "P", "--steps", "1", "--minutes", "1"],
        ["train", ".", "--model", "vae", "--project", "P", "--set", "width"],
        ["generate", ".", "--count", "0", "--out", "out"], ["generate", ".", "--count", "many"],
        ["resume", ".", "--steps", "1", "--images", "1"],
    ],
)  # fmt: skip
def test_wrong_usage_exits_with_2_and_leaves_standard_output_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = genstudio(*arguments)

    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr
    assert list(tmp_path.iterdir()) == []


# The entry point


@pytest.fixture
def started_as(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Starts the program with arguments; gives its exit code, or what the window was opened on."""
    opened: list[Path | None] = []

    class Opening:
        @staticmethod
        def open_window(project: Path | None, package: Path | None) -> int:
            opened.append(package or project)
            return 0

    monkeypatch.setitem(sys.modules, "genstudio.opening", Opening)

    def start(*arguments: str) -> Any:
        monkeypatch.setattr(sys, "argv", ["genstudio", *arguments])
        with pytest.raises(SystemExit) as caught:
            entry_point.main()
        return opened or caught.value.code

    return start


def test_without_a_command_the_window_opens(started_as: Callable[..., Any], tmp_path: Path) -> None:
    assert started_as() == [None]
    assert started_as(str(tmp_path)) == [None, tmp_path]
    package = tmp_path / "meadow.genstudio"
    package.touch()
    assert started_as(str(package)) == [None, tmp_path, package]


def test_commands_and_options_are_carried_out(
    started_as: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert started_as("--help") == 0
    assert "train" in capsys.readouterr().out
    assert started_as("--version") == 0
    assert capsys.readouterr().out == f"GenStudio {__version__}\n"
    assert started_as("models", "--json") == 0
    assert started_as("train") == 2
    assert started_as("nonsense", "--json") == 2


def test_a_word_that_is_neither_a_command_nor_a_folder_exits_with_2_and_a_guess(
    started_as: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert started_as("trian") == 2
    assert "genstudio train" in capsys.readouterr().err
    assert started_as("nothing-like-it") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "--help" in err


def test_a_folder_that_is_called_like_a_command_does_not_hide_it(
    started_as: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)

    assert started_as("models") == 0


def test_all_commands_have_names_and_words() -> None:
    assert {"check", "doctor", "export", "generate", "models", "resume", "train"} <= set(
        command_names()
    )
    for name in command_names():
        result = genstudio(name, "--help")
        assert result.exit_code == 0
        assert "Usage" in result.stdout


# As programs start it


def program(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "genstudio", *(str(argument) for argument in arguments)]


def loaded_with(*modules: str) -> set[str]:
    """What is loaded in a new process that imports these."""
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys, {', '.join(modules)}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(answer.stdout.split())


def test_the_window_can_be_made_before_torch_is_there() -> None:
    assert "torch" not in loaded_with("genstudio.app")


def test_what_is_shown_first_waits_for_nothing_that_it_does_not_need() -> None:
    loaded = loaded_with("genstudio.__main__", "genstudio.opening")

    assert "genstudio.ui.splash" in loaded
    assert not loaded & {"numpy", "PIL", "pyqtgraph", "typer", "genstudio.app", "genstudio.cli"}


def test_help_answers_without_torch() -> None:
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, genstudio.__main__, genstudio.cli; print('torch' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.strip() == "False"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_an_interrupted_training_is_saved_exits_with_130_and_goes_on(
    flowers: Path, tmp_path: Path
) -> None:
    command = program(*train_arguments(flowers, tmp_path / "P", "--minutes", 9), "--json")
    lines: Records = []
    with (
        (tmp_path / "words").open("w+") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=dict(os.environ)
        ) as training,
    ):
        assert training.stdout is not None
        for line in training.stdout:
            lines.append(json.loads(line))
            if lines[-1]["event"] == "StepDone":
                training.send_signal(signal.SIGINT)
                break
        lines += [json.loads(line) for line in training.stdout]
    words = (tmp_path / "words").read_text()

    assert training.returncode == 130, words
    stopped = lines[-1]
    assert stopped["event"] == "Stopped"
    assert [line["event"] for line in lines].count("CheckpointSaved") == 1
    assert Run(Path(stopped["run"])).store.steps() == [stopped["step"]]
    assert "Saving." in words
    assert "Traceback" not in words

    resumed = subprocess.run(
        program("resume", stopped["run"], "--steps", stopped["step"] + 2, "--json"),
        capture_output=True, text=True, env=dict(os.environ), timeout=120, check=False,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr
    told = [json.loads(line) for line in resumed.stdout.splitlines()]
    (started,) = [event for event in told if event["event"] == "RunStarted"]
    assert started["step"] == stopped["step"]
    assert (told[-1]["event"], told[-1]["step"]) == ("Finished", stopped["step"] + 2)
