# SPDX-License-Identifier: Apache-2.0
"""Run the tests of impairments and selectors on the kernel of one suite after the other."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import List
from xml.etree import ElementTree

from netem_lab.errors import LabError
from netem_lab.guest import cache
from tests.kernels import kernel

SUITES = ("bullseye", "bookworm", "trixie", "sid")
TESTS = [f"tests/kernel/test_{name}.py" for name in ("netem", "impairments", "selectors")]
_REPO = Path(__file__).parents[2]


def main(arguments: List[str]) -> int:
    """Return 0 if the tests passed on every kernel asked for, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.kernels", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--rebuild", action="store_true", help="fetch the kernels anew")
    asked = parser.parse_args(arguments)
    results = [_run(suite, asked.rebuild) for suite in asked.suites or SUITES]
    print("\n".join(line for _, line in results))
    return 0 if all(passed for passed, _ in results) else 1


def _run(suite: str, anew: bool) -> tuple[bool, str]:
    """Return whether the tests passed on the kernel of a suite, and a line that says it."""
    try:
        folder = kernel.ensure(suite, anew)
    except LabError as error:
        return False, f"{suite}: {error}\n{error.log}".rstrip()
    name = f"{suite}: Linux {kernel.release(folder)}"
    print(f"== {name}", flush=True)
    report = cache.FOLDER / f"kernel-{suite}.xml"
    report.unlink(missing_ok=True)
    guest = [str(Path(sys.executable).with_name("netem-lab")), "run", f"--kernel={folder}", "--"]
    tests = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *TESTS]
    status = subprocess.run([*guest, *tests], cwd=_REPO).returncode
    return status == 0, f"{name}: {_counts(report)}"


def _counts(report: Path) -> str:
    """What the report of a run says; none was written where the kernel died."""
    if not report.exists():
        return "the kernel did not survive the tests"
    (suite,) = ElementTree.parse(report).iter("testsuite")
    count = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    return (
        f"{count['tests']} tests, {count['failures'] + count['errors']} failed,"
        f" {count['skipped']} skipped, in {float(suite.get('time', 0)):.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
