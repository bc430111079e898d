# SPDX-License-Identifier: Apache-2.0
"""Runs of lost packets that are too short for their loss: refused, however the rule is written."""

from __future__ import annotations

from typing import Any

from networking_netem.domain.runs import check_runs
from networking_netem.rules import models
from networking_netem.server import stored


def refuse() -> None:
    """Have such rules refused from now on. Harmless when repeated."""
    stored.before_write(models.QosLossRule, _refuse)


def _refuse(mapper: Any, connection: Any, rule: Any) -> None:
    """Raise `InvalidInput` where runs are asked that are too short for the loss."""
    with stored.bad_request():
        check_runs(rule.loss_pct, rule.loss_burst_packets)
