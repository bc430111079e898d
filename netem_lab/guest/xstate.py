# SPDX-License-Identifier: Apache-2.0
"""What User-Mode Linux needs on processors with more state than it knows of (AMX)."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict

from netem_lab.errors import LabError
from netem_lab.guest.host import search_path

_SOURCE = Path(__file__).with_suffix(".c")
_CPU_INFO = Path("/proc/cpuinfo")
_FLAG = "amx_tile"


def environment(folder: Path) -> Dict[str, str]:
    """The variables with which User-Mode Linux runs on this processor; most need none.

    The library that they name is made in a folder. Raises ``LabError`` without a compiler.
    """
    if _FLAG not in _CPU_INFO.read_text().split():
        return {}
    return {"LD_PRELOAD": str(_library(folder))}


def _library(folder: Path) -> Path:
    source = _SOURCE.read_bytes()
    library = folder / f"xstate-{hashlib.sha256(source).hexdigest()[:16]}.so"
    if library.exists():
        return library
    compiler = shutil.which("gcc", path=search_path())
    if not compiler:
        raise LabError(
            "User-Mode Linux does not know this processor's AMX registers, and needs a library for"
            " them that is not built: install the packages gcc and libc6-dev"
        )
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = library.with_suffix(f".{os.getpid()}")
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(unfinished), str(_SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LabError("gcc could not build what User-Mode Linux needs for AMX", done.stderr)
    unfinished.rename(library)
    return library
