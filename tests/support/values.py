# SPDX-License-Identifier: Apache-2.0
"""The least that a rule of each type of ours must be given."""

from __future__ import annotations

from networking_netem.domain.rule_types import RULE_TYPES

VALUES = {
    rule_type.name: {each.name: 1 for each in rule_type.attributes if each.default is None}
    for rule_type in RULE_TYPES
}
