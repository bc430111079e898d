# SPDX-License-Identifier: Apache-2.0
"""The least that a rule must be given."""

from __future__ import annotations

from typing import Any, Dict

from networking_netem.domain.attribute import Attribute, Choice
from networking_netem.domain.rule_types import RULE_TYPES, RuleType
from networking_netem.domain.steps import StepList


def least(rule_type: RuleType) -> Dict[str, Any]:
    """The attributes that a new rule must have: the first of some words, or the number 1."""
    return {each.name: _least(each) for each in rule_type.attributes if each.is_required}


def _least(attribute: Attribute) -> Any:
    if isinstance(attribute, Choice):
        return attribute.choices[0]
    if isinstance(attribute, StepList):
        return [{"at_ms": 0, "delay_ms": 1}]
    return 1


VALUES = {rule_type.name: least(rule_type) for rule_type in RULE_TYPES}
"""The values of each type of ours."""
