# SPDX-License-Identifier: Apache-2.0
"""Where Neutron is told of our rules in servers and agents alike: changes in its memory only."""

from __future__ import annotations

from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule
from neutron_lib.services.qos import constants as qos_constants

from networking_netem.rules import objects, wire


def apply() -> None:
    """Make this process know the rules. Harmless when repeated, before or after any import."""
    for name, cls in objects.BY_TYPE.items():
        # A list that RuleTypeField of neutron.objects.qos.rule_type holds by reference (17-29).
        if name not in qos_constants.VALID_RULE_TYPES:
            qos_constants.VALID_RULE_TYPES.append(name)

        # get_rules() looks up Qos<RuleType>Rule by name in its own module (17-29).
        setattr(qos_rule, cls.__name__, cls)

    # QosPolicy inherits both from oslo.versionedobjects (17-29); wire calls those.
    qos_policy.QosPolicy.obj_to_primitive = wire.obj_to_primitive
    qos_policy.QosPolicy._obj_from_primitive = classmethod(wire.obj_from_primitive)
