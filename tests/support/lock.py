# SPDX-License-Identifier: Apache-2.0
"""One maker at a time of what processes of the tests share on disk."""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path
from typing import Iterator


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock that the file at `path` stands for; waits for who holds it.

    The kernel takes it back from a process that dies.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
