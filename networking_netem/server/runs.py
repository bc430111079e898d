# SPDX-License-Identifier: Apache-2.0
"""Runs of lost packets that are too short for their loss: refused, however the rule is written."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from neutron_lib import exceptions

from networking_netem.domain.loss import least_burst_packets
from networking_netem.domain.rule_types import LOSS_BURST_PACKETS, LOSS_PCT
from networking_netem.rules import models


def refuse() -> None:
    """Have such rules refused from now on. Harmless when repeated."""
    for event in ("before_insert", "before_update"):
        if not sa.event.contains(models.QosLossRule, event, _refuse):
            sa.event.listen(models.QosLossRule, event, _refuse)


def _refuse(mapper: Any, connection: Any, rule: Any) -> None:
    """Raise `InvalidInput` where runs are asked that are too short for the loss."""
    packets, loss_pct = rule.loss_burst_packets, rule.loss_pct
    if packets is None or packets <= 1 or loss_pct >= LOSS_PCT.maximum:
        return
    least = least_burst_packets(loss_pct / LOSS_PCT.maximum)
    if packets < round(least, LOSS_BURST_PACKETS.decimals):
        raise exceptions.InvalidInput(
            error_message=f"{LOSS_BURST_PACKETS.name} must be 1, or {least:.2f} or more with a "
            f"{LOSS_PCT.name} of {loss_pct:g}, not {packets:g}: so many packets in a row are lost "
            f"on average where one arrives in between"
        )
