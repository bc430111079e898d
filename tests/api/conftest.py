# SPDX-License-Identifier: Apache-2.0
"""The database server that operators use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

import pytest

from tests.api import mariadb


@pytest.fixture(scope="session")
def mariadb_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a MariaDB server."""
    if not mariadb.installed():
        assert "CI" not in os.environ, "no mariadbd: apt-get install mariadb-server"
        pytest.skip("no mariadbd: apt-get install mariadb-server")
    with mariadb.server(tmp_path_factory.mktemp("mariadb")) as socket:
        yield socket
