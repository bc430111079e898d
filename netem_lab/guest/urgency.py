# SPDX-License-Identifier: Apache-2.0
"""While packets are measured, a guest's processes run before all others of the host.

A guest is a few processes of its host. On a busy host each of them waits for its turn, and packets
that the guest should have handled meanwhile are late. A nice value does not help: the host's
scheduler weighs it only within a session (sched(7), autogroup).
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Dict, Iterator, List, Set

KERNEL = "linux.uml"
"""The name of a guest's processes on the host: its kernel, and one for each of its programs."""

_URGENT = (os.SCHED_RR, os.sched_param(1))
_NORMAL = (os.SCHED_OTHER, os.sched_param(0))


@contextlib.contextmanager
def urgent(ancestor: int, name: str = KERNEL) -> Iterator[None]:
    """Run processes in real time: those called `name` among `ancestor` and its descendants.

    The end of the context makes them normal again, those too that were started in it. Where the
    host does not allow real-time processes, nothing changes.
    """
    _schedule(ancestor, name, *_URGENT)
    try:
        yield
    finally:
        _schedule(ancestor, name, *_NORMAL)


def _schedule(ancestor: int, name: str, policy: int, parameter: os.sched_param) -> None:
    # A thread that is started meanwhile inherits the old policy, so look until none has it.
    changed = True
    while changed:
        changed = False
        for thread in _threads(ancestor, name):
            with contextlib.suppress(ProcessLookupError):  # it has ended
                if os.sched_getscheduler(thread) == policy:
                    continue
                try:
                    os.sched_setscheduler(thread, policy, parameter)
                except PermissionError:
                    return
                changed = True


def _threads(ancestor: int, name: str) -> List[int]:
    """The threads of the processes called `name` among `ancestor` and its descendants."""
    parents: Dict[int, int] = {}
    called: Set[int] = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                # pid (name) state ppid …; the name may hold anything (proc(5)).
                before, _, after = Path(entry.path, "stat").read_text().rpartition(")")
                parents[int(entry.name)] = int(after.split()[1])
                if before.partition("(")[2] == name:
                    called.add(int(entry.name))
    found = []
    for pid in called:
        above = pid
        while above in parents and above != ancestor:
            above = parents[above]
        if above == ancestor:
            with contextlib.suppress(FileNotFoundError):
                found += [int(thread) for thread in os.listdir(f"/proc/{pid}/task")]
    return found
