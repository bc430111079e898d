# SPDX-License-Identifier: Apache-2.0
"""The qdiscs of a machine as `tc` shows them: an eye of its own, apart from what writes them."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Sequence

from networking_netem.lab.flow import NetemCount

Output = Callable[[Sequence[str]], str]
"""Runs a command where the qdiscs are and returns what it prints; raises where it fails."""


def netem_count(output: Output, device: str) -> NetemCount:
    """Return what the netem on `device`, at the root or below, has passed and dropped."""
    netems = [q for q in show(output, "-s", "dev", device) if q["kind"] == "netem"]
    if not netems:
        raise LookupError(f"no netem on device {device}")
    return NetemCount(sum(q["packets"] for q in netems), sum(q["drops"] for q in netems))


def show(output: Output, *selection: str) -> List[Dict[str, Any]]:
    """Return the qdiscs of the selected device, or of all, with statistics after `-s`."""
    options = [word for word in selection if word.startswith("-")]
    rest = [word for word in selection if not word.startswith("-")]
    return json.loads(output(["tc", *options, "-j", "qdisc", "show", *rest]) or "[]")
