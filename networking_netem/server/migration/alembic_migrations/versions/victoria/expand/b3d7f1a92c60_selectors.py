# SPDX-License-Identifier: Apache-2.0
"""Create the table of selectors.

MariaDB does not undo half a migration, so it looks whether it is done already.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b3d7f1a92c60"
down_revision = "8e2f5b7a1c94"

_TABLE = "qos_selector"


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
        sa.Column("action", sa.Enum("impair", "pass", name=f"{_TABLE}_actions"), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("ethertype", sa.Enum("IPv4", "IPv6", name=f"{_TABLE}_ethertypes")),
        sa.Column("protocol", sa.String(20)),
        sa.Column("port_range_min", sa.Integer),
        sa.Column("port_range_max", sa.Integer),
        sa.Column("remote_ip_prefix", sa.String(64)),
        sa.Column(
            "direction",
            sa.Enum("egress", "ingress", name=f"{_TABLE}_directions"),
            server_default="egress",
            nullable=False,
        ),
        sa.UniqueConstraint(
            *("qos_policy_id", "direction", "priority"),
            name=f"uniq_{_TABLE}0qos_policy_id0direction0priority",
        ),
        mysql_engine="InnoDB",
    )
