# SPDX-License-Identifier: Apache-2.0
"""Neutron's API, RPC listeners and Open vSwitch agent in one process, in the guest."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import threading
import time
from pathlib import Path

from netem_lab.node import wsgi

API_PORT = 9696
DATABASE_TIMEOUT_S = 60


def main() -> None:
    """Run until killed; argv: the configuration, the database to wait for, and where to copy it."""
    configuration, built, path = sys.argv[1:]
    os.environ["OS_NEUTRON_CONFIG_FILES"] = configuration
    del sys.argv[1:]  # Neutron would read the arguments too

    gc.disable()  # the collector finds nothing while three thousand modules are loaded
    # This import comes first: it chooses threads, otherwise oslo.service would choose eventlet.
    import neutron  # noqa: F401

    from netem_lab.node import bus, database

    bus.install()
    database.retry_when_locked()
    _keep_privileges()
    # The agent's options must be registered before the one configuration is parsed.
    from neutron.plugins.ml2.drivers.openvswitch.agent import main as agent  # noqa: F401
    from neutron.plugins.ml2.drivers.openvswitch.agent import ovs_neutron_agent  # noqa: F401
    from neutron.plugins.ml2.drivers.openvswitch.agent.openflow.native import main as openflow
    from neutron.server import api, boot_server

    _wait_for(Path(built))
    if not Path(path).exists():
        shutil.copyfile(built, path)
    _serve(boot_server(api.api_server, prog="neutron-api"))
    _listen()
    gc.enable()
    openflow.init_config()
    openflow.main()


def _keep_privileges() -> None:
    """Run Neutron's privileged calls in this process, as its functional tests do.

    Neutron's two daemons would take a third of the node's start and 160 MB. Our daemon is kept.
    """
    from neutron import privileged

    for context in (privileged.default, privileged.ovs_vsctl_cmd):
        context.set_client_mode(False)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + DATABASE_TIMEOUT_S
    while not path.exists():
        if time.monotonic() > deadline:
            sys.exit(f"no database at {path} within {DATABASE_TIMEOUT_S} s")
        time.sleep(0.05)


def _serve(application: object) -> None:
    server = wsgi.Server(("0.0.0.0", API_PORT), application)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _listen() -> None:
    """Start the workers that neutron-rpc-server would start."""
    from neutron import service
    from neutron_lib.plugins import directory

    core = directory.get_plugin()
    service.RpcWorker(directory.get_plugins().values()).start()
    service.RpcReportsWorker([core]).start()


if __name__ == "__main__":
    main()
