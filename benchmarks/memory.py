# SPDX-License-Identifier: Apache-2.0
"""Memory that links take, of the agent and of the kernel, and whether edits make it grow."""

from __future__ import annotations

import contextlib
import gc
from typing import Iterator

from benchmarks import machine
from benchmarks.figure import Figure
from benchmarks.links import Links

GROWTH_KIB = 512.0
"""More than an allocator's whim, and less than 60 bytes an edit in 10,000."""


def figures(many: int, edits: int) -> Iterator[Figure]:
    """Bytes per link, and what is left after edits."""
    with contextlib.closing(Links(many)) as links:
        agent, kernel = _agent_bytes(), machine.kernel_bytes()
        links.make()
        yield Figure("agent memory per link", [(_agent_bytes() - agent) / many / 1024], "KiB")
        yield Figure(
            "kernel memory per link", [(machine.kernel_bytes() - kernel) / many / 1024], "KiB"
        )
        for _ in range(edits // 10):
            links.edit()
        agent, kernel = _agent_bytes(), machine.kernel_bytes()
        for _ in range(edits):
            links.edit()
        yield Figure(
            f"agent memory after {edits} edits",
            [(_agent_bytes() - agent) / 1024],
            "KiB",
            GROWTH_KIB,
        )
        grown = (machine.kernel_bytes() - kernel) / 1024
        yield Figure(f"kernel memory after {edits} edits", [grown], "KiB", 2 * GROWTH_KIB)


def _agent_bytes() -> int:
    gc.collect()
    return machine.agent_bytes()
