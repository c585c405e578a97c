"""What commands write into a pipe: valid JSON whatever its encoding, and whole lines."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from genstudio.models.catalog import model_keys

ENCODINGS = ("cp1252", "ascii", "utf-8", "cp932")
NAME = "kaputt 日本 ä.png"
LONG = "a name that is much longer than eighty columns " * 4


def piped(encoding: str, *arguments: object) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "genstudio", *map(str, arguments)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Pictures with one among them that cannot be read, and whose name no code page has whole."""
    folder = tmp_path / "草地"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (64, 64), (80 * number, 9, 9)).save(folder / f"{number}.png")
    (folder / NAME).write_bytes(b"torn")
    (folder / f"{LONG}.png").write_bytes(b"torn")
    return folder


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_valid_whatever_the_pipe_takes(odd: Path, encoding: str) -> None:
    code, out, err = piped(encoding, "check", odd, "--json")

    assert code == 0, err
    (line,) = out.decode("utf-8").splitlines()
    assert encoding == "utf-8" or line.isascii()
    report = json.loads(line)
    assert report["folder"] == str(odd)
    assert NAME in [item["name"] for item in report["unreadable"]]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_errors_for_programs_and_people_come_through(tmp_path: Path, encoding: str) -> None:
    code, out, err = piped(encoding, "check", tmp_path / "日本", "--json")

    assert code == 1
    assert "日本" in json.loads(out.decode("utf-8"))["error"]
    assert b"Traceback" not in err


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_plain_words_have_a_stand_in_for_letters_that_are_missing(odd: Path, encoding: str) -> None:
    code, out, err = piped(encoding, "check", odd)

    assert code == 0, err
    assert b"Traceback" not in err
    lines = out.decode(encoding).splitlines()
    shown = NAME.encode(encoding, "replace").decode(encoding)
    assert any(line.startswith(f"  left out: {shown}: ") for line in lines)
    assert any(line.startswith(f"  left out: {LONG}.png: ") for line in lines)


def test_a_training_says_all_of_its_events(odd: Path, tmp_path: Path) -> None:
    code, out, err = piped(
        "cp1252", "train", odd, "--model", "vae", "--project", tmp_path / "日本", "--size", 32,
        "--batch", 2, "--steps", 1, "--device", "cpu", "--set", "width=32",
        "--set", "latent_size=8", "--json",
    )  # fmt: skip

    assert code == 0, err
    told = [json.loads(line) for line in out.decode("ascii").splitlines()]
    assert told[-1]["event"] == "Finished"
    assert Path(told[-1]["run"]).parents[1] == tmp_path / "日本"


def test_tables_are_not_broken_either() -> None:
    code, out, err = piped("utf-8", "models")

    assert code == 0, err
    lines = out.decode().splitlines()
    (line,) = (line for line in lines if line.split()[:1] == ["residual-vae"])
    assert [told.split()[0] for told in lines[1:]] == model_keys()
    assert line.rstrip().endswith(".")
