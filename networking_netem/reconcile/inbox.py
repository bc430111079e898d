# SPDX-License-Identifier: Apache-2.0
"""Desired links on their way to the engine: whoever hands one over waits for nothing."""

from __future__ import annotations

import threading
from typing import Dict, Optional

from networking_netem.domain.link import Link


class Inbox:
    """The latest link that was handed over for each device, until the engine has taken it in."""

    def __init__(self) -> None:
        self._links: Dict[str, Link] = {}
        self._lock = threading.Lock()

    def put(self, device: str, link: Link) -> None:
        """Hand over the link of a device."""
        with self._lock:
            self._links[device] = link

    def link(self, device: str) -> Optional[Link]:
        """The link that waits for a device; None where none does."""
        return self._links.get(device)

    def waiting(self) -> Dict[str, Link]:
        """All that waits. It goes on waiting until it is ``taken``."""
        with self._lock:
            return dict(self._links)

    def taken(self, device: str, link: Link) -> None:
        """A link is where ``Reconciler.link`` finds it; a later one for the device still waits."""
        with self._lock:
            if self._links.get(device) is link:
                del self._links[device]
