# SPDX-License-Identifier: Apache-2.0
"""Selectors as they are stored: whole, in words that go together, and not too many of them."""

from __future__ import annotations

from typing import Any

from neutron_lib import exceptions
from sqlalchemy import orm

from networking_netem.domain.rule_types import DIRECTION, SELECTOR
from networking_netem.domain.selector import MOST
from networking_netem.domain.selector_rule import selector
from networking_netem.rules import models
from networking_netem.server import locking, stored


class TooManySelectors(exceptions.Conflict):
    message = "A QoS policy has at most %(most)s selector rules of direction %(direction)s"


def refuse() -> None:
    """Have others refused from now on, however they are written. Harmless when repeated."""
    stored.before_write(models.QosSelectorRule, _complete)


def _complete(mapper: Any, connection: Any, rule: Any) -> None:
    """Fill in the ethertype. Raises `InvalidInput` or `TooManySelectors`."""
    values = {each.name: getattr(rule, each.name) for each in SELECTOR.attributes}
    with stored.bad_request():
        rule.ethertype = selector(values).ethertype
    _refuse_too_many(connection, rule)


def _refuse_too_many(connection: Any, rule: Any) -> None:
    locking.lock_policy(connection, rule.qos_policy_id)
    others, direction = models.QosSelectorRule, rule.direction or DIRECTION.default
    of_direction: Any = orm.Query([others.id]).filter(
        others.qos_policy_id == rule.qos_policy_id,
        others.direction == direction,
        others.id != rule.id,
    )
    if len(connection.execute(locking.locking(of_direction)).fetchall()) >= MOST:
        raise TooManySelectors(most=MOST, direction=direction)
