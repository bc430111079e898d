# SPDX-License-Identifier: Apache-2.0
"""The node's qdiscs as `tc` shows them, independent of the code that writes them."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Sequence

from networking_netem.domain.ifb import is_ifb_name
from networking_netem.kernel.qdisc import PLACES

Output = Callable[[Sequence[str]], str]
"""Runs a command in the node and returns what it prints; raises if it fails."""

Shown = Dict[str, Any]
"""One qdisc in `tc`'s JSON."""

_HANDLES = {f"{place.handle >> 16:x}:" for place in PLACES.values()}


def shown(output: Output) -> List[Shown]:
    """Return all qdiscs with their settings, without statistics."""
    return _json(output, "tc", "-j", "qdisc", "show")


def ours(qdiscs: Sequence[Shown]) -> List[Shown]:
    """Return those that have a handle of networking-netem."""
    return [qdisc for qdisc in qdiscs if qdisc["handle"] in _HANDLES]


def left(output: Output) -> List[str]:
    """Return a phrase for each qdisc, clsact and ifb of networking-netem that is in the node.

    Filters are not listed: each is on a clsact, and nothing else in the lab makes a clsact.
    """
    qdiscs = shown(output)
    hooks = [qdisc for qdisc in qdiscs if qdisc["kind"] == "clsact"]
    links = _json(output, "ip", "-j", "link", "show", "type", "ifb")
    names = [link["ifname"] for link in links if is_ifb_name(link.get("ifname", ""))]
    return [f"{q['kind']} on {q['dev']}" for q in (*ours(qdiscs), *hooks)] + names


def _json(output: Output, *argv: str) -> List[Dict[str, Any]]:
    return json.loads(output(argv) or "[]")
