# SPDX-License-Identifier: Apache-2.0
"""A real Neutron over HTTP on loopback, in a process of its own, for anyone who may connect.

`python -m tests.clients.server FOLDER [SERVICE_PLUGINS]` prints the URL, and serves until its input
ends.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref import simple_server

from tests.contract import neutron_api


class Server(ThreadingMixIn, simple_server.WSGIServer):
    """Each request has its thread."""

    daemon_threads = True


class Handler(simple_server.WSGIRequestHandler):
    """Answers without a word on the terminal."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


def configure(root: Path, service_plugins: str) -> Path:
    """Write the configuration of a Neutron with its own pipelines and no authentication."""
    conf = neutron_api.configure(root, service_plugins)
    paste = Path(sys.prefix) / "etc/neutron/api-paste.ini"
    text = conf.read_text()
    text = text.replace("auth_strategy = keystone", "auth_strategy = noauth")
    text = text.replace(f"{root}/api-paste.ini", str(paste))
    text = text.replace("[DEFAULT]", f"[DEFAULT]\nlog_file = {root}/neutron.log", 1)
    conf.write_text(text.replace(".sqlite", ".sqlite?timeout=10"))
    return conf


def main(root: str, service_plugins: str = "qos,netem") -> None:
    conf = configure(Path(root), service_plugins)
    neutron_api.create_neutron_tables(f"sqlite:///{root}/neutron.sqlite")
    neutron_api.migrate(conf)
    application = neutron_api.application(conf)
    with simple_server.make_server("127.0.0.1", 0, application, Server, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
