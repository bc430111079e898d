# SPDX-License-Identifier: Apache-2.0
"""Our rule types in the form in which Neutron's QoS drivers declare what they support."""

from __future__ import annotations

from typing import Any, Dict

from networking_netem.domain.attribute import Choice, Number, Whole
from networking_netem.domain.rule_types import RULE_TYPES, RuleType


def supported_rules() -> Dict[str, Dict[str, Any]]:
    """Return the attributes of each rule type and their validators, by name.

    The API of rule types knows only these two validators (17-29). Neither takes null, nor a text of
    many, nor a list, so attributes that may have those are left out. type:range checks only the
    whole part of a decimal (neutron_lib validate_range). The API has parsed each value before.
    """
    return {rule_type.name: _validators(rule_type) for rule_type in RULE_TYPES}


def _validators(rule_type: RuleType) -> Dict[str, Any]:
    validators: Dict[str, Any] = {}
    for attribute in rule_type.attributes:
        if attribute.is_optional:
            continue
        if isinstance(attribute, Choice):
            validators[attribute.name] = {"type:values": list(attribute.choices)}
        elif isinstance(attribute, (Number, Whole)):
            validators[attribute.name] = {"type:range": [attribute.minimum, attribute.maximum]}
    return validators
