"""Reads changed and hand-made hostile files as the program does, and reports what goes wrong.

A finding is a reader that dies, raises what is no error of ours, takes longer or more memory than
it may, writes outside of the folder it reads, or runs something. Every case runs in a child process
under a watchdog. It follows from the seed, the target, its number, and the valid files: those of a
project hold the times at which they were made.

Usage: fuzzing.py --cases 100000 --seed 1 [--least 3000] [--target NAME]… [--without NAME]…
                  [--only NUMBER] [--seconds 5] [--keep FOLDER] [--json]
"""

import argparse
import contextlib
import dataclasses
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
from fuzz_cases import Target, Verdict, Workplace, run_cases
from fuzz_report import Report, table

import genstudio

# Of processor time: to import, to read the valid files once, and to copy a case.
_START_SECONDS = 60.0
# Of the clock, for a child that waits instead of computing: so many times what it may compute.
_WAITED = 40
_POLL_S = 0.25
_PACKAGE = Path(genstudio.__file__).parent
_MOST_FINDINGS = 300
_HANGS = "takes too long"
_MOST_KEPT = 3
_LARGEST_KEPT_BYTES = 16 * 2**20


class Hunt:
    """The cases of one target, run one after the other in children that may die."""

    def __init__(
        self, target: Target, valid: Path, folder: Path, options: argparse.Namespace
    ) -> None:
        """Prepare.

        Args:
            target: What is read.
            valid: Files that all is in order with.
            folder: An empty folder to work in.
            options: ``seed`` of all chances, ``seconds`` of the processor for each case, and where
                to ``keep`` failing inputs.
        """
        self._target = target
        self._seed: int = options.seed
        self._seconds: float = options.seconds
        self._keep: Path | None = options.keep
        self._workplace = Workplace(folder, valid, target.parts)
        self._fork = multiprocessing.get_context("fork")
        self.report = Report(target=target.name)

    def run(self, numbers: Sequence[int]) -> Report:
        """Run these cases."""
        left = list(numbers)
        while left and len(self.report.findings) < _MOST_FINDINGS:
            for number, verdict in self._verdicts(left):
                left = left[1:]
                if verdict.words == _HANGS and not self._hangs_again(number):
                    # A busy machine holds up any process; a case that hangs does so again.
                    self.report.add(number, Verdict(outcome="accepted"))
                    break
                self.report.add(number, verdict)
                if verdict.outcome == "finding":
                    self._keep_case(number)
                    break
        return self.report

    def _hangs_again(self, number: int) -> bool:
        return any(verdict.words == _HANGS for _, verdict in self._verdicts([number]))

    def _verdicts(self, numbers: Sequence[int]) -> Iterator[tuple[int, Verdict]]:
        """Run cases in one child; after a finding there are no more."""
        receiver, sender = self._fork.Pipe(duplex=False)
        child = self._fork.Process(
            target=run_cases, args=(self._target, self._seed, numbers, self._workplace, sender)
        )
        child.start()
        sender.close()  # With the child's end gone, its death ends the pipe.
        try:
            self._wait_until_ready(receiver, child)
            for number in numbers:
                yield number, self._next_verdict(receiver, child)
        finally:
            child.kill()
            child.join()
            receiver.close()

    def _wait_until_ready(self, receiver: Connection, child: BaseProcess) -> None:
        try:
            _receive(receiver, child, _START_SECONDS)
        except (EOFError, TimeoutError) as error:
            name = self._target.name
            raise RuntimeError(f"{name}: the valid files could not be read") from error

    def _next_verdict(self, receiver: Connection, child: BaseProcess) -> Verdict:
        try:
            _receive(receiver, child, _START_SECONDS)
            return Verdict(**json.loads(_receive(receiver, child, self._seconds)))
        except TimeoutError:
            _abort(child)
            return Verdict(
                outcome="finding",
                words=_HANGS,
                where=self._crash_site(),
                milliseconds=self._seconds * 1000,
            )
        except EOFError:
            child.join()
            status = child.exitcode or 0
            if status >= 0:
                last_words = self._workplace.last_words.read_text(errors="replace")
                raise RuntimeError(f"{self._target.name}: {last_words}") from None
            words = f"died of {signal.Signals(-status).name}"
            return Verdict(outcome="finding", words=words, where=self._crash_site())

    def _crash_site(self) -> str:
        """The line of ours that a dead child was in."""
        last_words = self._workplace.last_words.read_text(errors="replace")
        lines = re.findall(r'File ".*?([^\\/]+[\\/][^\\/]+)", line (\d+) in (\w+)', last_words)
        ours = [line for line in lines if (_PACKAGE / line[0]).is_file()] or lines
        return "{}:{} {}".format(*ours[0]) if ours else last_words[-300:]

    def _keep_case(self, number: int) -> None:
        """Copy a failing input, unless there are several of its kind already."""
        finding = self.report.findings[-1]
        alike = sum(other["where"] == finding["where"] for other in self.report.findings)
        if self._keep is None or alike > _MOST_KEPT:
            return
        folder = self._keep / f"{self._target.name}-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(shutil.Error):  # Pipes and the like stay behind.
            shutil.copytree(self._workplace.case, folder, symlinks=True, ignore=_too_large_to_keep)
        (folder / "finding.json").write_text(json.dumps(finding, indent=1))


