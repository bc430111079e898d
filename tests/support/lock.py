# SPDX-License-Identifier: Apache-2.0
"""Locks files that processes of the tests share, so that one process makes each."""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path
from typing import Iterator


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of the file at `path`; wait while another process holds it.

    The kernel takes it back from a process that dies.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
