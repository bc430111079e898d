# SPDX-License-Identifier: Apache-2.0
"""Kernel modules with connection tracking zones, without which OVN has no flow; made once and kept.

Debian builds User-Mode Linux without CONFIG_NF_CONNTRACK_ZONES (6.1 to 7.2). Open vSwitch then
refuses `ct(zone=…)`, and with it all that ovn-controller asks for.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Callable, Dict

from netem_lab.errors import LabError
from netem_lab.guest import cache
from netem_lab.guest.host import UML_MODULES, program
from netem_lab.guest.kernel_source import PROGRAMS as SOURCE_PROGRAMS
from netem_lab.guest.kernel_source import KernelSource, run

PROGRAMS: Dict[str, str] = {
    **SOURCE_PROGRAMS,
    "bc": "bc",
    "bison": "bison",
    "depmod": "kmod",
    "flex": "flex",
    "gcc": "gcc",
    "ld": "binutils",
    "make": "make",
    "modinfo": "kmod",
    "/usr/include/stdio.h": "libc6-dev",
}
"""What making them needs, and the packages that have it."""

SETTING = "CONFIG_NF_CONNTRACK_ZONES"
TRACKER = "nf_conntrack"
# The setting changes the structure of a connection, so all of these have to be built with it.
BUILT = (
    "net/netfilter/nf_conntrack.ko",
    "net/netfilter/nf_conntrack_netlink.ko",
    "net/netfilter/nf_conncount.ko",
    "net/netfilter/nf_nat.ko",
    "net/openvswitch/openvswitch.ko",
    "net/openvswitch/vport-geneve.ko",
)

Progress = Callable[[str], None]


class ZoneModules:
    """The modules for the kernel that is installed; they lie in the cache."""

    def __init__(self) -> None:
        """Look which kernel is installed; raises LabError where its source cannot be told."""
        self._source = KernelSource.of_guest()
        recipe = "\n".join((self._source.settings, SETTING, *BUILT))
        key = hashlib.sha256(recipe.encode()).hexdigest()[:8]
        self._folder = cache.FOLDER / f"modules-{self._source.version}-{key}"

    @property
    def made(self) -> bool:
        """Whether they are in the cache."""
        return self._folder.exists()

    def ensure(self, progress: Progress) -> Path:
        """Return a folder like `UML_MODULES`, and make it where there is none; raises LabError."""
        if not self.made:
            progress("making kernel modules for OVN, once; it takes a minute or two")
        made = cache.ensure(self._folder, partial(_make, self._source, progress))
        return made / "lib" / "modules"


def _make(source: KernelSource, progress: Progress, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as work:
        progress(f"fetching {source.package} {source.version}")
        tree = source.unpack(Path(work))
        progress(f"compiling {', '.join(Path(each).stem for each in BUILT)}")
        run([str(tree / "scripts/config"), "--enable", SETTING], tree)
        _compile(tree, "olddefconfig")
        # Only a kernel that is built says which symbols it has. All but the modules is not built.
        _compile(tree, "KBUILD_MODPOST_WARN=1", *BUILT)
        _put_together(tree, folder)


def _put_together(tree: Path, folder: Path) -> None:
    """Copy the modules of the kernel that is installed, with those that were built in place."""
    release = run([program("linux.uml"), "--version"]).strip()
    theirs, ours = UML_MODULES / release, folder / "lib" / "modules" / release
    shutil.copytree(theirs, ours, symlinks=True)
    _leave_out_dependents(ours)
    for name in BUILT:
        _replace(ours / "kernel" / name, theirs / "kernel" / name, tree / name)
    run([program("depmod"), "--basedir", str(folder), release])


def _compile(tree: Path, *targets: str) -> None:
    run([program("make"), f"--jobs={os.cpu_count() or 1}", "ARCH=um", *targets], tree)


def _leave_out_dependents(modules: Path) -> None:
    """Remove the modules that know the structure of a connection as it was without zones."""
    for line in (modules / "modules.dep").read_text().splitlines():
        module, _, needs = line.partition(":")
        if any(Path(each).stem == TRACKER for each in needs.split()):
            (modules / module).unlink()


def _replace(target: Path, theirs: Path, built: Path) -> None:
    """Put a module that was built in its place; raises LabError if the kernel would refuse it."""
    asked, made = (_kernel_of(each) for each in (theirs, built))
    if asked != made:
        raise LabError(f"{target.name} was built for the kernel {made!r}, the guest has {asked!r}")
    shutil.copyfile(built, target)


def _kernel_of(module: Path) -> str:
    return run([program("modinfo"), "--field=vermagic", str(module)]).strip()
