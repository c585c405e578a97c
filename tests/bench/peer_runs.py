"""Trains one entrant on one set in child processes, and keeps what came of it in one folder."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from peer_sets import PictureSet
from PIL import Image

from genstudio.models.catalog import model_class, model_keys
from genstudio.models.sampling import over_white
from genstudio.services.runs import Run

ROOT: Final = Path(__file__).parents[2]
PEERS_FOLDER: Final = Path(__file__).parent / "peers"
PEERS_ENVIRONMENT: Final = ROOT / ".venv-peers"
_SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"


@dataclass(frozen=True, slots=True)
class PeerDriver:
    """How a peer is started: its program, and whether it needs packages of its own."""

    file: str
    needs_environment: bool = False


PEERS: Final = {
    "dcgan": PeerDriver("dcgan.py"),
    "plain-vae": PeerDriver("plain_vae.py"),
    "lightweight-gan": PeerDriver("lightweight.py", needs_environment=True),
    "pythae-vae": PeerDriver("pythae_vae.py", needs_environment=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is the same for all entrants.

    Attributes:
        minutes: Of training, counted from the first step.
        samples: Pictures that each makes at the end.
        threads: That each computes with.
        bf16: "auto", "on" or "off".
    """

    minutes: float
    samples: int
    threads: int
    bf16: str


def known_entrants() -> list[str]:
    """Keys of our own architectures, and of the peers."""
    return [*model_keys(), *PEERS]


def run_folder(out: Path, pictures: PictureSet, entrant: str, seed: int, terms: Terms) -> Path:
    """Where a run is kept: what was done on these terms is not done again."""
    precision = "" if terms.bf16 == "auto" else f"-bf16-{terms.bf16}"
    run = f"{entrant}-{terms.minutes:g}min-seed{seed}{precision}"
    return out / "runs" / pictures.name / run


def is_done(folder: Path) -> bool:
    """Whether a run was trained and sampled to its end."""
    return (folder / "result.json").is_file()


def train_entrant(
    entrant: str, pictures: PictureSet, folder: Path, seed: int, terms: Terms
) -> None:
    """Train, sample and record; a run that was cut off begins anew.

    Raises:
        subprocess.CalledProcessError: The entrant's program failed; its words are in ``log.txt``.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    train = _train_peer if entrant in PEERS else _train_ours
    begun_s = time.monotonic()
    record = train(entrant, pictures, folder, seed, terms)
    record |= {
        "entrant": entrant,
        "set": pictures.name,
        "terms": asdict(terms),
        "wall_s": time.monotonic() - begun_s,
    }
    partial = folder / "result.json.part"
    partial.write_text(json.dumps(record, indent=1))
    partial.replace(folder / "result.json")


def _train_peer(
    entrant: str, pictures: PictureSet, folder: Path, seed: int, terms: Terms
) -> dict[str, Any]:
    driver = PEERS[entrant]
    python = str(PEERS_ENVIRONMENT / _SCRIPTS / "python") if driver.needs_environment else None
    # It tells that it is done by a file of this name, too.
    work = folder / "work"
    command = [
        python or sys.executable, str(PEERS_FOLDER / driver.file),
        "--images", str(pictures.training), "--out", str(work), "--minutes", str(terms.minutes),
        "--seed", str(seed), "--samples", str(terms.samples), "--threads", str(terms.threads),
        "--bf16", terms.bf16,
    ]  # fmt: skip
    _call(command, folder / "log.txt", terms)
    record = json.loads((work / "result.json").read_text())
    (work / "samples.npy").replace(folder / "samples.npy")
    (work / "sheet.png").replace(folder / "sheet.png")
    shutil.rmtree(work)
    return record


def _train_ours(
    entrant: str, pictures: PictureSet, folder: Path, seed: int, terms: Terms
) -> dict[str, Any]:
    """Train by the program's own commands and defaults, as a person would."""
    program = str(Path(sys.executable).with_name("genstudio"))
    precision = {"auto": "auto", "on": "bf16", "off": "fp32"}[terms.bf16]
    train = [
        program, "train", str(pictures.folder), "--model", entrant,
        "--project", str(folder / "project"), "--size", str(pictures.size),
        "--minutes", str(terms.minutes), "--seed", str(seed), "--precision", precision, "--json",
    ]  # fmt: skip
    told = [json.loads(line) for line in _call(train, folder / "log.txt", terms).splitlines()]
    (started,) = [event for event in told if event["event"] == "RunStarted"]
    (finished,) = [event for event in told if event["event"] == "Finished"]
    run = Run(Path(finished["run"]))
    if set(run.held_out) != set(pictures.held_out_names):
        raise RuntimeError("The program held out other pictures than those that its peers lack")
    made = folder / "pictures"
    generate = [
        program, "generate", str(run.path), "--count", str(terms.samples), "--out", str(made),
    ]  # fmt: skip
    _call(generate, folder / "log.txt", terms)
    samples_NHWC = np.stack([_pixels(made / f"{seed}.png") for seed in range(terms.samples)])
    np.save(folder / "samples.npy", samples_NHWC)
    shutil.rmtree(made)
    chosen = model_class(run.settings.model_key)
    return {
        "size": pictures.size,
        "num_images": len(np.load(pictures.training, mmap_mode="r")),
        "seed": seed,
        "seconds": finished["seconds"],
        "steps": finished["step"],
        "images_seen": finished["images_seen"],
        "images_per_s": finished["images_seen"] / finished["seconds"],
        "is_finite": True,
        "parameters": {"all": started["num_parameters"]},
        "device": started["device"],
        "threads": started["threads"],
        "precision": started["precision"],
        "settings": run.settings.model_dump(mode="json"),
        "sampling": f"As `generate` does by default: {chosen.Sampling().model_dump()}",
    }


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        # Peers learned from pictures over white, and are judged by those.
        return over_white(np.asarray(picture))


def _call(command: Sequence[str], log: Path, terms: Terms) -> str:
    """Run a child to its end; gives what it says on its standard output, and logs everything."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(terms.threads),
        "PYTHONUTF8": "1",
    }
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}\n")
    done.check_returncode()
    return done.stdout
