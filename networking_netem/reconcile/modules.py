# SPDX-License-Identifier: Apache-2.0
"""The kernel modules that were found missing, and what that means for links."""

from __future__ import annotations

import logging
from typing import FrozenSet, Set

from networking_netem.domain.plan import (
    IFB_MODULES,
    PASS_MODULES,
    SELECT_MODULES,
    UNSHARE_MODULES,
)

LOG = logging.getLogger(__name__)


class Modules:
    """Remembers a missing module until it is tried anew; says so in the log once."""

    def __init__(self) -> None:
        self._missing: Set[str] = set()
        self._said: Set[str] = set()

    @property
    def missing(self) -> FrozenSet[str]:
        """What plans must do without."""
        return frozenset(self._missing)

    def report(self, module: str) -> None:
        """The kernel did not know what this module provides."""
        self._missing.add(module)
        if module not in self._said:
            self._said.add(module)
            LOG.error(
                "Kernel module %s is missing on this host: %s. Install it; it is looked for again "
                "at every audit.",
                module,
                _consequence(module),
            )

    def try_again(self) -> None:
        """Assume that all modules are there until the kernel says otherwise."""
        self._missing.clear()


def _consequence(module: str) -> str:
    if module == "sch_netem":
        return "of links only bandwidth limits are imposed"
    if module == "sch_tbf":
        return "of links only bandwidth limits are imposed, by policing"
    if module in IFB_MODULES:
        return "of what instances send (egress) only bandwidth limits are imposed; ingress is"
    if module in SELECT_MODULES:
        return (
            "no traffic is protected, ARP and DHCP are impaired as all else; "
            "where selectors say which packets are impaired, only bandwidth limits are imposed"
        )
    if module in PASS_MODULES:
        return "no traffic is protected, ARP and DHCP are impaired as all else"
    if module in UNSHARE_MODULES:
        return "what instances send (egress) is never corrupt"
    return f"what needs {module} is not imposed"
