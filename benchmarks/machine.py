# SPDX-License-Identifier: Apache-2.0
"""The machine that figures are of."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Dict


def described() -> Dict[str, object]:
    """What a reader needs to compare figures: processor, memory, kernel, Python, commit."""
    cpus = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = next(line for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    return {
        "processor": cpus[0].split(": ")[1] if cpus else platform.machine(),
        "processors": os.cpu_count(),
        "memory_kib": int(memory.split()[1]),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
    }


def agent_bytes() -> int:
    """The memory of this process that is not shared with files."""
    return _kib("/proc/self/status", "RssAnon:") * 1024


def kernel_bytes() -> int:
    """What the kernel holds in its own objects."""
    return sum(_kib("/proc/meminfo", name) for name in ("Slab:", "KernelStack:", "Percpu:")) * 1024


def _kib(path: str, name: str) -> int:
    return next((int(line.split()[1]) for line in _lines(path) if line.startswith(name)), 0)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
