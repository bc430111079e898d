# SPDX-License-Identifier: Apache-2.0
"""Runs of lost packets that are too short for their loss: refused, however the rule is written."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from neutron_lib import exceptions

from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.runs import check_runs
from networking_netem.rules import models


def refuse() -> None:
    """Have such rules refused from now on. Harmless when repeated."""
    for event in ("before_insert", "before_update"):
        if not sa.event.contains(models.QosLossRule, event, _refuse):
            sa.event.listen(models.QosLossRule, event, _refuse)


def _refuse(mapper: Any, connection: Any, rule: Any) -> None:
    """Raise `InvalidInput` where runs are asked that are too short for the loss."""
    try:
        check_runs(rule.loss_pct, rule.loss_burst_packets)
    except InvalidValue as error:
        raise exceptions.InvalidInput(error_message=str(error)) from error
