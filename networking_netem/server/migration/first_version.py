# SPDX-License-Identifier: Apache-2.0
"""What the first version of these rules, patched into Neutron, may have left in its history.

It brought a migration of its own. Without that file Neutron's tool stops at "Can't locate
revision" and does not say what to do.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import FrozenSet, Optional

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from neutron.db.migration import alembic_migrations

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


@functools.lru_cache(maxsize=None)
def _known() -> FrozenSet[str]:
    """Return the revisions of Neutron's own migrations; each release has a folder of them."""
    folders = {str(file.parent) for file in (_FOLDER / "versions").rglob("*.py")}
    scripts = ScriptDirectory(str(_FOLDER), version_locations=sorted(folders))
    return frozenset(each.revision for each in scripts.walk_revisions())


@functools.lru_cache(maxsize=None)
def _say(advice: str) -> None:
    print(advice, file=sys.stderr)
