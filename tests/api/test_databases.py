# SPDX-License-Identifier: Apache-2.0
"""The database command on a new database, an old one, a second time and after a crash."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterator

import pytest
import sqlalchemy as sa

from tests.support import first_version, neutron_api, schema

OURS = "networking-netem"


class Database:
    """A database with Neutron's own tables."""

    def __init__(self, url: str, conf: Path) -> None:
        self._engine = sa.create_engine(url)
        self._conf = conf

    def upgrade(self) -> str:
        return neutron_api.manage(self._conf, OURS, "upgrade", "head")

    def manage(self, *command: str) -> str:
        return neutron_api.manage(self._conf, *command)

    @contextlib.contextmanager
    def connection(self) -> Iterator[sa.engine.Connection]:
        with self._engine.begin() as connection:
            yield connection

    def empty(self) -> None:
        """Drop our tables and our migration history, and delete all policies."""
        with self.connection() as connection:
            for table in (*schema.OUR_TABLES, f"alembic_version_{OURS.replace('-', '_')}"):
                connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
            connection.execute(sa.text("DELETE FROM qos_policies"))
            connection.execute(sa.text("DELETE FROM standardattributes"))


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        neutron_api.create_sqlite(root / "neutron.sqlite")
        url = f"sqlite:///{root}/neutron.sqlite"
        return Database(url, neutron_api.configure(root))
    url = request.getfixturevalue("neutron_in_mariadb")
    return Database(url, neutron_api.configure(root, database=url))


@pytest.fixture
def database(made: Database) -> Database:
    made.empty()
    return made


def test_from_nothing_and_again(database: Database) -> None:
    database.upgrade()
    with database.connection() as connection:
        assert schema.differences(connection) == []
    database.upgrade()
    assert "(head)" in database.manage(OURS, "current")


def test_every_row_of_the_first_version_is_kept(database: Database) -> None:
    with database.connection() as connection:
        first_version.create(connection)
    database.upgrade()
    with database.connection() as connection:
        assert schema.differences(connection) == []
        expected, found = first_version.adopted(connection)
        assert found == expected
        # The first version's tables cannot hold decimals nor a second rule of a policy.
        connection.execute(
            sa.text(
                "INSERT INTO qos_loss (id, qos_policy_id, loss_pct, direction)"
                " VALUES ('l3', 'p1', 0.0001, 'ingress')"
            )
        )


# The statements that MariaDB has carried out when it stops; it does not undo them.
STOPS = [
    ["ALTER TABLE qos_delay ADD COLUMN direction ENUM('egress','ingress') NOT NULL"],
    [
        "ALTER TABLE qos_delay ADD COLUMN direction ENUM('egress','ingress') NOT NULL",
        "ALTER TABLE qos_loss ADD COLUMN direction ENUM('egress','ingress') NOT NULL",
        "UPDATE qos_delay SET delay_correlation_ms = 0 WHERE delay_correlation_ms IS NULL",
        "ALTER TABLE qos_delay MODIFY delay_ms NUMERIC(8, 3) NOT NULL",
        "ALTER TABLE qos_delay MODIFY delay_correlation_ms NUMERIC(8, 3) NOT NULL DEFAULT 0",
        "ALTER TABLE qos_delay ADD CONSTRAINT uniq_qos_delay0qos_policy_id0direction"
        " UNIQUE (qos_policy_id, direction)",
    ],
]


@pytest.mark.parametrize("made", ["mariadb"], indirect=True)
@pytest.mark.parametrize("done", STOPS, ids=["expand", "contract"])
def test_it_goes_on_where_it_crashed(database: Database, done: list[str]) -> None:
    with database.connection() as connection:
        first_version.create(connection)
        for statement in done:
            default = " DEFAULT 'egress'" if statement.endswith("'ingress') NOT NULL") else ""
            connection.execute(sa.text(statement + default))
    database.upgrade()
    with database.connection() as connection:
        assert schema.differences(connection) == []
        expected, found = first_version.adopted(connection)
        assert found == expected


def test_a_revision_that_the_first_version_left_is_explained(database: Database) -> None:
    recorded = sa.text("SELECT version_num FROM alembic_version")
    with database.connection() as connection:
        known = {version for (version,) in connection.execute(recorded)}
        first_version.insert(connection, "alembic_version", (first_version.REVISION,))
        expand, _ = sorted(known, key="5c85685d616d".__eq__)
        connection.execute(sa.text(f"DELETE FROM alembic_version WHERE version_num = '{expand}'"))
    said = database.upgrade()
    (advice,) = (line for line in said.splitlines() if line.startswith("UPDATE alembic_version"))
    assert first_version.REVISION in said
    with database.connection() as connection:
        connection.execute(sa.text(advice))
        assert {version for (version,) in connection.execute(recorded)} == known
    assert "UPDATE" not in database.upgrade()
    assert "(head)" in database.manage("neutron", "current")


def test_deleting_a_policy_deletes_its_rows(database: Database) -> None:
    with database.connection() as connection:
        first_version.create(connection)
    database.upgrade()
    with database.connection() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("PRAGMA foreign_keys = ON"))
        connection.execute(sa.text("DELETE FROM qos_policies WHERE id = 'p1'"))
        left = connection.execute(sa.text("SELECT id FROM qos_delay"))
        assert {row.id for row in left} == {"d2", "d3"}
