# SPDX-License-Identifier: Apache-2.0
"""What is counted before a rule is stored is counted in what is committed now."""

from __future__ import annotations

from typing import Any

from neutron.db.qos import models as qos_models
from sqlalchemy import orm


def lock_policy(connection: Any, policy_id: str) -> None:
    """Whoever adds a rule to the policy waits here for the one before."""
    policy = qos_models.QosPolicy
    connection.execute(locking(orm.Query([policy.id]).filter(policy.id == policy_id)))


def locking(query: Any) -> Any:
    """The query, of what is committed now: a snapshot may be older than another request."""
    return query.with_for_update().statement
