# SPDX-License-Identifier: Apache-2.0
"""What the kernel must hold for one device, worked out from its link.

A direction has a tree of qdiscs on an ifb of its own. A filter on the device's hook sends its
packets there. One before it lets protected traffic pass, another what selectors exempt. Where that
cannot be had, less is planned: the instance's ingress gets its tree at the device's root, and of an
egress, or where that cannot be either, a bandwidth limit is left, which a filter polices.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import FrozenSet, Mapping, Optional

from networking_netem.domain.corruption import corruptible
from networking_netem.domain.filters import Passes, Police
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.observed import Observed
from networking_netem.domain.police import bandwidth_police
from networking_netem.domain.protect import PROTECTED, passes
from networking_netem.domain.selecting import selected
from networking_netem.domain.tree import MTU_BYTES, Tree, tree

_FILTER_MODULES = frozenset({"sch_ingress", "cls_matchall"})
IFB_MODULES = _FILTER_MODULES | {"ifb", "act_mirred", "sch_tbf"}
"""The kernel needs each of these to send a direction through a tree on an ifb."""
POLICE_MODULES = _FILTER_MODULES | {"act_police"}
SELECT_MODULES = frozenset({"cls_bpf"})
PASS_MODULES = SELECT_MODULES | {"act_police"}
UNSHARE_MODULES = frozenset({"act_pedit"})


@dataclass(frozen=True)
class Path:
    """What one direction of a device must have; by default nothing.

    The ``tree`` is on the direction's ifb, or at the device's root where ``is_at_root``. ``passes``
    is the protected traffic that goes past the ifb, ``selected`` what selectors let past it.
    ``police`` is a bandwidth limit where there is no tree. The filter of either comes before those
    of others where ``is_first``. Where the path ``unshares``, packets get data of their own before
    the tree.
    """

    tree: Optional[Tree] = None
    is_at_root: bool = False
    passes: Optional[Passes] = None
    selected: Optional[Passes] = None
    police: Optional[Police] = None
    is_first: bool = False
    unshares: bool = False

    @property
    def ifb_tree(self) -> Optional[Tree]:
        """The tree that must be on the direction's ifb; None for no ifb."""
        return None if self.is_at_root else self.tree

    @property
    def root_tree(self) -> Optional[Tree]:
        """The tree that must be at the device's root; None for nothing of ours there."""
        return self.tree if self.is_at_root else None

    @property
    def has_filter(self) -> bool:
        """True when a filter of ours must be on the device's hook."""
        return self.ifb_tree is not None or self.police is not None


@dataclass(frozen=True)
class Plan:
    """The paths that one device must have, as the instance sees the directions.

    ``keeps_clsact`` forbids to remove clsact, because the switch uses it too.
    """

    egress: Path = Path()
    ingress: Path = Path()
    keeps_clsact: bool = False

    def __getitem__(self, direction: Direction) -> Path:
        return self.egress if direction is Direction.EGRESS else self.ingress

    @property
    def has_filter(self) -> bool:
        """True when a filter of ours must be on either hook."""
        return self.egress.has_filter or self.ingress.has_filter

    def limited(self, limits_packets: Mapping[Direction, int]) -> Plan:
        """This plan with these limits of netem in place of what is needed; 0 is no netem."""
        if not limits_packets:
            return self
        egress = _limited(self.egress, limits_packets.get(Direction.EGRESS))
        ingress = _limited(self.ingress, limits_packets.get(Direction.INGRESS))
        if egress is self.egress and ingress is self.ingress:
            return self
        return replace(self, egress=egress, ingress=ingress)


def _limited(path: Path, limit_packets: Optional[int]) -> Path:
    if path.tree is None or limit_packets is None:
        return path
    left = path.tree.limited(limit_packets)
    if left is path.tree:
        return path
    return replace(path, tree=left) if left else Path()


