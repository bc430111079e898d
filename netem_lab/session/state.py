# SPDX-License-Identifier: Apache-2.0
"""What is known on the host of the running lab, and the folder that says that there is one."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

from netem_lab.errors import LabError

# Another folder is another lab beside the first.
FOLDER = Path(os.environ.get("NETEM_LAB_FOLDER", "/run/netem-lab"))
EXEC_SOCKET = FOLDER / "exec.sock"
GUEST_FOLDER = FOLDER / "guest"
DEFAULT_API_PORT = 9696
_RECORD = FOLDER / "lab.json"


@dataclass(frozen=True)
class Lab:
    """A running lab: its supervisor's pid, its API's port on 127.0.0.1, its start as a POSIX time.

    `failure` says why it is no longer whole.
    """

    pid: int
    api_port: int
    memory_mib: int
    since_s: float
    ready: bool = False
    failure: Optional[str] = None

    @property
    def api_url(self) -> str:
        """Where Neutron's API answers on the host."""
        return f"http://127.0.0.1:{self.api_port}"

    def write(self) -> None:
        """Replace the record; readers see the old one or the new one."""
        unfinished = _RECORD.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.replace(_RECORD)


def running() -> Optional[Lab]:
    """The lab that is up or on its way up; None if there is none."""
    try:
        descriptor = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read()
    finally:
        os.close(descriptor)
    return None


def required() -> Lab:
    """The lab that is up; raises LabError if there is none."""
    lab = running()
    if lab is None:
        raise LabError("no lab is up: start it with `netem-lab up`")
    return lab


def claim() -> int:
    """Make the folder this process's own, for as long as the returned descriptor is open."""
    try:
        FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LabError("a lab is already up: see `netem-lab status`, end it with `down`") from None
    for leftover in FOLDER.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    GUEST_FOLDER.mkdir()
    return descriptor


def remove() -> None:
    """Remove the folder, whatever is in it."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def _read() -> Optional[Lab]:
    try:
        return Lab(**json.loads(_RECORD.read_text()))
    except FileNotFoundError:
        return None
