# SPDX-License-Identifier: Apache-2.0
"""Compares our tables in a database with the models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext


def differences(connection: sa.engine.Connection) -> list:
    """Return what alembic would change, types, defaults, keys and indexes included."""
    from neutron.db.migration.models import head

    from networking_netem.rules import models

    migrated = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "compare_server_default": True,
            "include_object": lambda item, name, type_, *_: (
                type_ != "table" or name in models.TABLES
            ),
        },
    )
    return compare_metadata(migrated, head.get_metadata())
