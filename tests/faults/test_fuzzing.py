"""Files of strangers are read or refused, and do nothing else: a small share of fuzzing.py."""

import hashlib
import io
import json
import random
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import tiny_studio
import tomli_w
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import (
    MOST_BYTES,
    Change,
    change_bytes,
    change_json_lines,
    change_npy,
    change_png,
    change_safetensors,
    change_text,
    png_of,
)
from PIL import Image, PngImagePlugin
from safetensors.torch import save

from genstudio.artifacts.image import RECIPE_KEY, read_recipe
from genstudio.domain import events
from genstudio.domain.errors import CheckpointError, GenStudioError, ProjectError
from genstudio.engine.checkpoint import CheckpointState, CheckpointStore
from genstudio.services.projects import open_project
from genstudio.services.runs import Run

T = TypeVar("T")

HERE = Path(__file__).parent
linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="children are forked, and limited as Linux does it"
)


def fuzz(program: str, *arguments: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Run a program of fuzzing, with its own folders in ``folder``; its reports by target."""
    done = subprocess.run(
        [sys.executable, str(HERE / program), "--json", *arguments],
        env={"TMPDIR": str(folder), "HOME": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=tiny_studio.HANGS_S, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return {report["target"]: report for report in json.loads(done.stdout)}


def findings(report: Mapping[str, Any]) -> list[str]:
    return [f"{report['target']} {found['case']}: {found['words']}" for found in report["findings"]]


@linux_only
def test_hostile_files_of_every_kind_are_read_or_refused(tmp_path: Path) -> None:
    options = ("--cases", "2000", "--least", "20", "--seed", "1", "--without", "bombs")
    reports = fuzz("fuzzing.py", *options, folder=tmp_path)

    assert len(reports) > 20
    for report in reports.values():
        assert findings(report) == []
        assert report["refused"] + report["accepted"] + len(report["findings"]) == report["cases"]
    # If all were refused or none, the changes would not reach far.
    assert sum(report["refused"] for report in reports.values()) > 800
    assert sum(report["accepted"] for report in reports.values()) > 500
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("tmp")]


@linux_only
def test_the_largest_picture_that_is_read_fits_into_a_gigabyte(tmp_path: Path) -> None:
    options = ("--target", "bombs", "--only", "0", "--seconds", "60")
    reports = fuzz("fuzzing.py", *options, folder=tmp_path)

    assert findings(reports["bombs"]) == []
    assert reports["bombs"]["accepted"] == 1
    assert 600 < reports["bombs"]["peak_mib"] < 1024


@linux_only
def test_planted_bugs_are_found(tmp_path: Path) -> None:
    options = ("--cases", "1", "--least", "1", "--seconds", "3")
    reports = fuzz("planted_bugs.py", *options, folder=tmp_path)

    found = {name: " ".join(findings(report)) for name, report in reports.items()}
    assert found.pop("refuse") == found.pop("accept") == ""
    expected = {
        "accept-what-is-damaged": "was accepted",
        "raise-what-is-not-ours": "KeyError",
        "hang": "takes too long",
        "die": "died of SIGABRT",
        "write-outside": "outside.txt",
        "write-where-a-link-leads": "outside.txt",
        "write-unheard": "something outside of the folder was changed",
        "remove-outside-by-a-relative-path": "os.remove 'keep.txt'",
        "take-memory": "took 1",
        "run-text": "runs code",
        "call-home": "socket",
        "run-a-program-and-keep-silent": "os.system",
        "say-too-much": "a message of",
        "run-out-of-memory-politely": "memory ran out",
    }
    assert found.keys() == expected.keys()
    for name, words in expected.items():
        assert words in found[name]


@linux_only
@pytest.mark.parametrize(
    "target",
    [
        "checkpoint-names",
        "optimizers",
        "hostile-files",
        "hostile-indexes",
        "hostile-links",
        "hostile-words",
    ],
)
def test_hand_made_files_are_refused_in_words(tmp_path: Path, target: str) -> None:
    reports = fuzz("fuzzing.py", "--target", target, folder=tmp_path)

    assert findings(reports[target]) == []
    assert reports[target]["cases"] > 0


CHANGES = {
    change_bytes: b"all is well" * 9,
    change_text: b'{"a": 1, "b": ["c"]}',
    change_json_lines: b'{"a": 1}\n{"b": "c"}\n',
    change_npy: b"\x93NUMPY\x01\0\x40\0{'descr': '|u1', 'shape': (2, 3), }".ljust(80),
    change_png: png_of([(b"IHDR", bytes(13)), (b"IDAT", zlib.compress(b"rows")), (b"IEND", b"")]),
    change_safetensors: save({"weight": torch.ones(2, 3), "bias": torch.ones(3)}),
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_same_seed_changes_a_file_in_the_same_way(change: Change) -> None:
    def changed(seed: int) -> bytes:
        return change(random.Random(seed), CHANGES[change])

    results = [changed(seed) for seed in range(60)]

    assert results == [changed(seed) for seed in range(60)]
    assert len(set(results)) > 30
    assert max(map(len, results)) <= 2 * MOST_BYTES


# Structured nonsense: right in form, wrong in what it says

BOUNDED = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NUMBERS = st.integers() | st.integers(-(10**40), 10**40) | st.floats() | st.just(10**400)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=30) | st.just("x" * 20_000)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=9,
)
# TOML has no null; and it has times.
TOML_VALUES = st.recursive(
    st.booleans() | NUMBERS | st.text(max_size=30) | st.datetimes() | st.dates() | st.times(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=9,
)


def altered(
    valid: Mapping[str, Any], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """A record with some entries replaced, some missing, and perhaps a foreign one."""
    names = st.sampled_from(sorted(valid))
    changes = st.dictionaries(names | st.text(max_size=9), values, max_size=3)
    return st.builds(
        lambda missing, changed: {
            **{name: value for name, value in valid.items() if name not in missing},
            **changed,
        },
        st.sets(names, max_size=2),
        changes,
    )


def read_or_refused(read: Callable[[], T], refusal: type[GenStudioError]) -> T | None:
    """What was read; None if it was refused in words that a person can read."""
    try:
        return read()
    except refusal as error:
        words = str(error)
    assert 0 < len(words) < 5000
    words.encode()
    return None


EVENTS = (
    events.RunStarted(
        run=Path("r"), model="m", device="cpu", precision="fp32", threads=1, num_images=2,
        num_parameters=3, step=0,
    ),
    events.StepDone(
        step=1, images_seen=2, losses={"a": 1.0}, images_per_s=1, seconds=1, progress=0.5,
        eta_s=None, memory_gib=1,
    ),
    events.Stopped(run=Path("r"), step=1, images_seen=2, seconds=1, checkpoint=None),
    events.Failed(run=None, step=1, title="t"),
)  # fmt: skip


@BOUNDED
@given(
    record=st.sampled_from([event.to_record() for event in EVENTS]).flatmap(
        lambda valid: altered(valid, VALUES)
    ),
    tail=st.binary(max_size=4),
)
def test_any_line_of_a_record_is_an_event_or_none(record: dict[str, Any], tail: bytes) -> None:
    for line in (json.dumps(record).encode() + tail, tail, json.dumps(record)):
        event = events.parse_event(line)
        if event is not None:
            assert events.parse_event(event.model_dump_json()) is not None
            assert 0 <= getattr(event, "step", 0) < 2**63


@BOUNDED
@given(line=st.text() | st.binary())
def test_any_bytes_are_no_event(line: str | bytes) -> None:
    assert events.parse_event(line) is None


RUN = {
    "format_version": 1,
    "created": datetime(2026, 1, 31),  # noqa: DTZ001  # written without a zone by a stranger
    "dataset": "flowers-0000",
    "branched_from": "",
    "versions": {"torch": "2"},
    "settings": {"model_key": "toy", "size": 32, "batch": 4, "seed": 7, "device": "cpu"},
}


@BOUNDED
@given(record=altered(RUN, TOML_VALUES), chosen=altered(RUN["settings"], TOML_VALUES))  # type: ignore[arg-type]
def test_any_run_file_is_a_run_or_refused(
    tmp_path: Path, record: dict[str, Any], chosen: dict[str, Any]
) -> None:
    if record.get("settings") == RUN["settings"]:
        record["settings"] = chosen
    (tmp_path / "run.toml").write_text(tomli_w.dumps(record), encoding="utf-8")

    run = read_or_refused(lambda: Run(tmp_path), ProjectError)
    if run is not None:
        assert Path(run.file.dataset).name == run.file.dataset != ".."
        assert run.summary().settings.batch >= 2


PROJECT = {"format_version": 1, "name": "Meadow", "created": datetime(2026, 1, 31)}  # noqa: DTZ001


@BOUNDED
@given(record=altered(PROJECT, TOML_VALUES))
def test_any_project_file_is_a_project_or_refused(tmp_path: Path, record: dict[str, Any]) -> None:
    (tmp_path / "project.toml").write_text(tomli_w.dumps(record), encoding="utf-8")

    project = read_or_refused(lambda: open_project(tmp_path), ProjectError)
    if project is not None:
        assert 0 < len(project.name) <= 200


STATE = CheckpointState(model_key="toy", step=2, images_seen=8, seconds=1.5, losses={"a": 1.0})


@BOUNDED
@given(record=altered(STATE.model_dump(mode="json"), VALUES))
def test_any_state_behind_right_checksums_is_a_checkpoint_or_refused(
    tmp_path: Path, record: dict[str, Any]
) -> None:
    folder = tmp_path / "2"
    folder.mkdir(exist_ok=True)
    content = json.dumps(record).encode()
    (folder / "state.json").write_bytes(content)
    checksums = {"state.json": hashlib.sha256(content).hexdigest()}
    (folder / "checksums.json").write_text(json.dumps(checksums))
    store = CheckpointStore(tmp_path)

    checkpoint = read_or_refused(lambda: store.load(2), CheckpointError)
    if checkpoint is not None:
        assert checkpoint.state.step >= 0
    store.infos()


RECIPE = {
    "software": "GenStudio", "model_key": "toy", "run": "r", "project": "p", "step": 2,
    "weights_sha256": "ab" * 32, "seed": 7, "size": 32, "sampling": {"brightness": 1.0},
    "created": "2026-01-31T12:00:00Z",
}  # fmt: skip


@BOUNDED
@given(record=altered(RECIPE, VALUES), tail=st.text(max_size=3))
def test_any_recipe_in_a_picture_is_read_or_refused(
    tmp_path: Path, record: dict[str, Any], tail: str
) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt(RECIPE_KEY, json.dumps(record) + tail)
    content = io.BytesIO()
    Image.new("RGB", (2, 2)).save(content, "PNG", pnginfo=texts)
    path = tmp_path / "a.png"
    path.write_bytes(content.getvalue())

    recipe = read_or_refused(lambda: read_recipe(path), GenStudioError)
    if recipe is not None:
        recipe.created.astimezone()
        assert len(f"{recipe.step:,}{recipe.sampling}") < 200_000
