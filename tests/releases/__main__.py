# SPDX-License-Identifier: Apache-2.0
"""Run the scenario on one suite after the other, and print the result of each."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import List, Tuple

from rich.console import Console
from rich.table import Table

from tests.releases import image
from tests.releases.backends import BACKENDS, DEFAULT_BACKEND, Backend
from tests.releases.image import BrokenSuite
from tests.releases.suites import SUITES, Suite

PASSED, FAILED, BROKEN = "passed", "FAILED", "CANNOT BE INSTALLED"
# First the contract tests of the API, which hold in every release, then the tests of the cloud.
TESTS_OF_THE_API = (
    *(f"tests/contract/test_{name}.py" for name in ("examples", "values", "addresses", "listing")),
    "tests/api/test_roles.py",
)
NEUTRONS_OWN = "tests/releases/test_neutrons_own.py"
_REPO = Path(__file__).parents[2]


def main(arguments: List[str]) -> int:
    """Return 0 if every suite asked for has passed, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.releases", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--backend", choices=list(BACKENDS), default=DEFAULT_BACKEND)
    parser.add_argument("--rebuild", action="store_true", help="make the images anew")
    parser.add_argument(
        "--neutrons-own", action="store_true", help="run all of the release's own tests of QoS"
    )
    parser.add_argument("--images-only", action="store_true", help="run nothing")
    asked = parser.parse_args(arguments)
    unknown = set(asked.suites) - set(SUITES)
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    backend = BACKENDS[asked.backend]
    lacking = [name for name in asked.suites if not backend.is_in(SUITES[name])]
    if lacking:
        parser.error(f"no {backend.name} in {', '.join(lacking)}")
    names = asked.suites or [name for name, suite in SUITES.items() if backend.is_in(suite)]
    if asked.images_only:
        return _make_images(names, asked.rebuild)
    tests = (
        ["--neutrons-own", "all", NEUTRONS_OWN]
        if asked.neutrons_own
        else [*TESTS_OF_THE_API, *(f"tests/releases/{file}" for file in backend.tests)]
    )
    table = Table("release", "Debian", "Neutron", "Python", "result", "time", box=None)
    results = []
    for name in names:
        versions, result, duration_s = _run(SUITES[name], backend, asked.rebuild, tests)
        suite = SUITES[name]
        table.add_row(
            suite.release, name, *versions, result, f"{duration_s // 60} min {duration_s % 60:02} s"
        )
        results.append(result)
    Console(width=100, highlight=False).print(table)
    return 0 if set(results) == {PASSED} else 1


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


def _run(
    suite: Suite, backend: Backend, rebuild: bool, tests: List[str]
) -> Tuple[Tuple[str, str], str, int]:
    """Return the versions of Neutron and Python, the result, and the seconds it took."""
    print(f"== {suite.name}: {suite.release}, {backend.name}", flush=True)
    begin_s = time.monotonic()
    try:
        files = image.ensure(suite, rebuild)
    except BrokenSuite as error:
        print(error, flush=True)
        return ("-", "-"), BROKEN, round(time.monotonic() - begin_s)
    command = [
        "pytest",
        "-q",
        "--durations=8",
        "-p",
        "tests.releases.plugin",
        f"--suite={suite.name}",
        f"--backend={backend.name}",
        *tests,
    ]
    status = subprocess.run([sys.executable, "-m", *command], cwd=_REPO).returncode
    versions = tuple(image.version(files, each) for each in ("python3-neutron", "python3"))
    return versions, FAILED if status else PASSED, round(time.monotonic() - begin_s)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
