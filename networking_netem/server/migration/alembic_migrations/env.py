# SPDX-License-Identifier: Apache-2.0
"""Runs our migrations, with a version table of their own beside Neutron's."""

from __future__ import annotations

from alembic import context
from neutron.db.migration.connection import DBConnection
from neutron_lib.db import model_base

# For the metadata that `revision --autogenerate` compares with.
from networking_netem.server import models  # noqa: F401

VERSION_TABLE = "alembic_version_networking_netem"
OUR_TABLES = ("qos_delay", "qos_loss")


def _is_ours(item, name, type_, reflected, compare_to) -> bool:  # type: ignore[no-untyped-def]
    return type_ != "table" or name in OUR_TABLES


def _run_offline(database) -> None:  # type: ignore[no-untyped-def]
    where = (
        {"url": database.connection} if database.connection else {"dialect_name": database.engine}
    )
    context.configure(version_table=VERSION_TABLE, **where)
    with context.begin_transaction():
        context.run_migrations()


def _run_online(database) -> None:  # type: ignore[no-untyped-def]
    with DBConnection(
        database.connection, context.config.attributes.get("connection")
    ) as connection:
        context.configure(
            connection=connection,
            target_metadata=model_base.BASEV2.metadata,
            include_object=_is_ours,
            version_table=VERSION_TABLE,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    _run_offline(context.config.neutron_config.database)
else:
    _run_online(context.config.neutron_config.database)
