# SPDX-License-Identifier: Apache-2.0
"""The source of the guest's kernel: the version that Debian built it from, and its settings."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Sequence

from netem_lab.errors import LabError
from netem_lab.guest.host import program, search_path

PROGRAMS = {
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "dpkg-query": "dpkg",
    "tar": "tar",
    "unshare": "util-linux",
    "xz": "xz-utils",
}
"""What this file runs, and the packages that have it."""

_KERNEL = "user-mode-linux"
# The field names the source packages that a package was built from (deb-control(5)).
_BUILT_USING = re.compile(r"(?:^|, )linux \(= ((\d+\.\d+)\.[^)]+)\)")
# All that a command has started ends with it, as in netem_lab.guest.uml.
_CONTAINED = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child")


@dataclass(frozen=True)
class KernelSource:
    """`version` of the package `package`, which holds the source; `settings` are the kernel's."""

    package: str
    version: str
    settings: str

    @classmethod
    def of_guest(cls) -> KernelSource:
        """The source of the kernel that is installed; raises LabError where it cannot be told."""
        query = [program("dpkg-query"), "--show", "--showformat=${Built-Using}", _KERNEL]
        package, version = named(run(query))
        return cls(package, version, run([program("linux.uml"), "--showconfig"]))

    def unpack(self, folder: Path) -> Path:
        """Fetch and unpack it below a folder; return the source's own folder. Raises LabError."""
        try:
            run([program("apt-get"), "download", f"{self.package}={self.version}"], folder)
        except LabError as error:
            raise LabError(
                f"cannot download the source of the guest's kernel, {self.package} {self.version}:"
                " run `apt-get update`, and `apt-get install user-mode-linux` for a kernel whose"
                " source is still to be had",
                error.log,
            ) from None
        (archive,) = folder.glob("*.deb")
        run([program("dpkg-deb"), "--extract", str(archive), str(folder)])
        archive.unlink()
        (source,) = folder.glob("usr/src/*.tar.xz")
        run([program("tar"), "--extract", f"--file={source}"], folder)
        source.unlink()
        unpacked = folder / self.package
        (unpacked / ".config").write_text(self.settings)
        return unpacked


def named(built_using: str) -> Sequence[str]:
    """The package and the version of the source that the field Built-Using names."""
    found = _BUILT_USING.search(built_using)
    if not found:
        raise LabError(
            f"cannot tell which source {_KERNEL} was built from: its field Built-Using is"
            f" {built_using!r}, which names no version of linux"
        )
    version, series = found.groups()
    return f"linux-source-{series}", version


def run(command: Sequence[str], folder: Path = Path("/"), **variables: str) -> str:
    """Run a command and return what it prints; it ends with this process, however that one ends.

    Raises LabError, with the last lines, where it fails.
    """
    environment: Dict[str, str] = {**os.environ, "PATH": search_path(), "LC_ALL": "C", **variables}
    done = subprocess.run(
        [*_CONTAINED, *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        end = "\n".join(done.stdout.splitlines()[-15:])
        raise LabError(f"{' '.join(command)} failed", end)
    return done.stdout
