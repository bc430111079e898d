# SPDX-License-Identifier: Apache-2.0
"""A client of Neutron's REST API, with what the lab needs."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any, Dict, List, Mapping, Optional

from netem_lab.errors import LabError

_TIMEOUT_S = 30


class NeutronClient:
    """Calls the API at `url`; paths begin after `/v2.0/`.

    Raises `LabError` where the answer is not 2xx, with Neutron's message, or does not come in 30 s.
    """

    def __init__(self, url: str) -> None:
        self._base = url.rstrip("/") + "/v2.0/"

    def answers(self) -> bool:
        """Whether the API serves requests."""
        try:
            self.get("")
        except LabError:
            return False
        return True

    def get(self, path: str) -> Dict[str, Any]:
        """Return the body of the answer."""
        return self._call("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Dict[str, Any]:
        """Create what `body` describes, and return it without its envelope."""
        (member,) = self._call("POST", path, body).values()
        return member

    def put(self, path: str, body: Optional[Mapping[str, Any]] = None) -> None:
        """Change the attributes that `body` names; an action has no body."""
        self._call("PUT", path, body)

    def delete(self, path: str) -> None:
        """Delete what is at `path`."""
        self._call("DELETE", path)

    def port(self, name: str) -> Dict[str, Any]:
        """Return the one port of that name; raises `LabError` where there is none or several."""
        ports = self.get(f"ports?name={name}")["ports"]
        if len(ports) != 1:
            raise LabError(f"Neutron has {len(ports)} ports named {name}, need exactly one")
        return ports[0]

    def policy_id(self, port: Mapping[str, Any]) -> Optional[str]:
        """Return the id of the policy in force on a port: its own, or its network's, or None."""
        own = port["qos_policy_id"]
        return own or self.get(f"networks/{port['network_id']}")["network"]["qos_policy_id"]

    def rules(self, port: Mapping[str, Any]) -> List[Dict[str, Any]]:
        """Return the rules of the policy in force on a port; none where there is no policy."""
        policy_id = self.policy_id(port)
        return self.get(f"qos/policies/{policy_id}")["policy"]["rules"] if policy_id else []

    def _call(
        self, method: str, path: str, body: Optional[Mapping[str, Any]] = None
    ) -> Dict[str, Any]:
        call = f"{method} {self._base}{path}"
        request = urllib.request.Request(
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise LabError(f"{call}: {error.code} {_message(error)}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise LabError(f"{call}: no answer from the API: {reason}") from None
        return json.loads(content) if content else {}


def _message(answer: urllib.error.HTTPError) -> str:
    """Neutron's message, or the whole text of an answer without one."""
    text = answer.read().decode(errors="replace")
    try:
        return str(json.loads(text)["NeutronError"]["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or str(answer.reason)
