# SPDX-License-Identifier: Apache-2.0
"""The User-Mode Linux of a suite, fetched once and kept, with nothing installed."""

from __future__ import annotations

import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import List

from netem_lab.errors import LabError
from netem_lab.guest import cache
from netem_lab.guest.kernel import Kernel
from netem_lab.guest.kernel_source import run
from tests.releases.image import MIRROR

PACKAGES = ("user-mode-linux", "libc6")
"""The kernel, and the C library that it was linked with."""
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def ensure(suite: str, anew: bool = False) -> Path:
    """Return the folder of a suite's kernel, for `netem-lab run --kernel`; raises LabError."""
    return cache.ensure(cache.FOLDER / f"kernel-{suite}", partial(_make, suite), anew)


def release(folder: Path) -> str:
    """Return its version, as `uname -r` prints it."""
    return run([Kernel.unpacked(folder).program, "--version"]).strip()


def _make(suite: str, folder: Path) -> None:
    home = cache.FOLDER / f"kernel-{suite}"  # where cache.ensure moves it to
    with tempfile.TemporaryDirectory(dir=folder) as work:
        _fetch(suite, Path(work))
        for package, place in zip(PACKAGES, (folder, folder / "libc")):
            (archive,) = Path(work).glob(f"{package}_*.deb")
            run(["dpkg-deb", "--extract", str(archive), str(place)])
    program = Kernel.unpacked(folder).program
    if subprocess.run([program, "--version"], capture_output=True).returncode:
        _lend_libc(program, folder / "libc", home / "libc")


def _fetch(suite: str, work: Path) -> None:
    """Download the packages with an apt of its own, which knows this suite and no other."""
    for name in ("etc/apt", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
        (work / name).mkdir(parents=True)
    (work / "etc/apt/sources.list").write_text(f"deb [signed-by={_KEYRING}] {MIRROR} {suite} main")
    # As root, apt would download as another user, who cannot write here.
    options = {"Dir": work, "Dir::State::status": "/dev/null", "APT::Sandbox::User": "root"}
    apt = ["apt-get", *(f"--option={name}={value}" for name, value in options.items())]
    run([*apt, "update"])
    run([*apt, "download", *PACKAGES], work)


def _lend_libc(program: str, libc: Path, home: Path) -> None:
    """Let a program that is newer than this host's C library load that of its own suite."""
    found: List[Path] = sorted(libc.glob("**/*-linux-gnu/ld-linux-*.so.*"))
    if not found:
        raise LabError(f"no loader of programs in {libc}")
    loader = home / found[0].relative_to(libc)
    run(["patchelf", "--set-interpreter", str(loader), "--set-rpath", str(loader.parent), program])
