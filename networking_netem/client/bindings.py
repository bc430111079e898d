# SPDX-License-Identifier: Apache-2.0
"""The ten methods of neutronclient's `Client`, called like those of Neutron's own rules."""

from __future__ import annotations

from typing import Any, Dict, Optional

from neutronclient.v2_0 import client

from networking_netem.domain.rule_types import DELAY, LOSS, RuleType

Body = Dict[str, Any]


def install() -> None:
    """Give the ten methods to every `Client`, those made already included; twice is as once."""
    # neutronclient's own way (`object_path`, 7.2 to 14) calls the arguments `obj` and `parent_id`.
    for method in _METHODS:
        setattr(client.Client, method.__name__, method)


def _rules(rule_type: RuleType, policy: str) -> str:
    return f"/qos/policies/{policy}/{rule_type.collection}"


def _rule(rule_type: RuleType, rule: str, policy: str) -> str:
    return f"{_rules(rule_type, policy)}/{rule}"


def list_delay_rules(
    self: client.Client, policy: str, retrieve_all: bool = True, **_params: Any
) -> Body:
    """Return the delay rules of a policy."""
    return self.list(DELAY.collection, _rules(DELAY, policy), retrieve_all, **_params)


def show_delay_rule(self: client.Client, rule: str, policy: str, **_params: Any) -> Body:
    """Return one delay rule."""
    return self.get(_rule(DELAY, rule, policy), params=_params)


def create_delay_rule(self: client.Client, policy: str, body: Optional[Body] = None) -> Body:
    """Create a delay rule: `{"delay_rule": {"delay_ms": 100}}`."""
    return self.post(_rules(DELAY, policy), body=body)


def update_delay_rule(
    self: client.Client, rule: str, policy: str, body: Optional[Body] = None
) -> Body:
    """Change the attributes of a delay rule that the body names."""
    return self.put(_rule(DELAY, rule, policy), body=body)


def delete_delay_rule(self: client.Client, rule: str, policy: str) -> None:
    """Delete a delay rule."""
    return self.delete(_rule(DELAY, rule, policy))


def list_loss_rules(
    self: client.Client, policy: str, retrieve_all: bool = True, **_params: Any
) -> Body:
    """Return the loss rules of a policy."""
    return self.list(LOSS.collection, _rules(LOSS, policy), retrieve_all, **_params)


def show_loss_rule(self: client.Client, rule: str, policy: str, **_params: Any) -> Body:
    """Return one loss rule."""
    return self.get(_rule(LOSS, rule, policy), params=_params)


def create_loss_rule(self: client.Client, policy: str, body: Optional[Body] = None) -> Body:
    """Create a loss rule: `{"loss_rule": {"loss_pct": 10}}`."""
    return self.post(_rules(LOSS, policy), body=body)


def update_loss_rule(
    self: client.Client, rule: str, policy: str, body: Optional[Body] = None
) -> Body:
    """Change the attributes of a loss rule that the body names."""
    return self.put(_rule(LOSS, rule, policy), body=body)


def delete_loss_rule(self: client.Client, rule: str, policy: str) -> None:
    """Delete a loss rule."""
    return self.delete(_rule(LOSS, rule, policy))


_METHODS = (
    *(list_delay_rules, show_delay_rule, create_delay_rule, update_delay_rule, delete_delay_rule),
    *(list_loss_rules, show_loss_rule, create_loss_rule, update_loss_rule, delete_loss_rule),
)
