# SPDX-License-Identifier: Apache-2.0
"""Asks the server what it holds, without any of the clients under test."""

from __future__ import annotations

from typing import Any

import requests


class Api:
    """The server at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._policies = f"{url}/v2.0/qos/policies"

    def policies(self) -> list[dict[str, Any]]:
        """Return all policies, with their rules."""
        answer = requests.get(self._policies, timeout=30)
        answer.raise_for_status()
        return answer.json()["policies"]

    def rules(self, rule_type: str | None = None) -> list[dict[str, Any]]:
        """Return the attributes of all rules (of a type), without what the server added."""
        return [
            {name: value for name, value in rule.items() if name not in _ADDED}
            for policy in self.policies()
            for rule in policy["rules"]
            if rule_type in (None, rule["type"])
        ]

    def ids(self) -> list[str]:
        """Return the ids of all rules."""
        return [rule["id"] for policy in self.policies() for rule in policy["rules"]]

    def clear(self) -> None:
        """Delete every policy."""
        for policy in self.policies():
            requests.delete(f"{self._policies}/{policy['id']}", timeout=30).raise_for_status()


_ADDED = ("id", "qos_policy_id", "type", "max_burst_kbps")