@dataclass(frozen=True)
class Conditions:
    """What bounds a plan on a device and its host.

    ``refused`` are the directions whose tree the kernel does not take. ``is_hook_shared`` is true
    where another's qdisc `ingress` has the hook of what the device receives, and excludes the one
    of what it sends. ``is_root_taken`` is true where the device's root qdisc is another's.
    ``is_offloaded`` is true where the switch has flows in filters on the hook of what the device
    receives: they would take packets from a filter of ours behind them.
    """

    mtu_bytes: int = MTU_BYTES
    missing_modules: FrozenSet[str] = frozenset()
    refused: FrozenSet[Direction] = frozenset()
    is_hook_shared: bool = False
    is_root_taken: bool = False
    protected: FrozenSet[str] = PROTECTED
    is_offloaded: bool = False

    @classmethod
    def of(
        cls,
        observed: Observed,
        missing_modules: FrozenSet[str] = frozenset(),
        refused: FrozenSet[Direction] = frozenset(),
        protected: FrozenSet[str] = PROTECTED,
        is_offloaded: bool = False,
    ) -> Conditions:
        """The conditions on a device as it was observed."""
        return cls(
            observed.plan_mtu_bytes,
            missing_modules,
            refused,
            observed.hook == "ingress",
            bool(observed.root.foreign and not observed.root.foreign.is_legacy),
            protected,
            is_offloaded,
        )


@functools.lru_cache(maxsize=1024)
def plan(link: Link, conditions: Conditions = Conditions()) -> Plan:
    """What the kernel must hold for a link, as far as the conditions allow.

    Equal links get the same object, so that what follows from it is worked out once.
    """
    return Plan(
        egress=_path(Direction.EGRESS, link, conditions),
        ingress=_path(Direction.INGRESS, link, conditions),
    )


def is_unselected(link: Link, planned: Plan, direction: Direction) -> bool:
    """Whether a direction is planned without the selectors that its link has."""
    has_selectors = bool(link.selectors(direction)) and not link[direction].is_none
    return has_selectors and planned[direction].selected is None


def selects(direction: Direction, conditions: Conditions) -> bool:
    """Whether a direction can let packets past its tree by selectors.

    Where Open vSwitch offloads flows there is one place before them, so nothing comes before the
    filter there.
    """
    is_hooked = _has_hook(direction, conditions) and not _is_first(direction, conditions)
    return is_hooked and not conditions.missing_modules & (IFB_MODULES | SELECT_MODULES)


def _path(direction: Direction, link: Link, conditions: Conditions) -> Path:
    selectors = link.selectors(direction)
    impairment = link[direction]
    if selectors and not selects(direction, conditions):
        # Who exempts a service from a delay must not lose it. A limit never fails open.
        impairment = Impairment(rate_kbps=impairment.rate_kbps, burst_kbit=impairment.burst_kbit)
        selectors = ()
    extremes = link.extremes(direction)
    if impairment.is_none and not extremes:
        return Path()
    is_ingress = direction is Direction.INGRESS
    missing = conditions.missing_modules
    has_hook = _has_hook(direction, conditions)
    possible = corruptible(direction, impairment, not missing & UNSHARE_MODULES)
    whole = None if direction in conditions.refused else _possible_tree(possible, conditions)
    if whole and extremes and whole.netem:
        whole = whole.limited(max(whole.netem.limit_packets, extremes.room_packets))
    is_first = _is_first(direction, conditions)
    if whole and has_hook and not missing & IFB_MODULES:
        has_passes = not (is_first or missing & PASS_MODULES)
        exempt = conditions.protected if has_passes else frozenset()
        least_kbps = extremes.least_kbps if extremes else impairment.rate_kbps
        exempting = passes(direction, exempt, least_kbps)
        return Path(
            whole,
            passes=exempting,
            selected=selected(direction, selectors),
            is_first=is_first,
            unshares=not (is_ingress or missing & UNSHARE_MODULES),
        )
    has_police = has_hook and not missing & POLICE_MODULES
    if whole and is_ingress and not (conditions.is_root_taken and has_police):
        return Path(whole, is_at_root=True)
    if impairment.rate_kbps and has_police:
        return Path(police=bandwidth_police(impairment), is_first=is_first)
    return Path()


def _has_hook(direction: Direction, conditions: Conditions) -> bool:
    return not (direction is Direction.INGRESS and conditions.is_hook_shared)


def _is_first(direction: Direction, conditions: Conditions) -> bool:
    return conditions.is_offloaded and direction is Direction.EGRESS


def _possible_tree(impairment: Impairment, conditions: Conditions) -> Optional[Tree]:
    if "sch_tbf" in conditions.missing_modules:
        return None
    whole = tree(impairment, conditions.mtu_bytes)
    return whole.without_netem if "sch_netem" in conditions.missing_modules else whole
