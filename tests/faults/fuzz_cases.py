"""One case of fuzzing: a folder of valid files, changed, and what reading it comes to."""

import contextlib
import dataclasses
import faulthandler
import hashlib
import json
import os
import random
import resource
import shutil
import stat
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from guard import ForbiddenDeedError, Guard
from mutations import Change, splice

from genstudio.domain.errors import GenStudioError

MOST_MEMORY_BYTES = 2**30
# Far above what is measured: only what would take the whole machine meets it.
_ADDRESS_SPACE_BYTES = 12 * 2**30
_LONGEST_MESSAGE = 20_000

Trick = Callable[[Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that strangers may send, and how the program reads it.

    Attributes:
        name: For the command line and the table.
        parts: What a case consists of, as paths inside the folder of valid files.
        read: Reads a case as the program does; raises one of ``refusals``, or returns.
        changes: Pattern of files => how they are changed; one is chosen for each case. Without
            any, there are the tricks only.
        tricks: Hand-made hostile folders: each is a case, before the changed ones.
        mend: Makes a changed folder consistent again, as a malicious author would.
        refusals: Errors that are the right answer.
        must_refuse: Whether every changed folder has to be refused.
        share: Of the cases, compared to the others.
    """

    name: str
    parts: Sequence[str]
    read: Callable[[Path], None]
    changes: Sequence[tuple[str, Change]]
    tricks: Sequence[Trick] = ()
    mend: Callable[[Path], None] | None = None
    refusals: tuple[type[Exception], ...] = (GenStudioError,)
    must_refuse: bool = False
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one case.

    Attributes:
        outcome: "accepted", "refused" or "finding".
        words: What was found.
        where: The line of ours that it came through, to tell findings apart.
        milliseconds: Time that the reading took.
        peak_bytes: Most memory of the process so far, above what it had before the first case.
    """

    outcome: str
    words: str = ""
    where: str = ""
    milliseconds: float = 0.0
    peak_bytes: int = 0


class Workplace:
    """The folders of a hunt: the case at hand, and beside it what must never change."""

    def __init__(self, folder: Path, valid: Path, parts: Sequence[str]) -> None:
        """Prepare.

        Args:
            folder: An empty folder.
            valid: Files that all is in order with.
            parts: Which of them a case consists of.
        """
        self.valid = valid
        self.case = folder / "case"
        self.canary = folder / "canary"
        self.last_words = folder / "last words.txt"
        self._parts = parts
        self._stamps: dict[str, tuple[int, int, int]] = {}
        for name in ("keep.txt", "folder/keep.txt", "3/checksums.json", ".partial-1/keep.txt"):
            (self.canary / name).parent.mkdir(parents=True, exist_ok=True)
            (self.canary / name).write_text("a person's own")
        (self.canary / "empty").touch()

    def fresh_case(self) -> Path:
        """A copy of the valid files; only what the last case changed is copied anew."""
        found = _stamps(self.case)
        changed = [name for name in self._stamps if found.get(name) != self._stamps[name]]
        is_simple = all(stat.S_ISREG(found.get(name, (0,))[0]) for name in changed)
        if found and found.keys() == self._stamps.keys() and is_simple:
            for name in changed:
                # With the old time, so that any writing shows.
                shutil.copy2(self.valid / name, self.case / name)
        else:
            shutil.rmtree(self.case, ignore_errors=True)
            for part in self._parts:
                shutil.copytree(self.valid / part, self.case / part)
            self._stamps = _stamps(self.case)
        return self.case

    def canary_state(self) -> list[tuple[str, int, str]]:
        """Name, time and content of everything that must not change."""
        return [
            (str(path), path.stat().st_mtime_ns, _digest(path))
            for path in sorted(self.canary.rglob("*"))
        ]


def _stamps(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Kind, size and time of everything in a folder; of folders, the kind only."""
    stamps: dict[str, tuple[int, int, int]] = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        is_folder = stat.S_ISDIR(status.st_mode)
        size, time_ns = (0, 0) if is_folder else (status.st_size, status.st_mtime_ns)
        stamps[str(path.relative_to(folder))] = (status.st_mode, size, time_ns)
    return stamps


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"


def prepare(target: Target, seed: int, number: int, workplace: Workplace) -> Path:
    """Make the folder of a case; gives the file that was changed, or the folder itself."""
    case = workplace.fresh_case()
    if number < len(target.tricks):
        _play_trick(target, target.tricks[number], case)
        return case
    chance = random.Random(f"{seed}/{target.name}/{number}")
    pattern, change = chance.choice(target.changes)
    files = sorted(path for path in case.glob(pattern) if path.is_file())
    path = chance.choice(files)
    content = path.read_bytes()
    if len(files) > 1 and chance.random() < 0.1:
        path.write_bytes(splice(chance, content, chance.choice(files).read_bytes()))
    else:
        path.write_bytes(change(chance, content))
    if target.mend is not None:
        target.mend(case)
    return path


def _play_trick(target: Target, trick: Trick, case: Path) -> None:
    """Do it in a process of its own: the memory that it takes is not the reader's."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            trick(case)
            if target.mend is not None:
                target.mend(case)
            status = 0
        except Exception:  # noqa: BLE001  # there is nobody above to handle it
            traceback.print_exc()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    if ended != 0:
        raise RuntimeError(f"{target.name}: a trick did not work")


def judge(
    target: Target, case: Path, *, is_changed: bool = True, guard: Guard | None = None
) -> Verdict:
    """Read a case and say what came of it."""
    try:
        with guard.watching() if guard else contextlib.nullcontext():
            target.read(case)
    except target.refusals as error:
        return _judge_refusal(error)
    except ForbiddenDeedError as deed:
        return Verdict(outcome="finding", words=str(deed), where=_where(deed))
    except Exception as error:  # noqa: BLE001  # every kind of error is what is looked for
        words = f"{type(error).__name__}: {str(error)[:300]}"
        return Verdict(outcome="finding", words=words, where=_where(error))
    if is_changed and target.must_refuse:
        return Verdict(outcome="finding", words="was accepted, though it is damaged")
    return Verdict(outcome="accepted")


def _judge_refusal(error: Exception) -> Verdict:
    words = str(error)
    if len(words) > _LONGEST_MESSAGE:
        words = f"a message of {len(words)} characters"
        return Verdict(outcome="finding", words=words, where=_where(error))
    causes: BaseException | None = error
    while causes is not None:
        if isinstance(causes, MemoryError):
            return Verdict(outcome="finding", words="memory ran out", where=_where(causes))
        causes = causes.__cause__
    words.encode()  # A message must be fit to be printed and written down.
    return Verdict(outcome="refused", words=words[:300])


def _where(error: BaseException) -> str:
    """The innermost line of ours that an error came through, and the one it was raised at."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).name != "guard.py"
    ]
    ours = [frame for frame in frames if f"{os.sep}genstudio{os.sep}" in frame.filename]
    lines = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in (*ours[-1:], *frames[-1:])]
    return " > ".join(dict.fromkeys(lines))


def run_cases(
    target: Target, seed: int, numbers: Sequence[int], workplace: Workplace, pipe: Connection
) -> None:
    """Run cases in a process of their own until one is a finding.

    Sends a message when it is ready, one when a case is about to be read, and its verdict.

    Raises:
        RuntimeError: The valid files are refused: the cases would prove nothing.
    """
    sys.dont_write_bytecode = True
    # What is imported and allocated for a valid file belongs to the program, not to a case.
    valid = judge(target, workplace.fresh_case(), is_changed=False)
    if valid.outcome != "accepted":
        raise RuntimeError(f"{target.name}: the valid files are no good: {valid}")
    _limit_process(workplace.last_words)
    guard = Guard(workplace.case)
    baseline = _peak_bytes()
    pipe.send_bytes(b"ready")
    for number in numbers:
        changed = prepare(target, seed, number, workplace)
        pipe.send_bytes(b"begun")
        verdict = _run_case(target, changed, workplace, guard, baseline)
        pipe.send_bytes(json.dumps(dataclasses.asdict(verdict)).encode())
        if verdict.outcome == "finding":
            return  # The next child begins with a memory and a folder that nothing happened to.


def _limit_process(last_words: Path) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit.
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, resource.RLIM_INFINITY))
    # What libraries say about broken files would bury the table; it is of use after a crash.
    said = os.open(last_words, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    faulthandler.enable()


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _run_case(
    target: Target, changed: Path, workplace: Workplace, guard: Guard, baseline: int
) -> Verdict:
    is_changed = _differs(changed, workplace)
    canary = workplace.canary_state()
    began_s = time.perf_counter()
    verdict = judge(target, workplace.case, is_changed=is_changed, guard=guard)
    verdict = dataclasses.replace(
        verdict,
        milliseconds=(time.perf_counter() - began_s) * 1000,
        peak_bytes=_peak_bytes() - baseline,
    )
    if verdict.outcome == "finding":
        return verdict
    words = ""
    if guard.deeds:
        words = guard.deeds[0]
    elif workplace.canary_state() != canary:
        words = "something outside of the folder was changed"
    elif verdict.peak_bytes > MOST_MEMORY_BYTES:
        words = f"took {verdict.peak_bytes / 2**20:.0f} MiB"
    return dataclasses.replace(verdict, outcome="finding", words=words) if words else verdict


def _differs(changed: Path, workplace: Workplace) -> bool:
    if changed.is_dir():
        return True
    valid = workplace.valid / changed.relative_to(workplace.case)
    return changed.read_bytes() != valid.read_bytes()
