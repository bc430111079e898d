# SPDX-License-Identifier: Apache-2.0
"""Give loss rules the length of runs, and create three tables of rules.

MariaDB does not undo half a migration: each step looks whether it is done already.
"""

from __future__ import annotations

from typing import Any, Dict

import sqlalchemy as sa
from alembic import op

revision = "8e2f5b7a1c94"
down_revision = "4c1d6a0f52e7"

_SHARES = {
    "qos_duplicate": "duplicate_pct",
    "qos_corrupt": "corrupt_pct",
    "qos_reorder": "reorder_pct",
}
"""The column of percent in each new table."""


def upgrade() -> None:
    database = sa.inspect(op.get_bind())
    if "loss_burst_packets" not in [each["name"] for each in database.get_columns("qos_loss")]:
        one: Dict[str, Any] = {"nullable": False, "server_default": "1.00"}
        op.add_column("qos_loss", sa.Column("loss_burst_packets", sa.Numeric(6, 2), **one))
    for table, column in _SHARES.items():
        if table not in database.get_table_names():
            _create(table, sa.Column(column, sa.Numeric(7, 4), nullable=False))


def _create(table: str, value: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column(
            "qos_policy_id",
            sa.String(36),
            sa.ForeignKey("qos_policies.id", ondelete="CASCADE"),
            nullable=False,
        ),
        value,
        sa.Column(
            "direction",
            sa.Enum("egress", "ingress", name=f"{table}_directions"),
            server_default="egress",
            nullable=False,
        ),
        sa.UniqueConstraint(
            "qos_policy_id", "direction", name=f"uniq_{table}0qos_policy_id0direction"
        ),
        mysql_engine="InnoDB",
    )
