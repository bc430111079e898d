# SPDX-License-Identifier: Apache-2.0
"""The kernel modules that were found missing, and what that means for links."""

from __future__ import annotations

import logging
from typing import FrozenSet, Set

from networking_netem.domain.plan import EGRESS_MODULES

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
    if module in EGRESS_MODULES:
        return "nothing is imposed on what instances send (egress); ingress is"
    if module == "sch_netem":
        return "of links only bandwidth limits are imposed"
    return "no link is imposed"
