# SPDX-License-Identifier: Apache-2.0
"""One change to the kernel. Every step is total: it says all there is to say about its object.

``device`` is the device that the step changes: a port's own, or its ifb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

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
    """Take our root away, and with it what hangs below."""

    device: str


@dataclass(frozen=True)
class DeleteLegacy:
    """Take away a root qdisc that an earlier version left, known by its handle."""

    device: str
    handle: int


@dataclass(frozen=True)
class AddIfb:
    """Make an ifb, up."""

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
    """Open the hooks where filters see what a device receives."""

    device: str


@dataclass(frozen=True)
class DeleteClsact:
    """Close the hooks."""

    device: str


@dataclass(frozen=True)
class AddRedirect:
    """Send all that a device receives through an ifb."""

    device: str
    ifb: str


@dataclass(frozen=True)
class DeleteRedirect:
    """Let what a device receives go its normal way."""

    device: str


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
    DeleteRedirect,
]
