# SPDX-License-Identifier: Apache-2.0
"""The processes of the node, which are started again when they end."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Callable, List, Mapping, Tuple

Start = Callable[[], "subprocess.Popen[bytes]"]
"""Starts a process; it is called again when the process has ended."""

START_TIMEOUT_S = 180


class Processes:
    """Running processes, each with the function that starts it."""

    def __init__(self, starts: Mapping[str, Start]) -> None:
        """Start them in this order."""
        self._deadline = time.monotonic() + START_TIMEOUT_S
        self._starts = starts
        self._processes = {name: start() for name, start in starts.items()}

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Return once it holds; exit when a process of the node ends, or 180 s after the start."""
        print(f"waiting for {what}", flush=True)
        while not holds():
            self._check()
            if time.monotonic() > self._deadline:
                sys.exit(f"waited {START_TIMEOUT_S} s in vain for {what}")
            time.sleep(0.1)

    def run(self) -> None:
        """Start a process again when it ends, as the init system of a host does; never return."""
        while True:
            for name, process in self._ended():
                print(f"{name} has ended with status {process.returncode}; starting it again")
                self._processes[name] = self._starts[name]()
            time.sleep(0.2)

    def _check(self) -> None:
        for name, process in self._ended():
            sys.exit(f"{name} has ended with status {process.returncode}")

    def _ended(self) -> List[Tuple[str, subprocess.Popen[bytes]]]:
        return [(name, each) for name, each in self._processes.items() if each.poll() is not None]
