# SPDX-License-Identifier: Apache-2.0
"""The kernel's tables of devices, qdiscs and filters, as far as some ports are concerned."""

from __future__ import annotations

from typing import Collection, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from networking_netem.domain.filters import Passes
from networking_netem.domain.ifb import ifb_names
from networking_netem.domain.link import Direction
from networking_netem.domain.qdisc import Tbf
from networking_netem.kernel import device, passes, qdisc, redirect
from networking_netem.kernel.device import Device
from networking_netem.kernel.netlink import Netlink, Request
from networking_netem.kernel.qdisc import Found
from networking_netem.kernel.redirect import Last

Filters = Tuple[Optional[Last], Optional[Passes], Optional[Passes]]
"""Our filters on one hook: the last, and those that let packets past it: the protected traffic, and
what selectors exempt."""
NO_FILTERS: Filters = (None, None, None)


class Tables(NamedTuple):
    """Devices by name; qdiscs by index; our filters by index and direction."""

    devices: Dict[str, Device]
    qdiscs: Dict[int, List[Found]]
    filters: Dict[Tuple[int, Direction], Filters]


def asked(netlink: Netlink, names: Collection[str]) -> Tables:
    """Each device is asked for by itself: about 17 questions a port, however large the host."""
    wanted = [name for port in names for name in (port, *ifb_names(port))]
    found = [device.parse(body) for body in netlink.ask(map(device.get, wanted)) if body]
    known = {entry.name: entry for entry in found}
    questions = []
    for entry in known.values():
        questions.append(qdisc.get_root(entry.ifindex))
        if entry.root_kind == Tbf.kind:
            questions += qdisc.get_children(entry.ifindex)
    ports = [known[name].ifindex for name in names if name in known]
    questions += map(qdisc.get_hook, ports)
    qdiscs = _by_index(qdisc.parse(body) for body in netlink.ask(questions) if body)
    return Tables(known, qdiscs, _filters(netlink, ports))


def dumped(netlink: Netlink, names: Collection[str]) -> Tables:
    """Two dumps of the host, and questions for our filters on those of the ports that have hooks.

    A dump of actions would list all filters at once, but an action outlives its filter.
    """
    known = {entry.name: entry for entry in devices(netlink)}
    found = _by_index(qdiscs(netlink))
    ports = [known[name].ifindex for name in names if name in known]
    hooked = [index for index in ports if hook_kind(found.get(index, []))]
    return Tables(known, found, _filters(netlink, hooked))


def devices(netlink: Netlink) -> List[Device]:
    """Every device of the namespace."""
    return list(map(device.parse, netlink.dump(device.RTM_GETLINK, device.dump_body())))


def qdiscs(netlink: Netlink) -> Iterator[Found]:
    """Every qdisc of the namespace."""
    return map(qdisc.parse, netlink.dump(qdisc.RTM_GETQDISC, qdisc.dump_body()))


def hook_kind(entries: Iterable[Found]) -> str:
    """``clsact``, ``ingress``, or empty where a device has no hooks."""
    return next((found.kind for found in entries if found.parent == qdisc.TC_H_CLSACT), "")


def _filters(netlink: Netlink, ports: Collection[int]) -> Dict[Tuple[int, Direction], Filters]:
    places = [(index, direction) for index in ports for direction in Direction]
    questions: List[Request] = []
    for place in places:
        questions += (redirect.get(*place), passes.get(*place), passes.get(*place, True))
    answers = iter(netlink.ask(questions))
    found = dict(zip(places, zip(answers, answers, answers)))
    # Only where Open vSwitch offloads flows is ours the first instead of the last.
    missing = [place for place, (last, *_) in found.items() if not last]
    firsts = netlink.ask(redirect.get(*place, is_first=True) for place in missing)
    for place, first in zip(missing, firsts):
        found[place] = (first, *found[place][1:])
    return {
        place: (
            redirect.parse(last) if last else None,
            passes.parse(passing) if passing else None,
            passes.parse(selecting) if selecting else None,
        )
        for place, (last, passing, selecting) in found.items()
    }


def _by_index(found: Iterable[Found]) -> Dict[int, List[Found]]:
    table: Dict[int, List[Found]] = {}
    for entry in found:
        table.setdefault(entry.ifindex, []).append(entry)
    return table
