"""The developer's commands: make the environment, open the studio, check, test, measure, package.

Usage: python3 packaging/dev.py setup|run|test|check|bench|lock|package [arguments]

Standard library only, for it runs before anything is installed.
"""

from __future__ import annotations

import sys

# Before the other imports: they use what older Pythons do not understand.
if sys.version_info < (3, 11):
    sys.exit(
        f"GenStudio needs Python 3.11 or newer; this is {sys.version.split()[0]} "
        f"({sys.executable}).\nInstall a newer one from https://www.python.org/downloads/ "
        "and start this command with it, e.g.: python3.12 packaging/dev.py run"
    )

import argparse
import io
import os
import subprocess

import dev_environment as environment
import dev_steps as steps
import dev_system as system
from dev_environment import ROOT, SetupError
from installers import commands

HELP = """commands:
  setup                 make .venv and install the locked dependencies
  run [--demo] [...]    open the studio; with --demo, or without a display, train a small
                        model on built-in pictures (takes --project DIR, --minutes M)
  test [--slow] [...]   everything CI runs; more arguments go to pytest
  test --quick [...]    formatting, lint, layers, types and the tests of single modules
  check                 formatting, lint, layers, types
  bench [...]           measure speed (tests/bench)
  lock                  write packaging/requirements.lock from .venv
  package KIND [...]    make an installer in dist/; package --help lists the kinds"""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="dev.py", epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "command",
        choices=["setup", "run", "test", "check", "bench", "lock", "package"],
        metavar="command",
    )
    command = parser.parse_args(arguments[:1]).command
    extra = arguments[1:]
    if extra and command in {"setup", "check", "lock"}:
        parser.error(f"{command} takes no arguments, but got: {' '.join(extra)}")
    try:
        return {
            "setup": _setup,
            "run": _run,
            "test": _test,
            "check": _check,
            "bench": _bench,
            "lock": _lock,
            "package": commands.package,
        }[command](extra)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130


def _setup(_extra: list[str]) -> int:
    system.install_packages(system.RUN_PACKAGES)
    environment.ensure()
    print(f"Ready: {environment.script('genstudio')}")
    return 0


def _run(extra: list[str]) -> int:
    system.install_packages(system.RUN_PACKAGES)
    environment.ensure()
    arguments = [argument for argument in extra if argument != "--demo"]
    if "--demo" in extra or not system.has_display():
        if "--demo" not in extra:
            print("No display was found, so this runs the demonstration instead of the window.")
        command = [str(environment.python()), "-m", "genstudio", "demo", *arguments]
    else:
        command = [str(environment.script("genstudio")), *arguments]
    # Not from ROOT: paths in the arguments are relative to where the person stands.
    return subprocess.run(command, check=False).returncode


def _check(_extra: list[str]) -> int:
    environment.ensure()
    return steps.report([steps.run(step) for step in steps.checks()])


def _test(extra: list[str]) -> int:
    is_quick = "--quick" in extra
    extra = [argument for argument in extra if argument != "--quick"]
    system.install_packages(system.RUN_PACKAGES + system.TEST_PACKAGES)
    environment.ensure()
    results = [steps.run(step) for step in steps.checks()]
    results.append(steps.run(steps.tests(extra, quick=is_quick)))
    if not is_quick:
        results.append(steps.run_window_tests(extra))
    return steps.report(results)


def _bench(extra: list[str]) -> int:
    environment.ensure()
    scripts = sorted((ROOT / "tests" / "bench").glob("bench_*.py"))
    if not scripts:
        raise SetupError("There is nothing to measure: no tests/bench/bench_*.py was found.")
    python = str(environment.python())
    return steps.report(
        [steps.run(steps.Step(path.stem, [python, str(path), *extra])) for path in scripts]
    )


def _lock(_extra: list[str]) -> int:
    environment.write_lock()
    print(f"Wrote {environment.LOCK.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    # Piped output stays in order with what the child processes print.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    os.environ.setdefault("PYTHONUTF8", "1")
    sys.exit(main(sys.argv[1:]))
