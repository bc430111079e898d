# SPDX-License-Identifier: Apache-2.0
"""One change of the kernel. Every step is total: it gives all settings of what it makes or changes.

``device`` is the device that the step changes: a port's own, or one of its ifbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from networking_netem.domain.filters import Passes, Police
from networking_netem.domain.link import Direction
from networking_netem.domain.qdisc import Qdisc


@dataclass(frozen=True)
class AddQdisc:
    """Put a qdisc of ours where there is none."""

    device: str
    qdisc: Qdisc


@dataclass(frozen=True)
class ChangeQdisc:
    """Change a qdisc of ours in place; what it holds stays in it."""

    device: str
    qdisc: Qdisc


@dataclass(frozen=True)
class DeleteTree:
    """Remove our root qdisc and all below it."""

    device: str


@dataclass(frozen=True)
class DeleteLegacy:
    """Remove the root qdisc that an earlier version left; it has this handle."""

    device: str
    handle: int


@dataclass(frozen=True)
class AddIfb:
    """Make an ifb that is up."""

    device: str


@dataclass(frozen=True)
class SetIfbUp:
    """Bring an ifb up."""

    device: str


@dataclass(frozen=True)
class DeleteIfb:
    """Remove an ifb."""

    device: str


@dataclass(frozen=True)
class AddClsact:
    """Add clsact, whose hooks let filters see what a device receives."""

    device: str


@dataclass(frozen=True)
class DeleteClsact:
    """Remove clsact, unless filters of others are on its hooks."""

    device: str


@dataclass(frozen=True)
class AddRedirect:
    """Add the filter that sends a direction of a device through an ifb.

    ``is_hook_foreign`` is noted in the filter: clsact was there before it. Where ``is_first`` it
    comes before the filters of others. Where it ``unshares``, packets get data of their own first.
    """

    device: str
    direction: Direction
    ifb: str
    is_hook_foreign: bool = False
    is_first: bool = False
    unshares: bool = False


@dataclass(frozen=True)
class AddPolice:
    """Add the filter that limits the bandwidth of a direction, in a redirect's place."""

    device: str
    direction: Direction
    police: Police
    is_hook_foreign: bool = False
    is_first: bool = False


@dataclass(frozen=True)
class DeleteFilter:
    """Remove either of these filters, so the packets of a direction pass unhindered."""

    device: str
    direction: Direction
    is_first: bool = False


@dataclass(frozen=True)
class SetPasses:
    """Put a filter that lets packets past the ifb on a hook, or exchange it for another.

    That for protected traffic has a police. That of the selectors has none, and a place of its own.
    """

    device: str
    direction: Direction
    passes: Passes


@dataclass(frozen=True)
class DeletePasses:
    """Remove that filter: that for protected traffic, or that of the selectors."""

    device: str
    direction: Direction
    is_of_selectors: bool = False


Step = Union[
    AddQdisc,
    ChangeQdisc,
    DeleteTree,
    DeleteLegacy,
    AddIfb,
    SetIfbUp,
    DeleteIfb,
    AddClsact,
    DeleteClsact,
    AddRedirect,
    AddPolice,
    DeleteFilter,
    SetPasses,
    DeletePasses,
]
