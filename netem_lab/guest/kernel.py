# SPDX-License-Identifier: Apache-2.0
"""The kernel of a guest: a program and its modules, installed or in a folder of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from netem_lab.errors import LabError

_PROGRAM = Path("usr/bin/linux.uml")
_MODULES = Path("usr/lib/uml/modules")


@dataclass(frozen=True)
class Kernel:
    """A User-Mode Linux: `program` is what boots it, `modules` the folder of its modules."""

    program: str
    modules: Path

    @classmethod
    def unpacked(cls, folder: Path) -> Kernel:
        """That of Debian's package user-mode-linux, unpacked in a folder; raises LabError."""
        folder = folder.absolute()
        kernel = cls(str(folder / _PROGRAM), folder / _MODULES)
        for path in (Path(kernel.program), kernel.modules):
            if not path.exists():
                raise LabError(
                    f"no {path}: unpack Debian's package user-mode-linux in {folder}, with"
                    " `dpkg-deb --extract`"
                )
        return kernel


INSTALLED = Kernel(_PROGRAM.name, "/" / _MODULES)
"""That of the package which is installed, found as the caller's other programs are."""
