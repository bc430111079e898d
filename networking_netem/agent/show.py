# SPDX-License-Identifier: Apache-2.0
"""`networking-netem-show`: the links that the kernel of this host holds, in the units of rules."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Dict, Iterator, List, Optional, Sequence

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.installed import installed
from networking_netem.domain.link import DIRECTIONS, Direction
from networking_netem.domain.observed import Observed
from networking_netem.domain.rule_types import IMPOSED
from networking_netem.domain.units import BYTES_PER_KBIT
from networking_netem.kernel.host import Host

_DESCRIPTION = """\
Shows what the kernel of this host does to the packets of each port now, as the instance sees the
directions. It needs no privilege, and changes nothing.
"""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Show the devices named, or all that hold something of ours."""
    parser = argparse.ArgumentParser(prog="networking-netem-show", description=_DESCRIPTION)
    parser.add_argument("devices", nargs="*", metavar="DEVICE", help="devices of ports, as tap…")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(argv)
    host = Host(lambda requests: [])
    seen = host.observe(asked.devices or host.carriers())
    absent = sorted(set(asked.devices) - set(seen))
    if absent:
        parser.error(f"no such device: {', '.join(absent)}")
    if asked.json:
        print(json.dumps([_as_json(observed) for observed in seen.values()], indent=2))
    else:
        for observed in seen.values():
            print("\n".join(_lines(observed)))
    return 0


def _lines(observed: Observed) -> Iterator[str]:
    for direction in DIRECTIONS:
        waiting = observed.tree(direction).backlog_packets
        suffix = f", {waiting} packets on their way" if waiting else ""
        yield f"{observed.device:<15} {direction.value:<8} {_phrase(observed, direction)}{suffix}"


def _phrase(observed: Observed, direction: Direction) -> str:
    way, impairment = observed[direction], installed(observed.tree(direction))
    if way.police:
        return f"{way.police.rate_bytes_per_s // BYTES_PER_KBIT} kbit/s, policed"
    if impairment is None:
        return "clean"
    is_at_root = direction is Direction.INGRESS and way.ifb is None
    if not is_at_root and not way.is_carrying:
        return f"no packets go through its tree ({impairment})"
    return f"{impairment}{', of some packets' if way.selected else ''}"


def _as_json(observed: Observed) -> Dict[str, Any]:
    return {
        "device": observed.device,
        **{direction.value: _direction(observed, direction) for direction in DIRECTIONS},
    }


def _direction(observed: Observed, direction: Direction) -> Dict[str, Any]:
    way, impairment = observed[direction], installed(observed.tree(direction))
    if way.police:
        impairment = Impairment(rate_kbps=way.police.rate_bytes_per_s // BYTES_PER_KBIT)
    values: Dict[str, Any] = {}
    numbers: List[Any] = [n for kind in IMPOSED for n in kind.numbers]
    for number in numbers:
        value = getattr(impairment or Impairment(), number.field)
        # A bucket is in the kernel as time at the rate, with what is added to it.
        if number.field != "burst_kbit":
            values[number.name] = number.value(value)
    return {
        **values,
        "is_policed": way.police is not None,
        "is_protected": way.passes is not None,
        "is_selective": way.selected is not None,
        "waiting_packets": observed.tree(direction).backlog_packets,
    }


if __name__ == "__main__":
    sys.exit(main())
