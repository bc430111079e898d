# SPDX-License-Identifier: Apache-2.0
"""Run the scenario on one suite after the other, and print the result of each."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import List, NamedTuple, Tuple

from rich.console import Console
from rich.table import Table

from tests.releases import image
from tests.releases.image import BrokenSuite
from tests.releases.suites import SUITES, Suite

PASSED, FAILED, BROKEN = "passed", "FAILED", "CANNOT BE INSTALLED"
# First the contract tests of the API, which hold in every release, then the tests of the cloud.
TESTS = (
    *(f"tests/contract/test_{name}.py" for name in ("examples", "values", "addresses", "listing")),
    "tests/api/test_roles.py",
    "tests/releases",
)
NEUTRONS_OWN = "tests/releases/test_neutrons_own.py"
_REPO = Path(__file__).parents[2]


def main(arguments: List[str]) -> int:
    """Return 0 if every suite asked for has passed, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.releases", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--rebuild", action="store_true", help="make the images anew")
    parser.add_argument(
        "--neutrons-own", action="store_true", help="run all of the release's own tests of QoS"
    )
    parser.add_argument("--images-only", action="store_true", help="run nothing")
    parser.add_argument(
        "--jobs", type=int, default=1, help="run so many suites at a time; each is printed whole"
    )
    asked = parser.parse_args(arguments)
    unknown = set(asked.suites) - set(SUITES)
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    if asked.images_only:
        return _make_images(asked.suites or list(SUITES), asked.rebuild)
    suites = [SUITES[name] for name in asked.suites or SUITES]
    with ThreadPoolExecutor(asked.jobs) as pool:
        run = partial(_run, rebuild=asked.rebuild, neutrons_own=asked.neutrons_own)
        results = list(pool.map(run, suites))
    table = Table("release", "Debian", "Neutron", "Python", "result", "time", box=None)
    for suite, result in zip(suites, results):
        took = f"{result.duration_s // 60} min {result.duration_s % 60:02} s"
        table.add_row(suite.release, suite.name, *result.versions, result.verdict, took)
    Console(width=100, highlight=False).print(table)
    return 0 if {result.verdict for result in results} == {PASSED} else 1


def _make_images(names: List[str], rebuild: bool) -> int:
    """Return 0 only if there is an image of every suite."""
    status = 0
    for name in names:
        try:
            print(image.ensure(SUITES[name], rebuild), flush=True)
        except BrokenSuite as error:
            print(error, flush=True)
            status = 1
    return status


class _Result(NamedTuple):
    """What became of a suite; its versions are those of Neutron and Python."""

    versions: Tuple[str, str]
    verdict: str
    duration_s: int


def _run(suite: Suite, rebuild: bool, neutrons_own: bool) -> _Result:
    begin_s = time.monotonic()
    try:
        files = image.ensure(suite, rebuild)
    except BrokenSuite as error:
        print(f"== {suite.name}: {suite.release}\n{error}", flush=True)
        return _Result(("-", "-"), BROKEN, round(time.monotonic() - begin_s))
    command = [
        "pytest",
        "-q",
        "--durations=8",
        "-p",
        "tests.releases.plugin",
        "--suite",
        suite.name,
        *(("--neutrons-own", "all", NEUTRONS_OWN) if neutrons_own else TESTS),
    ]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=_REPO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    print(f"== {suite.name}: {suite.release}\n{done.stdout}", flush=True)
    neutron, python = (image.version(files, each) for each in ("python3-neutron", "python3"))
    duration_s = round(time.monotonic() - begin_s)
    return _Result((neutron, python), FAILED if done.returncode else PASSED, duration_s)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
