# SPDX-License-Identifier: Apache-2.0
"""The methods of neutronclient's `Client` for our rules, named as those for Neutron's own rules.

Each rule type has `list_<type>_rules`, and `show_`, `create_`, `update_`, `delete_<type>_rule`.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from neutronclient.v2_0 import client

from networking_netem.domain.rule_types import RULE_TYPES, RuleType

Body = Dict[str, Any]


def install() -> None:
    """Give the methods to every `Client`, old and new; a second call changes nothing."""
    # The methods that neutronclient makes itself (`object_path`, 7.2 to 14) are not used, because
    # their arguments are called `obj` and `parent_id`.
    for rule_type in RULE_TYPES:
        for name, method in methods(rule_type).items():
            method.__name__ = name
            setattr(client.Client, name, method)


def methods(rule_type: RuleType) -> Dict[str, Callable[..., Any]]:
    """Return the five methods for rules of a type, by name."""
    member = rule_type.member

    def rules_at(policy: str) -> str:
        return f"/qos/policies/{policy}/{rule_type.collection}"

    def rule_at(rule: str, policy: str) -> str:
        return f"{rules_at(policy)}/{rule}"

    def list_rules(
        self: client.Client, policy: str, retrieve_all: bool = True, **_params: Any
    ) -> Body:
        """Return the rules of this type in a policy."""
        return self.list(rule_type.collection, rules_at(policy), retrieve_all, **_params)

    def show_rule(self: client.Client, rule: str, policy: str, **_params: Any) -> Body:
        """Return one rule."""
        return self.get(rule_at(rule, policy), params=_params)

    def create_rule(self: client.Client, policy: str, body: Optional[Body] = None) -> Body:
        """Create a rule: the body is `{"<type>_rule": {…}}`."""
        return self.post(rules_at(policy), body=body)

    def update_rule(
        self: client.Client, rule: str, policy: str, body: Optional[Body] = None
    ) -> Body:
        """Change the attributes of a rule that the body names."""
        return self.put(rule_at(rule, policy), body=body)

    def delete_rule(self: client.Client, rule: str, policy: str) -> None:
        """Delete a rule."""
        return self.delete(rule_at(rule, policy))

    return {
        f"list_{rule_type.collection}": list_rules,
        f"show_{member}": show_rule,
        f"create_{member}": create_rule,
        f"update_{member}": update_rule,
        f"delete_{member}": delete_rule,
    }
