# SPDX-License-Identifier: Apache-2.0
"""The node's qdiscs as `tc` shows them, not as the code that writes them does."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Sequence

from networking_netem.domain.ifb import is_ifb_name
from networking_netem.kernel.qdisc import PLACES

Output = Callable[[Sequence[str]], str]
"""Runs a command in the node and returns what it prints; raises where it fails."""

Shown = Dict[str, Any]
"""One qdisc in `tc`'s JSON."""

_HANDLES = {f"{place.handle >> 16:x}:" for place in PLACES.values()}


def shown(output: Output) -> List[Shown]:
    """Return all qdiscs with their settings, without statistics."""
    return _json(output, "tc", "-j", "qdisc", "show")


def ours(qdiscs: Sequence[Shown]) -> List[Shown]:
    """Return those with the handles that only networking-netem uses."""
    return [qdisc for qdisc in qdiscs if qdisc["handle"] in _HANDLES]


def left(output: Output) -> List[str]:
    """Return in words what of networking-netem is in the node: qdiscs, hooks of filters, ifbs.

    Filters are not listed: each hangs at a clsact, and nobody else in the lab makes one.
    """
    qdiscs = shown(output)
    hooks = [qdisc for qdisc in qdiscs if qdisc["kind"] == "clsact"]
    links = _json(output, "ip", "-j", "link", "show", "type", "ifb")
    names = [link["ifname"] for link in links if is_ifb_name(link.get("ifname", ""))]
    return [f"{q['kind']} on {q['dev']}" for q in (*ours(qdiscs), *hooks)] + names


def _json(output: Output, *argv: str) -> List[Dict[str, Any]]:
    return json.loads(output(argv) or "[]")
