# SPDX-License-Identifier: Apache-2.0
"""Builds the SQLite file that the node starts from: Neutron's tables, then ours by migrations."""

from __future__ import annotations

import os
import sqlite3
import sys

SUBPROJECT = "networking-netem"


def build(path: str) -> None:
    """Make the database; no file is at `path` before it is complete."""
    import sqlalchemy
    from neutron.db.migration.models import head
    from neutron_lib.db import model_base

    assert head.get_metadata() is model_base.BASEV2.metadata
    unfinished = f"{path}.new"
    url = f"sqlite:///{unfinished}"
    # Neutron's migrations alter constraints, which SQLite cannot. So its tables are created from
    # its models, and its history is stamped as complete.
    engine = sqlalchemy.create_engine(url)
    model_base.BASEV2.metadata.create_all(engine)
    engine.dispose()
    _manage(url, "neutron", "stamp", "heads")
    _manage(url, SUBPROJECT, "upgrade", "head")
    # With WAL, the threads of the node read without waiting for the one that writes.
    connection = sqlite3.connect(unfinished)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    os.rename(unfinished, path)


def retry_when_locked() -> None:
    """Make Neutron retry what SQLite refuses while another thread writes."""
    from oslo_db import exception
    from oslo_db.sqlalchemy import exc_filters
    from sqlalchemy.exc import OperationalError

    @exc_filters.filters("sqlite", OperationalError, r".*database( table)? is locked.*")
    def locked(error: OperationalError, *_: object) -> None:
        raise exception.DBDeadlock(error)


def _manage(url: str, *command: str) -> None:
    from neutron.db.migration import cli

    cli.CONF.reset()
    sys.argv[1:] = ["--database-connection", url, "--subproject", *command]
    cli.main()


if __name__ == "__main__":
    build(sys.argv[1])
