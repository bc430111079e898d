# SPDX-License-Identifier: Apache-2.0
"""The database command on a new database, an old one, a second time and after a crash."""

from __future__ import annotations

import contextlib
import runpy
from pathlib import Path
from typing import Iterator

import pytest
import sqlalchemy as sa

from networking_netem.domain.rule_types import RULE_TYPES
from networking_netem.server import migration
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
        """Leave none of our tables, of our history and of the policies."""
        from networking_netem.rules import models

        with self.connection() as connection:
            for table in (*models.TABLES, f"alembic_version_{OURS.replace('-', '_')}"):
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


WRONG = {
    "qos_delay": {
        "d1": ("delay_ms", 60001, 60000),
        "d2": ("delay_ms", 2147483647, 60000),
        "d3": ("delay_ms", -1, 0),
        "d4": ("delay_ms", None, 0),
        "d5": ("delay_correlation_ms", 30001, 30000),
        "d6": ("delay_correlation_ms", -2147483648, 0),
        "d7": ("delay_correlation_ms", None, 0),
    },
    "qos_loss": {
        "l1": ("loss_pct", 101, 100),
        "l2": ("loss_pct", 2147483647, 100),
        "l3": ("loss_pct", -5, 0),
        "l4": ("loss_pct", None, 0),
    },
}
"""By table and rule: a column, what the first version left there, and what it becomes."""


def test_what_the_api_would_refuse_is_clamped_and_named(database: Database) -> None:
    expected = {}
    with database.connection() as connection:
        first_version.create(connection)
        connection.execute(sa.text("DELETE FROM qos_delay"))
        connection.execute(sa.text("DELETE FROM qos_loss"))
        for number in range(4, 8):
            first_version.insert(connection, "standardattributes", (900 + number, "qos_policies"))
            policy = (f"p{number}", f"policy {number}", 900 + number)
            first_version.insert(connection, "qos_policies", policy)
        for table, rows in WRONG.items():
            for rule_id, (column, value, _) in rows.items():
                row = dict.fromkeys(first_version.COLUMNS[table], 1)
                row.update({"id": rule_id, "qos_policy_id": f"p{rule_id[1:]}", column: value})
                first_version.insert(connection, table, tuple(row.values()))

    said = database.upgrade()
    with database.connection() as connection:
        assert schema.differences(connection) == []
        for table, rows in WRONG.items():
            for rule_id, (column, value, clamped) in rows.items():
                where = sa.text(f"SELECT {column} FROM {table} WHERE id = '{rule_id}'")
                assert connection.execute(where).scalar() == clamped
                line = f"{table}: {column} of rule {rule_id} of policy p{rule_id[1:]} was "
                expected[line] = f"{'NULL' if value is None else value},"
    lines = [line for line in said.splitlines() if line.startswith("qos_")]
    assert len(lines) == len(expected)
    for line, value in expected.items():
        (found,) = (each for each in lines if each.startswith(line))
        assert found[len(line) :].startswith(value)
    assert "qos_delay:" not in database.upgrade()


def test_the_migration_knows_the_ranges_of_the_declaration() -> None:
    folder = Path(migration.__file__).parent / "alembic_migrations/versions/victoria/contract"
    (file,) = folder.glob("b7e90c3d18a4_*.py")
    maxima = runpy.run_path(str(file))["MAXIMA"]
    declared = {each.name: each for rule_type in RULE_TYPES for each in rule_type.numbers}
    for name, maximum in maxima.items():
        assert (declared[name].minimum, declared[name].maximum) == (0, maximum)


# Where MariaDB may have stopped, its statements before that being for good.
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
