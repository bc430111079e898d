# SPDX-License-Identifier: Apache-2.0
"""Our package on a host, installed as doc/install.md says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.releases.chroot import Chroot

_REPO = Path(__file__).parents[2]


def wheel(folder: Path) -> Path:
    """Build the wheel in `folder`."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, _REPO]
    subprocess.run(list(map(str, command)), check=True)
    (built,) = folder.glob("*.whl")
    return built


def install(host: Chroot, built: Path) -> None:
    """Install the wheel into the Python that Neutron runs with."""
    place = host.root / "root" / built.name
    place.write_bytes(built.read_bytes())
    command = ["pip3", "install", "--no-deps", "--no-index", f"/root/{built.name}"]
    # Debian 12 and later need this option (PEP 668).
    if list(host.root.glob("usr/lib/python3*/EXTERNALLY-MANAGED")):
        command.insert(2, "--break-system-packages")
    host.output(*command)
