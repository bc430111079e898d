# SPDX-License-Identifier: Apache-2.0
"""What the kernel refused, sorted by the port and the directions that it is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Collection, Dict, FrozenSet, Iterable, Tuple

from networking_netem.domain.ifb import ifb_name
from networking_netem.domain.link import Direction
from networking_netem.domain.step import AddClsact, DeleteClsact, Step
from networking_netem.kernel.apply import Failure

BOTH = frozenset(Direction)


@dataclass(frozen=True)
class Refusal:
    """The directions of a port that are not as planned, and the first cause.

    ``missing_module`` is what the kernel lacks, if that is the cause.
    """

    directions: FrozenSet[Direction]
    why: str
    missing_module: str = ""


def by_device(failures: Iterable[Failure], devices: Collection[str]) -> Dict[str, Refusal]:
    """The refusals of these ports' devices. The first failure is the cause of those behind it."""
    ifbs = {
        ifb_name(device, direction): (device, frozenset({direction}))
        for device in devices
        for direction in Direction
    }
    refusals: Dict[str, Refusal] = {}
    for failure in failures:
        device, directions = ifbs.get(failure.step.device) or _of_the_device(failure.step)
        cause = Refusal(frozenset(), str(failure), failure.missing_module)
        known = refusals.get(device, cause)
        refusals[device] = replace(known, directions=known.directions | directions)
    return refusals


def _of_the_device(step: Step) -> Tuple[str, FrozenSet[Direction]]:
    """A qdisc at a device's root carries its ingress; clsact has the hooks of both directions."""
    if isinstance(step, (AddClsact, DeleteClsact)):
        return step.device, BOTH
    return step.device, frozenset({getattr(step, "direction", Direction.INGRESS)})
