# SPDX-License-Identifier: Apache-2.0
"""Neutron's API, and what of the backend belongs beside it, in one process in the guest."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import threading
import time
from pathlib import Path

from netem_lab.node import wsgi
from netem_lab.node.backend import BACKENDS

API_PORT = 9696
DATABASE_TIMEOUT_S = 60


def main() -> None:
    """Run until killed.

    argv: the backend, the database to wait for, where to copy it, and the configuration's files.
    """
    name, built, path, *configuration = sys.argv[1:]
    backend = BACKENDS[name]
    os.environ["OS_NEUTRON_CONFIG_FILES"] = ";".join(configuration)
    del sys.argv[1:]  # Neutron would read the arguments too

    gc.disable()  # the collector finds nothing while three thousand modules are loaded
    # This import comes first: it chooses threads, otherwise oslo.service would choose eventlet.
    import neutron  # noqa: F401

    from netem_lab.node import bus, database

    bus.install()
    database.retry_when_locked()
    backend.load()
    from neutron.server import api, boot_server

    _wait_for(Path(built))
    if not Path(path).exists():
        shutil.copyfile(built, path)
    _serve(boot_server(api.api_server, prog="neutron-api"))
    gc.enable()
    backend.serve()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + DATABASE_TIMEOUT_S
    while not path.exists():
        if time.monotonic() > deadline:
            sys.exit(f"no database at {path} within {DATABASE_TIMEOUT_S} s")
        time.sleep(0.05)


def _serve(application: object) -> None:
    server = wsgi.Server(("0.0.0.0", API_PORT), application)
    threading.Thread(target=server.serve_forever, daemon=True).start()


if __name__ == "__main__":
    main()
