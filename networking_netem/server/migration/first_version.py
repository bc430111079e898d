# SPDX-License-Identifier: Apache-2.0
"""What the first version of these rules, patched into Neutron, may have left in a database.

It brought a migration of its own. Without that file Neutron's tool stops at "Can't locate
revision" and does not say what to do. And its tables took any whole number, and none.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Any, FrozenSet, Optional

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from neutron.db.migration import alembic_migrations
from sqlalchemy import orm

NEUTRONS_TABLE = "alembic_version"
_FOLDER = Path(alembic_migrations.__file__).parent


def explain(connection: sa.engine.Connection) -> None:
    """Say on stderr what to do about revisions that Neutron does not have; once a process."""
    advice = _advice(connection)
    if advice:
        _say(advice)


def _advice(connection: sa.engine.Connection) -> Optional[str]:
    if NEUTRONS_TABLE not in sa.inspect(connection).get_table_names():
        return None
    recorded = connection.execute(sa.text(f"SELECT version_num FROM {NEUTRONS_TABLE}"))
    unknown = sorted({version for (version,) in recorded} - _known())
    if not unknown:
        return None
    head = (_FOLDER / "versions" / "EXPAND_HEAD").read_text().strip()
    updates = (
        f"UPDATE {NEUTRONS_TABLE} SET version_num = '{head}' WHERE version_num = '{each}';"
        for each in unknown
    )
    return (
        "Neutron's own history in this database names a revision that this Neutron does not have:"
        f" {', '.join(unknown)}. neutron-db-manage upgrade heads will stop at it. If it came with"
        " the first version of delay and loss rules, replace it by the revision that it followed,"
        " its down_revision: networking-netem keeps the tables from now on. Where this release of"
        " Neutron was the last to upgrade the database, that is:\n" + "\n".join(updates)
    )


def clamp(connection: sa.engine.Connection, table: str, column: str, maximum: int) -> None:
    """Bring every number of a column between 0 and `maximum`, and say on stderr which were not.

    NULL becomes 0. Repeated, it finds nothing to do.
    """
    rows = sa.table(table, *map(sa.column, ("id", "qos_policy_id", column)))
    number = rows.c[column]
    for wrong, right in (
        (number.is_(None), 0),
        (number < 0, 0),
        (number > maximum, maximum),
    ):
        found: Any = orm.Query([rows.c.id, rows.c.qos_policy_id, number]).filter(wrong).statement
        for rule_id, policy_id, value in connection.execute(found).fetchall():
            shown = "NULL" if value is None else value
            _say(
                f"{table}: {column} of rule {rule_id} of policy {policy_id} was {shown},"
                f" which is not from 0 to {maximum}; it is {right} now"
            )
        connection.execute(rows.update().where(wrong).values({column: right}))


@functools.lru_cache(maxsize=None)
def _known() -> FrozenSet[str]:
    """Return the revisions of Neutron's own migrations; each release has a folder of them."""
    folders = {str(file.parent) for file in (_FOLDER / "versions").rglob("*.py")}
    scripts = ScriptDirectory(str(_FOLDER), version_locations=sorted(folders))
    return frozenset(each.revision for each in scripts.walk_revisions())


@functools.lru_cache(maxsize=None)
def _say(advice: str) -> None:
    print(advice, file=sys.stderr)
