# SPDX-License-Identifier: Apache-2.0
"""A database of the first version of these rules: whole numbers, no direction."""

from __future__ import annotations

import sqlalchemy as sa

TABLES = """
CREATE TABLE qos_delay (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    qos_policy_id VARCHAR(36) NOT NULL,
    delay_ms INTEGER,
    delay_correlation_ms INTEGER,
    UNIQUE (qos_policy_id),
    FOREIGN KEY (qos_policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE
);
CREATE TABLE qos_loss (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    qos_policy_id VARCHAR(36) NOT NULL,
    loss_pct INTEGER,
    UNIQUE (qos_policy_id),
    FOREIGN KEY (qos_policy_id) REFERENCES qos_policies (id) ON DELETE CASCADE
)
"""

DELAYS = [("d1", "p1", 100, 10), ("d2", "p2", 60000, None), ("d3", "p3", 0, 0)]
LOSSES = [("l1", "p1", 1), ("l2", "p2", 100)]
REVISION = "f1257ea51011"


def create(connection: sa.engine.Connection) -> None:
    """Make the tables, with rows for three policies, which must not exist yet."""
    for statement in TABLES.split(";"):
        connection.execute(sa.text(statement))
    for number in (1, 2, 3):
        insert(connection, "standardattributes", (900 + number, "qos_policies"))
        insert(connection, "qos_policies", (f"p{number}", f"policy {number}", 900 + number))
    for row in DELAYS:
        insert(connection, "qos_delay", row)
    for row in LOSSES:
        insert(connection, "qos_loss", row)


COLUMNS = {
    "alembic_version": ("version_num",),
    "standardattributes": ("id", "resource_type"),
    "qos_policies": ("id", "name", "standard_attr_id"),
    "qos_delay": ("id", "qos_policy_id", "delay_ms", "delay_correlation_ms"),
    "qos_loss": ("id", "qos_policy_id", "loss_pct"),
}


def insert(connection: sa.engine.Connection, table: str, row: tuple) -> None:
    """Insert the first columns of a table."""
    names = COLUMNS[table]
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)})"
    connection.execute(sa.text(statement), dict(zip(names, row)))


def adopted(connection: sa.engine.Connection) -> tuple:
    """Return the rows that are expected after the migration, and those that are there."""
    expected = (
        [(*row[:3], row[3] or 0, "egress") for row in DELAYS],
        [(*row, "egress") for row in LOSSES],
    )
    delays = "SELECT id, qos_policy_id, delay_ms, delay_correlation_ms, direction FROM qos_delay"
    losses = "SELECT id, qos_policy_id, loss_pct, direction FROM qos_loss"
    found = [connection.execute(sa.text(f"{each} ORDER BY id")) for each in (delays, losses)]
    return expected, tuple([tuple(row) for row in rows] for rows in found)
