# SPDX-License-Identifier: Apache-2.0
"""Create the tables of delay and loss rules, or give a direction to those that exist.

A cloud that ran the first version of these rules, patched into Neutron, has both tables,
with whole numbers, one row a policy and no direction. Its rows stay.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4c1d6a0f52e7"
down_revision = None
branch_labels = ("expand",)


def upgrade() -> None:
    existing = sa.inspect(op.get_bind()).get_table_names()
    _create_or_adopt(
        "qos_delay",
        existing,
        sa.Column("delay_ms", sa.Numeric(8, 3), nullable=False),
        sa.Column("delay_correlation_ms", sa.Numeric(8, 3), nullable=False, server_default="0.000"),
    )
    _create_or_adopt("qos_loss", existing, sa.Column("loss_pct", sa.Numeric(7, 4), nullable=False))


def _create_or_adopt(table: str, existing: list[str], *values: sa.Column) -> None:
    direction = sa.Column(
        "direction",
        sa.Enum("egress", "ingress", name=f"{table}_directions"),
        server_default="egress",
        nullable=False,
    )
    if table in existing:
        op.add_column(table, direction)
        return
    op.create_table(
        table,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column(
            "qos_policy_id",
            sa.String(36),
            sa.ForeignKey("qos_policies.id", ondelete="CASCADE"),
            nullable=False,
        ),
        *values,
        direction,
        sa.UniqueConstraint(
            "qos_policy_id", "direction", name=f"uniq_{table}0qos_policy_id0direction"
        ),
        mysql_engine="InnoDB",
    )
