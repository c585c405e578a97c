"""What came of fuzzing, target by target, and as a table."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fuzz_cases import Verdict

_HEAD = ("target", "cases", "refused", "accepted", "slowest", "memory", "findings")
_ROW = "{:<34}{:>8}{:>9}{:>9}{:>10}{:>10}{:>10}"


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of the cases of one target."""

    target: str
    cases: int = 0
    refused: int = 0
    accepted: int = 0
    slowest_ms: float = 0.0
    peak_mib: float = 0.0
    findings: list[dict[str, Any]] = field(default_factory=list)

    def add(self, number: int, verdict: Verdict) -> None:
        """Count a case."""
        self.cases += 1
        self.refused += verdict.outcome == "refused"
        self.accepted += verdict.outcome == "accepted"
        self.slowest_ms = max(self.slowest_ms, verdict.milliseconds)
        self.peak_mib = max(self.peak_mib, verdict.peak_bytes / 2**20)
        if verdict.outcome == "finding":
            self.findings.append({"case": number, "words": verdict.words, "where": verdict.where})


def table(reports: Sequence[Report]) -> str:
    """The reports as text, and each kind of finding once."""
    rows = [_ROW.format(*_HEAD), *map(_row, reports), _row(_total(reports))]
    return "\n".join([*rows, *(line for report in reports for line in _kinds(report))])


def _row(report: Report) -> str:
    return _ROW.format(
        report.target,
        report.cases,
        report.refused,
        report.accepted,
        f"{report.slowest_ms:.0f} ms",
        f"{report.peak_mib:.0f} MiB",
        len(report.findings),
    )


def _kinds(report: Report) -> Iterator[str]:
    kinds: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for finding in report.findings:
        words = re.sub(r"\d+", "0", finding["words"])[:60]
        kinds[finding["where"], words].append(finding)
    for alike in kinds.values():
        first = alike[0]
        yield f"\n{report.target} case {first['case']} ({len(alike)} ×): {first['words']}"
        yield f"    {first['where']}"


def _total(reports: Sequence[Report]) -> Report:
    return Report(
        target="all",
        cases=sum(report.cases for report in reports),
        refused=sum(report.refused for report in reports),
        accepted=sum(report.accepted for report in reports),
        slowest_ms=max((report.slowest_ms for report in reports), default=0.0),
        peak_mib=max((report.peak_mib for report in reports), default=0.0),
        findings=[finding for report in reports for finding in report.findings],
    )
