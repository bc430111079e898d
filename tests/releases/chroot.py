# SPDX-License-Identifier: Apache-2.0
"""A host of the cloud: a writable layer over an image; it is gone when this process ends."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import IO, List, Optional, Sequence

from netem_lab.guest.namespace import mount

_MS_BIND = 0x1000
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Chroot:
    """The image's files at `root`, where writes go to the layer; commands run in them."""

    def __init__(self, image: Path, folder: Path) -> None:
        """Make the layer in `folder`, which must be on a tmpfs."""
        upper, work, self.root = (folder / name for name in ("upper", "work", "root"))
        for each in (upper, work, self.root):
            each.mkdir(parents=True)
        options = f"lowerdir={image},upperdir={upper},workdir={work}"
        mount("overlay", str(self.root), "overlay", options)
        mount("tmpfs", str(self.root / "dev/shm"), "tmpfs", "mode=1777")

    def show(self, folder: Path) -> None:
        """Make a folder of this machine visible at the same path inside."""
        place = self.root / folder.relative_to("/")
        place.mkdir(parents=True, exist_ok=True)
        mount(str(folder), str(place), "none", flags=_MS_BIND)

    def write(self, path: str, text: str) -> None:
        """Write a file, as an operator does."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def read(self, path: str) -> str:
        """Return the text of a file; empty where there is no file."""
        place = self.root / path.lstrip("/")
        return place.read_text(errors="replace") if place.exists() else ""

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return (self.root / path.lstrip("/")).exists()

    def run(self, *argv: object, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command as root."""
        return subprocess.run(
            self._command(argv, env), stdin=subprocess.DEVNULL, capture_output=True, text=True
        )

    def output(self, *argv: object, **env: str) -> str:
        """Run a command, which must succeed, and return its standard output, without warnings."""
        done = self.run(*argv, **env)
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{' '.join(map(str, argv))}: {said[-3000:]}"
        return done.stdout

    def start(self, script: str, log: Optional[IO[bytes]] = None) -> subprocess.Popen:
        """Start a shell script as root; it ends with this process, and its children with it."""
        # The shell stays and is process 1 of its children. They may change their user, and then
        # the kernel clears their PR_SET_PDEATHSIG (prctl(2)).
        return subprocess.Popen(
            self._command(["sh", "-c", f"{script}\nexit $?"], {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def _command(self, argv: Sequence[object], env: dict[str, str]) -> List[str]:
        return [
            *("setpriv", "--pdeathsig", "KILL"),
            *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"),
            *("--root", str(self.root)),
            *("env", "-i", _PATH, "HOME=/root", "LANG=C.UTF-8"),
            *(f"{name}={value}" for name, value in env.items()),
            *map(str, argv),
        ]
