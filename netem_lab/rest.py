# SPDX-License-Identifier: Apache-2.0
"""Neutron's REST API, as far as the lab speaks it."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

import requests

from netem_lab.errors import LabError
from netem_lab.verdict.asked import CLEAN_BOTH, Both, asked_by

_TIMEOUT_S = 30


class Neutron:
    """The API at `url`; paths begin after `/v2.0/`. Every answer but 2xx raises `LabError`."""

    def __init__(self, url: str) -> None:
        self._base = url.rstrip("/") + "/v2.0/"
        self._session = requests.Session()

    def get(self, path: str) -> Dict[str, Any]:
        """Return the body of the answer."""
        return self._call("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Dict[str, Any]:
        """Return the member that was made, out of its envelope."""
        (member,) = self._call("POST", path, body).values()
        return member

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Change what `body` names."""
        self._call("PUT", path, body)

    def delete(self, path: str) -> None:
        """Delete what is at `path`."""
        self._call("DELETE", path)

    def port(self, name: str) -> Dict[str, Any]:
        """Return the one port of that name."""
        ports = self.get(f"ports?name={name}")["ports"]
        if len(ports) != 1:
            raise LabError(f"Neutron has {len(ports)} ports named {name}, need exactly one")
        return ports[0]

    def policy_id(self, port: Mapping[str, Any]) -> Optional[str]:
        """Return the policy in force on a port: its own, else its network's."""
        own = port["qos_policy_id"]
        return own or self.get(f"networks/{port['network_id']}")["network"]["qos_policy_id"]

    def asked(self, port: Mapping[str, Any]) -> Both:
        """Return what the policy in force on a port asks for."""
        policy_id = self.policy_id(port)
        if policy_id is None:
            return CLEAN_BOTH
        return asked_by(self.get(f"qos/policies/{policy_id}")["policy"]["rules"])

    def _call(
        self, method: str, path: str, body: Optional[Mapping[str, Any]] = None
    ) -> Dict[str, Any]:
        call = f"{method} {self._base}{path}"
        try:
            answer = self._session.request(method, self._base + path, json=body, timeout=_TIMEOUT_S)
        except requests.RequestException as error:
            raise LabError(f"{call}: no answer from the API: {error}") from None
        if not answer.ok:
            raise LabError(f"{call}: {answer.status_code} {_message(answer)}")
        return answer.json() if answer.content else {}


def _message(answer: requests.Response) -> str:
    """What Neutron says is wrong, else the answer's own text."""
    try:
        return str(answer.json()["NeutronError"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text.strip() or str(answer.reason)
