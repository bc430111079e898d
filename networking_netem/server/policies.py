# SPDX-License-Identifier: Apache-2.0
"""Who may do what to our rules: whoever may do it to a bandwidth limit rule of the same policy."""

from __future__ import annotations

from typing import List

# Neutron parses its rules when they are imported. Its own checks must be registered by then, or it
# takes `project_id:%(ext_parent…)s` for a plain comparison, which is never true (29).
import neutron.policy  # noqa: F401  isort: skip
from neutron.conf.policies import qos
from oslo_policy import policy

from networking_netem.domain.rule_types import RULE_TYPES, RuleType

_STOCK = "bandwidth_limit"


def list_rules() -> List[policy.DocumentedRuleDefault]:
    """Return the defaults for every verb of every rule type.

    Each refers to Neutron's rule for bandwidth limits, so it is the same in each release and
    follows what an operator makes of that rule.
    """
    stock_rules = {rule.name: rule for rule in qos.list_rules()}
    return [
        _like(stock_rules[f"{verb}_policy_{_STOCK}_rule"], verb, rule_type)
        for rule_type in RULE_TYPES
        for verb in ("get", "create", "update", "delete")
    ]


def _like(
    stock: policy.DocumentedRuleDefault, verb: str, rule_type: RuleType
) -> policy.DocumentedRuleDefault:
    return policy.DocumentedRuleDefault(
        name=stock.name.replace(_STOCK, rule_type.name),
        check_str=f"rule:{stock.name}",
        description=f"{verb.capitalize()} a QoS {rule_type.name} rule",
        operations=[
            {**operation, "path": operation["path"].replace(_STOCK, rule_type.name)}
            for operation in stock.operations
        ],
        scope_types=stock.scope_types,
    )
