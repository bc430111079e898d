# SPDX-License-Identifier: Apache-2.0
"""The database server that operators use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

import pytest

from tests.api import mariadb
from tests.support import neutron_api


@pytest.fixture(scope="session")
def mariadb_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a MariaDB server."""
    if not mariadb.installed():
        assert "CI" not in os.environ, "no mariadbd: apt-get install mariadb-server"
        pytest.skip("no mariadbd: apt-get install mariadb-server")
    with mariadb.server(tmp_path_factory.mktemp("mariadb")) as socket:
        yield socket


@pytest.fixture(scope="session")
def neutron_in_mariadb(mariadb_socket: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a MariaDB database with Neutron's own tables; their migrations run once."""
    url = mariadb.create(mariadb_socket, "neutron")
    conf = neutron_api.configure(tmp_path_factory.mktemp("migrated"), database=url)
    neutron_api.manage(conf, "neutron", "upgrade", "heads")
    return url
