# SPDX-License-Identifier: Apache-2.0
"""Runs of lost packets that are too short for their loss."""

from __future__ import annotations

from typing import Optional

from networking_netem.domain.attribute import InvalidValue, plain
from networking_netem.domain.loss import least_burst_packets
from networking_netem.domain.numbers import LOSS_BURST_PACKETS, LOSS_PCT


def check_runs(loss_pct: Optional[float], burst_packets: Optional[float], where: str = "") -> None:
    """Raise ``InvalidValue`` where runs are asked that are too short for the loss.

    ``where`` follows the attribute's name in the message.
    """
    if loss_pct is None or burst_packets is None:
        return
    if burst_packets <= 1 or loss_pct >= LOSS_PCT.maximum:
        return
    least = least_burst_packets(loss_pct / LOSS_PCT.maximum)
    if burst_packets < round(least, LOSS_BURST_PACKETS.decimals):
        raise InvalidValue(
            f"{LOSS_BURST_PACKETS.name}{where}",
            f"1, or {least:.2f} or more with a {LOSS_PCT.name} of {loss_pct:g}",
            plain(burst_packets),
            "so many packets in a row are lost on average where one arrives in between",
        )
