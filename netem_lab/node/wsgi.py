# SPDX-License-Identifier: Apache-2.0
"""An HTTP server for one WSGI application, with a thread for each connection."""

from __future__ import annotations

import socketserver
import wsgiref.simple_server
from typing import Any, Tuple


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    """Listens at `address` once it is made; port 0 takes a free one, which `server_port` names."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: Tuple[str, int], application: Any) -> None:
        super().__init__(address, _Handler)
        self.set_app(application)

    def server_bind(self) -> None:
        # HTTPServer's own would ask DNS for the name of the address.
        socketserver.TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), port
        self.setup_environ()


class _Handler(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: the requests are in Neutron's own log."""
