# SPDX-License-Identifier: Apache-2.0
"""Let adopted tables hold decimals, and a rule for each direction of a policy.

Tables created by the expand branch have both already. Numbers that the API would refuse become
the nearest one that it takes. Repeated after a failure, it goes on where it stopped: MariaDB does
not undo half a migration.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

import sqlalchemy as sa
from alembic import op

from networking_netem.server.migration import first_version

revision = "b7e90c3d18a4"
down_revision = None
branch_labels = ("contract",)
depends_on = ("4c1d6a0f52e7",)

MAXIMA = {"delay_ms": 60_000, "delay_correlation_ms": 30_000, "loss_pct": 100}
"""What the API took when this was written; the least is 0."""


def upgrade() -> None:
    _convert("qos_delay", {"delay_ms": sa.Numeric(8, 3), "delay_correlation_ms": sa.Numeric(8, 3)})
    _convert("qos_loss", {"loss_pct": sa.Numeric(7, 4)})


def _convert(table: str, types: Dict[str, sa.Numeric]) -> None:
    old = _unique(table, ["qos_policy_id"])
    if not old:
        return
    for column in types:
        first_version.clamp(op.get_bind(), table, column, MAXIMA[column])
    # SQLite alters no table: there, batches copy it, and name what it leaves without a name.
    with op.batch_alter_table(table, naming_convention={"uq": f"uniq_{table}_old"}) as batch:
        for column, type_ in types.items():
            default = "0.000" if column == "delay_correlation_ms" else None
            batch.alter_column(column, type_=type_, nullable=False, server_default=default)
        # The new index comes before the old goes: MariaDB lets none go that a foreign key needs.
        if not _unique(table, ["qos_policy_id", "direction"]):
            batch.create_unique_constraint(
                f"uniq_{table}0qos_policy_id0direction", ["qos_policy_id", "direction"]
            )
        for constraint in old:
            batch.drop_constraint(constraint["name"] or f"uniq_{table}_old", type_="unique")


def _unique(table: str, columns: List[str]) -> Sequence[Mapping[str, Any]]:
    """Return the unique constraints of the table on exactly these columns."""
    constraints = sa.inspect(op.get_bind()).get_unique_constraints(table)
    return [each for each in constraints if each["column_names"] == columns]
