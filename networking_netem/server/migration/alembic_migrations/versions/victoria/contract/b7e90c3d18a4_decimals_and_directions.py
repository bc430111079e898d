# SPDX-License-Identifier: Apache-2.0
"""Let adopted tables hold decimals, and a rule for each direction of a policy.

Tables created by the expand branch have both already.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b7e90c3d18a4"
down_revision = None
branch_labels = ("contract",)
depends_on = ("4c1d6a0f52e7",)


def upgrade() -> None:
    _convert("qos_delay", {"delay_ms": sa.Numeric(8, 3), "delay_correlation_ms": sa.Numeric(8, 3)})
    _convert("qos_loss", {"loss_pct": sa.Numeric(7, 4)})


def _convert(table: str, types: dict[str, sa.Numeric]) -> None:
    unique = sa.inspect(op.get_bind()).get_unique_constraints(table)
    old = [each["name"] for each in unique if each["column_names"] == ["qos_policy_id"]]
    if not old:
        return
    for column, type_ in types.items():
        default = "0.000" if column == "delay_correlation_ms" else None
        rows = sa.table(table, sa.column(column))
        op.execute(rows.update().where(rows.c[column].is_(None)).values({column: 0}))
        op.alter_column(table, column, type_=type_, nullable=False, server_default=default)
    # The new index comes first: MariaDB lets none go that a foreign key needs.
    op.create_unique_constraint(
        f"uniq_{table}0qos_policy_id0direction", table, ["qos_policy_id", "direction"]
    )
    for name in old:
        op.drop_constraint(name, table, type_="unique")
