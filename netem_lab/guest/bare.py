# SPDX-License-Identifier: Apache-2.0
"""A guest for one command: a kernel with netem, ifb and openvswitch, without a node in it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Sequence

from netem_lab.errors import LabError
from netem_lab.guest import namespace
from netem_lab.guest.frames import Command
from netem_lab.guest.host import require_guest
from netem_lab.guest.kernel import INSTALLED, Kernel
from netem_lab.guest.runner import Remote
from netem_lab.guest.terminal import interact
from netem_lab.guest.uml import Guest


def run(argv: Sequence[str], memory_mib: int, kernel: Kernel = INSTALLED) -> int:
    """Run argv in a new guest, with the caller's folder and environment; return its exit status."""
    require_guest(kernel)
    with tempfile.TemporaryDirectory(prefix="netem-lab-") as name:
        folder = Path(name)
        cwd = os.getcwd()
        namespace.enter(folder, memory_mib)
        guest = Guest(
            folder, memory_mib, visible=(cwd,), modules=kernel.modules, kernel=kernel.program
        )
        try:
            guest.wait_until_booted()
            try:
                status = interact(guest.connect(), Command.here(argv))
            except ConnectionError:
                raise LabError("the guest kernel died", guest.console()) from None
            # What was written stays in the guest's page cache until sync writes it to the host.
            Remote(guest.connect(), Command.here(["sync"])).wait()
            return status
        finally:
            guest.stop()
            namespace.leave(folder)
