# SPDX-License-Identifier: Apache-2.0
"""The lab's REST client, with a server on loopback whose answers are not 2xx."""

from __future__ import annotations

import json
import threading

# Imported by name, because eventlet, which comes with Neutron, rebinds `http.server` to a copy.
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Iterator

import pytest

from netem_lab.errors import LabError
from netem_lab.neutron_api import NeutronClient

ANSWERS = {
    "/v2.0/ports?name=vm1": (200, {"ports": [{"qos_policy_id": None, "network_id": "n"}]}),
    "/v2.0/ports?name=vm9": (200, {"ports": []}),
    "/v2.0/networks/n": (200, {"network": {"qos_policy_id": "q"}}),
    "/v2.0/networks/clean": (200, {"network": {"qos_policy_id": None}}),
    "/v2.0/qos/policies/q": (
        200, {"policy": {"rules": [{"type": "loss", "direction": "egress", "loss_pct": 10}]}},
    ),
    "/v2.0/": (200, {"resources": []}),
    "/v2.0/refused": (409, {"NeutronError": {"type": "T", "message": "Already there."}}),
    "/v2.0/broken": (500, "no JSON"),
}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, content = ANSWERS[self.path]
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "said"), [("refused", "409 Already there."), ("broken", "500 no JSON")]
)
def test_an_error_names_the_call_and_what_neutron_says(url: str, path: str, said: str) -> None:
    with pytest.raises(LabError) as caught:
        NeutronClient(url).get(path)
    assert str(caught.value) == f"GET {url}/v2.0/{path}: {said}"


def test_no_api() -> None:
    with pytest.raises(
        LabError, match=r"GET http://127.0.0.1:1/v2.0/ports: no answer from the API: .*refused"
    ):
        NeutronClient("http://127.0.0.1:1").get("ports")


def test_the_policy_in_force_is_the_ports_else_its_networks(url: str) -> None:
    neutron = NeutronClient(url)
    port = neutron.port("vm1")
    assert neutron.policy_id(port) == "q"
    assert neutron.rules(port) == [{"type": "loss", "direction": "egress", "loss_pct": 10}]
    assert neutron.policy_id({**port, "qos_policy_id": "own"}) == "own"
    assert neutron.rules({**port, "network_id": "clean"}) == []


def test_a_port_that_is_not_there(url: str) -> None:
    with pytest.raises(LabError, match="0 ports named vm9"):
        NeutronClient(url).port("vm9")


def test_whether_it_answers(url: str) -> None:
    assert NeutronClient(url).answers()
    assert not NeutronClient("http://127.0.0.1:1").answers()
