# SPDX-License-Identifier: Apache-2.0
"""Create the tables of delay and loss rules, or give a direction to those that exist.

A cloud that ran the first version of these rules, patched into Neutron, has both tables,
with whole numbers, one row a policy and no direction. Its rows stay.
MariaDB does not undo half a migration: each step looks whether it is done already.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "4c1d6a0f52e7"
down_revision = None
branch_labels = ("expand",)


def upgrade() -> None:
    _create_or_adopt(
        "qos_delay",
        sa.Column("delay_ms", sa.Numeric(8, 3), nullable=False),
        sa.Column("delay_correlation_ms", sa.Numeric(8, 3), nullable=False, server_default="0.000"),
    )
    _create_or_adopt("qos_loss", sa.Column("loss_pct", sa.Numeric(7, 4), nullable=False))


def _create_or_adopt(table: str, *values: sa.Column) -> None:
    direction: sa.Column[str] = sa.Column(
        "direction",
        sa.Enum("egress", "ingress", name=f"{table}_directions"),
        server_default="egress",
        nullable=False,
    )
    database = sa.inspect(op.get_bind())
    if table not in database.get_table_names():
        _create(table, *values, direction)
    elif "direction" not in [column["name"] for column in database.get_columns(table)]:
        op.add_column(table, direction)


def _create(table: str, *values: sa.Column) -> None:
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
        sa.UniqueConstraint(
            "qos_policy_id", "direction", name=f"uniq_{table}0qos_policy_id0direction"
        ),
        mysql_engine="InnoDB",
    )
