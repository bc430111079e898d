# SPDX-License-Identifier: Apache-2.0
"""The record of the running lab on the host, and the folder that holds it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Dict, Optional, Sequence

from netem_lab.errors import LabError
from netem_lab.node import topology
from netem_lab.node.backend import BACKENDS

# Each folder is a lab of its own, so two labs can run side by side.
FOLDER = Path(os.environ.get("NETEM_LAB_FOLDER", "/run/netem-lab"))
NODES = ("node", "node2")
"""The nodes that a lab can have, as `exec` calls them."""
DEFAULT_API_PORT = 9696
_ALREADY_UP = "a lab is already up: see `netem-lab status`, end it with `down`"
_RECORD = FOLDER / "lab.json"


@dataclass(frozen=True)
class Lab:
    """A running lab: its supervisor's pid, its API's port on 127.0.0.1, its start as a POSIX time.

    `backend` is the name of one, `chassis` the number of nodes. `failure` says why a node has
    ended; None as long as all run.
    """

    pid: int
    api_port: int
    memory_mib: int
    backend: str
    since_s: float
    chassis: int = 1
    ready: bool = False
    failure: Optional[str] = None

    @property
    def api_url(self) -> str:
        """The URL of Neutron's API on the host."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def metered(self) -> bool:
        """Whether meters of its backend impose limits without delay and loss."""
        return BACKENDS[self.backend].metered

    @property
    def nodes(self) -> Sequence[str]:
        """Its nodes, the first of which has Neutron."""
        return NODES[: self.chassis]

    @property
    def homes(self) -> Dict[str, str]:
        """The nodes of the instances, by instance: those of the first and of the last node."""
        return dict(zip(topology.NAMES, (self.nodes[0], self.nodes[-1])))

    def write(self) -> None:
        """Replace the record; a reader finds either the old or the new one, complete."""
        unfinished = _RECORD.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.replace(_RECORD)


def exec_socket(node: str) -> Path:
    """Where a node's executor is reached on the host."""
    return FOLDER / f"{node}.sock"


def guest_folder(node: str) -> Path:
    """The folder of a node's guest."""
    return FOLDER / node


def running() -> Optional[Lab]:
    """The lab that is up or starting; None if there is none."""
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


def require_none() -> None:
    """Raise LabError if a lab is up or starting."""
    if running() is not None:
        raise LabError(_ALREADY_UP)


def claim() -> int:
    """Empty the folder and lock it for this process until the returned descriptor is closed.

    Raises LabError if another process has it locked.
    """
    try:
        FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LabError(_ALREADY_UP) from None
    for leftover in FOLDER.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    return descriptor


def remove() -> None:
    """Remove the folder, whatever is in it."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def _read() -> Optional[Lab]:
    try:
        return Lab(**json.loads(_RECORD.read_text()))
    except FileNotFoundError:
        return None