def _too_large_to_keep(folder: str, names: list[str]) -> list[str]:
    sizes = {name: (Path(folder) / name).lstat().st_size for name in names}
    return [name for name, size in sizes.items() if size > _LARGEST_KEPT_BYTES]


def _abort(child: BaseProcess) -> None:
    """End a child that hangs; its fault handler writes down where it was."""
    if child.pid is not None:
        os.kill(child.pid, signal.SIGABRT)
    child.join(2)
    child.kill()
    child.join()


def _receive(receiver: Connection, child: BaseProcess, seconds: float) -> bytes:
    """What a child sends before it has computed for so long, however busy the machine is."""
    if receiver.poll(_POLL_S):
        return receiver.recv_bytes()
    ends_s = time.monotonic() + _WAITED * seconds
    begun_s = _computed_s(child)
    while not receiver.poll(_POLL_S):
        if _computed_s(child) - begun_s > seconds or time.monotonic() > ends_s:
            raise TimeoutError
    return receiver.recv_bytes()


def _computed_s(child: BaseProcess) -> float:
    """Processor time of a child; none once it is dead, which its pipe will tell."""
    try:
        times = psutil.Process(child.pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


# --- the command line ---------------------------------------------------------------------------


def shared_out(targets: Sequence[Target], cases: int, least: int) -> dict[str, int]:
    """How many of the cases each target gets: by its share, but no fewer than ``least``."""
    shares = sum(target.share for target in targets) or 1
    return {
        target.name: max(least, len(target.tricks), round(cases * target.share / shares))
        if target.changes
        else len(target.tricks)
        for target in targets
    }


def main(
    targets: Sequence[Target],
    make_valid: Callable[[Path, Collection[str]], None],
) -> int:
    """Hunt as the command line says; gives 1 if anything was found.

    Args:
        targets: To choose from.
        make_valid: Writes the valid files of some parts into an empty folder.
    """
    options = _options([target.name for target in targets])
    chosen = [t for t in targets if t.name in (options.target or ())] or targets
    chosen = [target for target in chosen if target.name not in (options.without or ())]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as workplace:
        reports = _hunt_all(chosen, make_valid, Path(workplace), options)
    if options.json:
        sys.stdout.write(json.dumps([dataclasses.asdict(report) for report in reports]))
    else:
        sys.stdout.write(table(reports) + "\n")
    return int(any(report.findings for report in reports))


def _hunt_all(
    targets: Sequence[Target],
    make_valid: Callable[[Path, Collection[str]], None],
    workplace: Path,
    options: argparse.Namespace,
) -> list[Report]:
    valid = workplace / "valid"
    valid.mkdir()
    # In a process of its own: torch does not like to be forked after it was used.
    parts = {part for target in targets for part in target.parts}
    maker = multiprocessing.get_context("fork").Process(target=make_valid, args=(valid, parts))
    maker.start()
    maker.join()
    if maker.exitcode != 0:
        raise RuntimeError("the valid files could not be made")
    counts = shared_out(targets, options.cases, options.least)
    reports: list[Report] = []
    for target in targets:
        began_s = time.monotonic()
        folder = workplace / target.name
        folder.mkdir()
        hunt = Hunt(target, valid, folder, options)
        numbers = range(counts[target.name]) if options.only is None else [options.only]
        reports.append(hunt.run(numbers))
        shutil.rmtree(folder, ignore_errors=True)
        took_s = time.monotonic() - began_s
        sys.stderr.write(f"{target.name}: {reports[-1].cases} cases in {took_s:.0f} s\n")
    return reports


def _options(names: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reads hostile files as the program does.")
    parser.add_argument("--cases", type=int, default=10_000, help="in total, shared out")
    parser.add_argument("--least", type=int, default=1, help="cases for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", action="append", choices=names, help="may be repeated")
    parser.add_argument("--without", action="append", choices=names, help="may be repeated")
    parser.add_argument("--only", type=int, help="number of a single case")
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="most processor time for one case"
    )
    parser.add_argument("--keep", type=Path, help="folder for failing inputs")
    parser.add_argument("--json", action="store_true", help="print the reports as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))  # For what the tests share.
    from fuzz_targets import TARGETS
    from valid_files import make_valid_files

    sys.exit(main(TARGETS, make_valid_files))
