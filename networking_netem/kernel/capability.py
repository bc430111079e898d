# SPDX-License-Identifier: Apache-2.0
"""Whether this process may change the network."""

from __future__ import annotations

from pathlib import Path

_CAP_NET_ADMIN = 12


def may_administer() -> bool:
    """Whether the process has CAP_NET_ADMIN in effect (proc(5), capabilities(7))."""
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            return bool(int(value, 16) >> _CAP_NET_ADMIN & 1)
    return False
