# SPDX-License-Identifier: Apache-2.0
"""An HTTP server for one WSGI application, with a thread for each connection."""

from __future__ import annotations

import socketserver
import wsgiref.simple_server
from typing import Any, Tuple


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    """Listens at `address` once made; port 0 is any free one, told by `server_port`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: Tuple[str, int], application: Any) -> None:
        super().__init__(address, _Handler)
        self.set_app(application)

    def server_bind(self) -> None:
        # Not HTTPServer's, which asks DNS for the name of the address.
        socketserver.TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), port
        self.setup_environ()


class _Handler(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Neutron's own log has the requests."""
