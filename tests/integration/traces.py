# SPDX-License-Identifier: Apache-2.0
"""Finds what a lab has left on the host."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List


def traces(mark: str) -> List[str]:
    """Processes, mounts and files that carry `mark` in their arguments, environment or path."""
    found = [line for line in Path("/proc/mounts").read_text().splitlines() if mark in line]
    if os.path.exists(mark):
        found.append(mark)
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:  # it has ended
            continue
        if mark.encode() in text:
            found.append(f"process {process.name}: {text[:100]!r}")
    return found


def shared_with_others() -> List[str]:
    """Names of the network devices and of the shared memory files of this machine."""
    return sorted([*os.listdir("/sys/class/net"), *os.listdir("/dev/shm")])
