# SPDX-License-Identifier: Apache-2.0
"""Create the table of timelines.

MariaDB does not undo half a migration, so it looks whether it is done already.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c92e4d7b51a8"
down_revision = "b3d7f1a92c60"

_TABLE = "qos_timeline"


def upgrade() -> None:
    if _TABLE in sa.inspect(op.get_bind()).get_table_names():
        return
    op.create_table(
        _TABLE,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column(
            "qos_policy_id",
            sa.String(36),
            sa.ForeignKey("qos_policies.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("length_ms", sa.Integer, nullable=False),
        sa.Column("repeat", sa.Integer, server_default="1", nullable=False),
        sa.Column(
            "at_end",
            sa.Enum("revert", "hold", name=f"{_TABLE}_ends"),
            server_default="revert",
            nullable=False,
        ),
        sa.Column("start_at", sa.String(40)),
        sa.Column(
            "direction",
            sa.Enum("egress", "ingress", "any", name=f"{_TABLE}_directions"),
            server_default="egress",
            nullable=False,
        ),
        sa.UniqueConstraint(
            *("qos_policy_id", "direction"), name=f"uniq_{_TABLE}0qos_policy_id0direction"
        ),
        mysql_engine="InnoDB",
    )
