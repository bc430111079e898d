# SPDX-License-Identifier: Apache-2.0
"""Runs our migrations; their version table is not Neutron's."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.util import CommandError
from neutron.db.migration.connection import DBConnection
from neutron_lib.db import model_base

from networking_netem.rules import models
from networking_netem.server.migration import first_version

VERSION_TABLE = "alembic_version_networking_netem"


def _is_ours(item: Any, name: Any, kind: str, *_: Any) -> bool:
    return kind != "table" or name in models.TABLES


if context.is_offline_mode():
    raise CommandError(
        "the migrations of networking-netem look at the tables that exist: run them without --sql"
    )

# Set by neutron-db-manage (17-29).
database = context.config.neutron_config.database  # type: ignore[attr-defined]
with DBConnection(database.connection, context.config.attributes.get("connection")) as connection:
    context.configure(
        connection=connection,
        target_metadata=model_base.BASEV2.metadata,
        include_object=_is_ours,
        version_table=VERSION_TABLE,
    )
    with context.begin_transaction():
        context.run_migrations()
    first_version.explain(connection)
