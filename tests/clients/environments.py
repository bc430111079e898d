# SPDX-License-Identifier: Apache-2.0
"""Virtual environments with the clients of one OpenStack release each, and their real programs.

`python -m tests.clients.environments` makes all of them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from netem_lab.guest import cache

REPO = Path(__file__).parents[2]
ROOT = REPO / ".venvs"
PINS = Path(__file__).with_name("venvs")
RUNNER = Path(__file__).with_name("runner.py")
WITH_NEUTRON = ("victoria", "zed", "antelope")
"""The releases whose python-neutronclient (7.2, 8.1, 9.0) still has the program `neutron`."""
RELEASES = (*WITH_NEUTRON, "epoxy", "newest")
NOWHERE = {"OS_ENDPOINT": "http://127.0.0.1:9"}
"""No server listens there, so a command that works there has sent no request."""


@dataclass(frozen=True)
class Done:
    """The output and the exit status of a program."""

    status: int
    out: str
    err: str


def ok(done: Done) -> str:
    """Return the output of a program, which must have succeeded."""
    assert done.status == 0, done.err
    return done.out


class Environment:
    """Runs programs of one environment; `variables` are added to what they inherit."""

    def __init__(self, name: str, **variables: str) -> None:
        self.folder = ensure(name)
        self._variables = variables
        self._runners: dict[Path, subprocess.Popen] = {}

    def close(self) -> None:
        """End the processes that run the programs."""
        for runner in self._runners.values():
            runner.stdin.close()
            runner.wait(timeout=30)

    def run(self, program: str, *arguments: str, **variables: str) -> Done:
        """Run a program of the environment, or a Python script given by its path."""
        runner = self._runner(self.folder / "bin" / program)
        request = {"arguments": arguments, "env": {**self._variables, **variables}}
        print(json.dumps(request), file=runner.stdin, flush=True)
        return Done(**json.loads(runner.stdout.readline()))

    def _runner(self, program: Path) -> subprocess.Popen:
        if program not in self._runners:
            command = [self.folder / "bin/python", "-W", "ignore", RUNNER, program]
            self._runners[program] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        return self._runners[program]


def ensure(name: str) -> Path:
    """Return the folder of an environment; it is made again when its packages have changed."""
    pins = PINS / f"{name}.txt"
    sources = (pins, REPO / "pyproject.toml") if name == "newest" else (pins,)
    stamp = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()
    folder = ROOT / name
    ready = folder / "ready"
    with cache.held(ROOT / f"{name}.lock"):
        if not ready.exists() or ready.read_text() != stamp:
            _make(name, folder, pins)
            ready.write_text(stamp)
    return folder


def _make(name: str, folder: Path, pins: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder)
    if name == "newest":
        # As users install it: pip chooses what is needed, the pins only choose the versions.
        _pip(folder, "--constraint", pins, "--editable", f"{REPO}[client]")
    else:
        _pip(folder, "--no-deps", "--requirement", pins)
        # Our package and its entry points lie in the folder that tests run from.
        (site,) = folder.glob("lib/python3*/site-packages")
        (site / "networking-netem.pth").write_text(f"{REPO}\n")


def _pip(folder: Path, *arguments: object) -> None:
    target = ("--python", folder / "bin/python")
    command = [sys.executable, "-m", "pip", *target, "install", "--quiet", *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=REPO)
    assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"


if __name__ == "__main__":
    for each in (*RELEASES, "heat"):
        print(ensure(each), file=sys.stderr)
