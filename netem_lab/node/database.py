# SPDX-License-Identifier: Apache-2.0
"""Builds the SQLite file that the node starts from: Neutron's tables, then ours by migrations."""

from __future__ import annotations

import os
import sqlite3
import sys
import uuid
from typing import Any

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
    _insert_default_rules(engine)
    engine.dispose()
    _manage(url, "neutron", "stamp", "heads")
    _manage(url, SUBPROJECT, "upgrade", "head")
    # With WAL, the threads of the node read without waiting for the one that writes.
    connection = sqlite3.connect(unfinished)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    os.rename(unfinished, path)


def _insert_default_rules(engine: Any) -> None:
    """Insert the rows of security groups that Neutron's migrations insert (2023.2).

    A new group lets all out. A project's default group also lets in what comes from itself.
    """
    from neutron.db.models.securitygroup_default_rules import SecurityGroupDefaultRule
    from sqlalchemy.orm import Session

    with Session(engine) as session:
        for ethertype in ("IPv4", "IPv6"):
            for direction, group in (("egress", None), ("ingress", "PARENT")):
                rule = SecurityGroupDefaultRule(
                    id=str(uuid.uuid4()), direction=direction, ethertype=ethertype,
                    remote_group_id=group,
                    used_in_default_sg=True, used_in_non_default_sg=group is None,
                )  # fmt: skip
                session.add(rule)
        session.commit()


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
