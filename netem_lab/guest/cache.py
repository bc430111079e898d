# SPDX-License-Identifier: Apache-2.0
"""Folders that take minutes to make, and are made once for all labs and tests of a user."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from typing import Callable, Iterator

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "networking-netem"


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of the file at `path`; wait while another process holds it.

    The kernel takes it back from a process that dies.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure(folder: Path, make: Callable[[Path], None], anew: bool = False) -> Path:
    """Return the folder, which `make` has filled; processes that need it at once make it once.

    `make` gets an empty folder beside it. What is left of one that was interrupted is removed.
    """
    with held(folder.with_name(f"{folder.name}.lock")):
        if anew or not folder.exists():
            unfinished = folder.with_name(f"{folder.name}.new")
            _remove(unfinished)
            unfinished.mkdir()
            make(unfinished)
            _remove(folder)
            unfinished.rename(folder)
    return folder


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=not folder.exists())
