# SPDX-License-Identifier: Apache-2.0
"""Timelines as they are stored: whole, no finer than hosts are to follow, one for a direction."""

from __future__ import annotations

from typing import Any

from neutron_lib import exceptions
from oslo_config import cfg
from sqlalchemy import orm

from networking_netem.domain.attribute import InvalidValue
from networking_netem.domain.rule_types import DIRECTION, TIMELINE
from networking_netem.domain.steps import AT_MS
from networking_netem.domain.timeline_rule import ANY, STEPS
from networking_netem.rules import models
from networking_netem.server import locking, options, stored


class OtherDirections(exceptions.Conflict):
    message = (
        "A timeline rule of direction any is for both: a QoS policy has no other timeline rule"
        " beside it, and this one has one of direction %(direction)s"
    )


def refuse() -> None:
    """Have others refused from now on, however they are written. Harmless when repeated."""
    stored.before_write(models.QosTimelineRule, _refuse)


def _refuse(mapper: Any, connection: Any, rule: Any) -> None:
    """Raise `InvalidInput` or `OtherDirections`."""
    values = {each.name: getattr(rule, each.name) for each in TIMELINE.attributes}
    with stored.bad_request():
        values[STEPS.name] = STEPS.parse(values[STEPS.name])
        TIMELINE.check(values)
        _refuse_fine(values[STEPS.name], cfg.CONF[options.GROUP].least_step_ms)
    _refuse_beside_any(connection, rule)


def _refuse_fine(steps: Any, least_ms: int) -> None:
    for number, (first, second) in enumerate(zip(steps, steps[1:]), 2):
        at_ms, before_ms = second[AT_MS.name], first[AT_MS.name]
        if at_ms < before_ms + least_ms:
            expected = f"{before_ms + least_ms} or more, {least_ms} after step {number - 1}"
            raise InvalidValue(f"{AT_MS.name} of step {number}", expected, at_ms)


def _refuse_beside_any(connection: Any, rule: Any) -> None:
    locking.lock_policy(connection, rule.qos_policy_id)
    others, direction = models.QosTimelineRule, rule.direction or DIRECTION.default
    in_policy: Any = orm.Query([others.direction]).filter(
        others.qos_policy_id == rule.qos_policy_id, others.id != rule.id
    )
    for (other,) in connection.execute(locking.locking(in_policy)):
        if ANY in (direction, other) and direction != other:
            raise OtherDirections(direction=other)
