# SPDX-License-Identifier: Apache-2.0
"""A guest kernel: User-Mode Linux with the host's own files, or a folder of them, as its root."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional, Sequence
from weakref import WeakSet

from netem_lab.errors import LabError
from netem_lab.guest import xstate
from netem_lab.guest.executor import PORT
from netem_lab.guest.host import UML_MODULES, program, search_path
from netem_lab.guest.init import SPECIFICATION
from netem_lab.guest.kernel import INSTALLED
from netem_lab.guest.place import CABLE_MTU, FIRST, Place

BOOT_TIMEOUT_S = 60
DEFAULT_MEMORY_MIB = 1024


SOURCE = Path(__file__).resolve().parents[2]
"""The folder that holds this package; it must have the same path in a guest's root."""


@dataclass(frozen=True)
class Userland:
    """The folder that is a guest's root, a Python in it, and the folders that must stay visible."""

    root: Path
    python: str
    visible: Sequence[str]


HOST = Userland(Path("/"), sys.executable, (sys.prefix, sys.base_prefix))
"""The host's own files."""


class Guest:
    """One running kernel, reached over the tap of its place in the namespace it was booted in.

    It dies with the process that booted it, however that one ends. `folder` is the guest's own
    tmpfs, within the root.
    """

    def __init__(
        self,
        folder: Path,
        memory_mib: int,
        visible: Sequence[str] = (),
        userland: Userland = HOST,
        modules: Path = UML_MODULES,
        place: Place = FIRST,
        cable: Optional[socket.socket] = None,
        kernel: str = INSTALLED.program,
    ) -> None:
        """Start to boot; the root's `visible` folders are not covered, even under /tmp and /run.

        `modules` is a folder of kernel modules within the root. `cable` is one of a pair of
        sockets, of which another guest has the other. `kernel` is the program that is booted.
        """
        self._address = place.address
        self._console = folder / "console.log"
        inside = Path("/", folder.relative_to(userland.root))
        specification = {
            "path": search_path(),
            "root": str(userland.root),
            "modules": str(modules),
            "visible": (str(inside), str(SOURCE), str(modules), *userland.visible, *visible),
            "place": asdict(place),
            "has_cable": cable is not None,
        }
        (folder / SPECIFICATION).write_text(json.dumps(specification))
        command = [
            # No process of the guest outlives ours, not even the two that UML leaves on SIGKILL.
            *("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child"),
            *(program(kernel), f"mem={memory_mib}M", "rootfstype=hostfs"),
            *(f"rootflags={userland.root}", "rw"),
            *(f"uml_dir={folder}", "umid=guest", "con=null", "con0=null,fd:1", "quiet", "panic=1"),
            *("noreboot", f"vec0:transport=tap,ifname={place.tap},depth=128,gro=1"),
            *([f"vec1:transport=fd,fd={cable.fileno()},mtu={CABLE_MTU}"] if cable else []),
            # Arguments with a `=` that the kernel does not know become process 1's environment.
            *(f'PYTHONPATH="{SOURCE}"', f'init="{userland.python}"'),
            *("--", "-m", "netem_lab.guest.init", f'"{inside}"'),
        ]
        environment = dict(
            os.environ, PATH=search_path(), TMPDIR=str(folder), **xstate.environment(folder)
        )
        # Every process of the guest holds this pipe open, so it ends when the last of them does.
        self._alive, theirs = os.pipe()
        with self._console.open("wb") as console:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd="/",
                start_new_session=True,
                pass_fds=[theirs, *([cable.fileno()] if cable else [])],
            )
        os.close(theirs)
        self._connections: WeakSet[socket.socket] = WeakSet()
        self._watch = threading.Thread(target=self._hang_up, daemon=True)
        self._watch.start()

    def wait_until_booted(self) -> None:
        """Return when the guest takes commands; raises LabError when it dies or takes too long."""
        deadline = time.monotonic() + BOOT_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise LabError("the guest kernel died while it booted", self.console())
            try:
                socket.create_connection((self._address, PORT), timeout=0.1).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)
            except OSError:  # no answer yet
                pass
        raise LabError(f"the guest did not boot within {BOOT_TIMEOUT_S} s", self.console())

    def connect(self, port: int = PORT) -> socket.socket:
        """A connection to a port of the guest; it is shut down when the guest dies."""
        connection = socket.create_connection((self._address, port))
        self._connections.add(connection)
        return connection

    def _hang_up(self) -> None:
        # A dead guest sends no FIN. Without this, readers of its connections would wait for ever.
        os.read(self._alive, 1)
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def console(self) -> str:
        """What the guest kernel and its process 1 have printed."""
        return self._console.read_text(errors="replace")

    def stop(self) -> None:
        """Kill it, and return when none of its processes is left."""
        self._process.kill()
        self._process.wait()
        self._watch.join()

    def wait(self) -> None:
        """Return when it has ended."""
        self._process.wait()
