# SPDX-License-Identifier: Apache-2.0
"""Registers our rules in a server's or an agent's Neutron: in its memory, not on disk."""

from __future__ import annotations

from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule
from neutron_lib.services.qos import constants as qos_constants

from networking_netem.rules import objects, wire


def apply() -> None:
    """Register the rules in this process, before or after any import; repeating changes nothing."""
    for name, cls in objects.BY_TYPE.items():
        # RuleTypeField of neutron.objects.qos.rule_type holds this list by reference (17-29).
        if name not in qos_constants.VALID_RULE_TYPES:
            qos_constants.VALID_RULE_TYPES.append(name)

        # get_rules() looks up Qos<RuleType>Rule by name in its own module (17-29).
        setattr(qos_rule, cls.__name__, cls)

    # QosPolicy inherits both from oslo.versionedobjects (17-29). `wire` calls the inherited ones.
    qos_policy.QosPolicy.obj_to_primitive = wire.obj_to_primitive
    qos_policy.QosPolicy._obj_from_primitive = classmethod(wire.obj_from_primitive)
