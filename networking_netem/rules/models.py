# SPDX-License-Identifier: Apache-2.0
"""The tables of the rules: one row a rule, one per policy and direction; more of selectors."""

from __future__ import annotations

from typing import Any, Tuple

import sqlalchemy as sa
from neutron.db.qos import models as qos_models
from neutron_lib import constants
from neutron_lib.db import constants as db_constants
from neutron_lib.db import model_base
from sqlalchemy import orm

# The only place that SQLAlchemy 1.3 (Neutron 17) and 2.0 both have.
from sqlalchemy.ext.declarative import declared_attr

from networking_netem.domain.instant import LONGEST
from networking_netem.domain.selector import ACTIONS, ETHERTYPES
from networking_netem.domain.timeline import AT_END, REVERT
from networking_netem.domain.timeline_rule import ANY


class _PolicyRule(model_base.HasId):
    """The columns that all tables have: id, policy and direction."""

    # The functions below have no annotations: SQLAlchemy 2 takes one for the type of a column.

    # A change of a rule raises the revision number of its policy.
    revises_on_change = ("qos_policy",)

    @declared_attr
    def qos_policy_id(cls):  # type: ignore[no-untyped-def]  # noqa: N805
        return sa.Column(
            sa.String(db_constants.UUID_FIELD_SIZE),
            sa.ForeignKey("qos_policies.id", ondelete="CASCADE"),
            nullable=False,
        )

    @declared_attr
    def direction(cls):  # type: ignore[no-untyped-def]  # noqa: N805
        return sa.Column(
            sa.Enum(
                constants.EGRESS_DIRECTION,
                constants.INGRESS_DIRECTION,
                name=f"{cls.__tablename__}_directions",
            ),
            default=constants.EGRESS_DIRECTION,
            server_default=constants.EGRESS_DIRECTION,
            nullable=False,
        )

    @declared_attr
    def qos_policy(cls):  # type: ignore[no-untyped-def]  # noqa: N805
        # The revision plugin needs load_on_pending to find the policy of a rule not yet flushed.
        return orm.relationship(qos_models.QosPolicy, load_on_pending=True)


def _one_per_direction(table: str) -> Tuple[Any, ...]:
    """The arguments of a table whose rules are at most one per policy and direction."""
    unique = sa.UniqueConstraint(
        "qos_policy_id", "direction", name=f"uniq_{table}0qos_policy_id0direction"
    )
    return (unique, model_base.BASEV2.__table_args__)


class QosDelayRule(_PolicyRule, model_base.BASEV2):
    """A delay rule, in milliseconds with three exact decimals."""

    __tablename__ = "qos_delay"

    delay_ms = sa.Column(sa.Numeric(8, 3, asdecimal=False), nullable=False)
    delay_correlation_ms = sa.Column(
        sa.Numeric(8, 3, asdecimal=False), nullable=False, server_default="0.000"
    )

    __table_args__ = _one_per_direction("qos_delay")


class QosLossRule(_PolicyRule, model_base.BASEV2):
    """A loss rule, in percent with four exact decimals."""

    __tablename__ = "qos_loss"

    loss_pct = sa.Column(sa.Numeric(7, 4, asdecimal=False), nullable=False)
    loss_burst_packets = sa.Column(
        sa.Numeric(6, 2, asdecimal=False), nullable=False, server_default="1.00"
    )

    __table_args__ = _one_per_direction("qos_loss")


class QosDuplicateRule(_PolicyRule, model_base.BASEV2):
    """A duplication rule, in percent with four exact decimals."""

    __tablename__ = "qos_duplicate"

    duplicate_pct = sa.Column(sa.Numeric(7, 4, asdecimal=False), nullable=False)

    __table_args__ = _one_per_direction("qos_duplicate")


class QosCorruptRule(_PolicyRule, model_base.BASEV2):
    """A corruption rule, in percent with four exact decimals."""

    __tablename__ = "qos_corrupt"

    corrupt_pct = sa.Column(sa.Numeric(7, 4, asdecimal=False), nullable=False)

    __table_args__ = _one_per_direction("qos_corrupt")


class QosReorderRule(_PolicyRule, model_base.BASEV2):
    """A reordering rule, in percent with four exact decimals."""

    __tablename__ = "qos_reorder"

    reorder_pct = sa.Column(sa.Numeric(7, 4, asdecimal=False), nullable=False)

    __table_args__ = _one_per_direction("qos_reorder")


class QosSelectorRule(_PolicyRule, model_base.BASEV2):
    """Which packets are impaired; what is null does not matter."""

    __tablename__ = "qos_selector"

    action = sa.Column(  # type: ignore[var-annotated]
        sa.Enum(*ACTIONS, name="qos_selector_actions"), nullable=False
    )
    priority = sa.Column(sa.Integer, nullable=False)
    ethertype = sa.Column(  # type: ignore[var-annotated]
        sa.Enum(*ETHERTYPES, name="qos_selector_ethertypes")
    )
    protocol = sa.Column(sa.String(20))
    port_range_min = sa.Column(sa.Integer)
    port_range_max = sa.Column(sa.Integer)
    remote_ip_prefix = sa.Column(sa.String(64))

    __table_args__ = (
        sa.UniqueConstraint(
            *("qos_policy_id", "direction", "priority"),
            name="uniq_qos_selector0qos_policy_id0direction0priority",
        ),
        model_base.BASEV2.__table_args__,
    )


class QosTimelineRule(_PolicyRule, model_base.BASEV2):
    """What a link does when; the steps are JSON, the start is text as the API has it."""

    __tablename__ = "qos_timeline"

    # MySQL's TEXT holds 65535 bytes.
    steps = sa.Column(sa.Text, nullable=False)
    length_ms = sa.Column(sa.Integer, nullable=False)
    repeat = sa.Column(sa.Integer, nullable=False, server_default="1")
    at_end = sa.Column(  # type: ignore[var-annotated]
        sa.Enum(*AT_END, name="qos_timeline_ends"), nullable=False, server_default=REVERT
    )
    start_at = sa.Column(sa.String(LONGEST))
    direction = sa.Column(
        sa.Enum(
            *(constants.EGRESS_DIRECTION, constants.INGRESS_DIRECTION, ANY),
            name="qos_timeline_directions",
        ),
        default=constants.EGRESS_DIRECTION,
        server_default=constants.EGRESS_DIRECTION,
        nullable=False,
    )

    __table_args__ = _one_per_direction("qos_timeline")


TABLES = tuple(each.__tablename__ for each in _PolicyRule.__subclasses__())
"""The names of all our tables."""
