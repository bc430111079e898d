# SPDX-License-Identifier: Apache-2.0
"""Replacements for the agent: no Open vSwitch, and a sender that counts its messages."""

from __future__ import annotations

from typing import Collection, List, Sequence

from networking_netem.kernel import guard
from networking_netem.kernel.netlink import Answer, Netlink, Request


class NoSwitch:
    """Stands in for `Switch` on a host without Open vSwitch: its methods do nothing."""

    def claim(self, device: str, has_root: bool) -> bool:
        """Do nothing."""
        return False

    def release(self, device: str) -> None:
        """Do nothing."""

    def kept_roots(self) -> Collection[str]:
        """None."""
        return ()

    def uses_hooks(self) -> bool:
        """Never."""
        return False


class Sender:
    """Sends requests as the privileged process does, and counts messages and sends."""

    def __init__(self) -> None:
        self.messages = self.sends = 0

    def transact(self, requests: Sequence[Request]) -> List[Answer]:
        self.messages += len(requests)
        self.sends += 1
        assert not any(map(guard.refusal, requests)), "the privileged process would refuse it"
        with Netlink() as netlink:
            return netlink.transact(requests)
