# SPDX-License-Identifier: Apache-2.0
"""The ifbs whose ports are gone."""

from __future__ import annotations

import logging

from networking_netem.domain.step import DeleteIfb
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.protocols import Kernel

LOG = logging.getLogger(__name__)


def sweep(kernel: Kernel, budget: Budget) -> None:
    """Remove the ifbs of devices that are gone, or leave it to the next audit; raises nothing."""
    try:
        left = sorted(kernel.orphans())
        if left:
            LOG.info("Removing ifbs whose ports are gone: %s", ", ".join(left))
            kept = {f.step.device for f in kernel.apply([DeleteIfb(ifb) for ifb in left])}
            for ifb in set(left) - kept:
                budget.forget(ifb)
    except Exception:
        LOG.warning("Ifbs whose ports are gone may be left", exc_info=True)
