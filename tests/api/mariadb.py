# SPDX-License-Identifier: Apache-2.0
"""A MariaDB server for the tests; its data and its socket are in one folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Iterator

import sqlalchemy as sa

START_TIMEOUT_S = 60


def installed() -> bool:
    return bool(_program("mariadbd")) and bool(_program("mariadb-install-db"))


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Path]:
    """Run a server with its data in `folder`; yield its socket."""
    data, socket = folder / "data", folder / "socket"
    common = [f"--datadir={data}", "--user=root", "--no-defaults"]
    install = [_program("mariadb-install-db"), common[2], *common[:2], "--skip-test-db"]
    install += ["--auth-root-authentication-method=normal"]
    subprocess.run(install, check=True, capture_output=True)
    # These options skip the writes that make data durable; they would take most of the time.
    fast = ["--skip-networking", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]
    command = [_program("mariadbd"), common[2], *common[:2], *fast]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, f"--socket={socket}", f"--pid-file={folder}/pid"], stdout=log, stderr=log
        )
    try:
        _wait_for(socket, process, folder / "log")
        yield socket
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)


def url(socket: Path, database: str = "") -> str:
    return f"mysql+pymysql://root@localhost/{database}?unix_socket={socket}&charset=utf8mb4"


def create(socket: Path, database: str) -> str:
    """Create an empty database, replacing one of that name; return its URL."""
    engine = sa.create_engine(url(socket))
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {database}"))
        connection.execute(sa.text(f"CREATE DATABASE {database} CHARACTER SET utf8mb4"))
    engine.dispose()
    return url(socket, database)


def _program(name: str) -> str:
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") or ""


def _wait_for(socket: Path, process: subprocess.Popen, log: Path) -> None:
    engine = sa.create_engine(url(socket))
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            engine.connect().close()
        except sa.exc.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            engine.dispose()
            return
