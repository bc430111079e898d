# SPDX-License-Identifier: Apache-2.0
"""Where Neutron is told of our rule types: every change we make in its memory, and no other.

And what of the server is not in the same place, or not the same, in each release (17-29).
"""

from __future__ import annotations

from typing import Any, Callable, Dict

from neutron.api.v2 import resource as wsgi_resource
from neutron.extensions import qos as qos_extension
from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule
from neutron.services.qos.drivers import manager as drivers
from neutron.services.qos.drivers.openvswitch import driver as ovs_driver
from neutron_lib.api.definitions import qos as qos_apidef
from neutron_lib.db import utils as db_utils
from neutron_lib.exceptions import qos as qos_exceptions
from neutron_lib.services.qos import constants as qos_constants

from networking_netem.domain import rules
from networking_netem.rules import objects, wire
from networking_netem.server import attach

# From neutron.wsgi in 17 and 21, from neutron.api.wsgi in 26 to 29; under this name in all.
JSONDeserializer = wsgi_resource.wsgi.JSONDeserializer

# Before it is replaced: this module is imported once.
_stock_validate_rule_for_port = drivers.QosServiceDriverManager.validate_rule_for_port


def apply() -> None:
    """Make this process know the rule types. Harmless when repeated, before or after any import."""
    for rule_type, cls in zip(rules.RULE_TYPES, objects.CLASSES):
        # A list that RuleTypeField of neutron.objects.qos.rule_type holds by reference (17-29).
        if rule_type.name not in qos_constants.VALID_RULE_TYPES:
            qos_constants.VALID_RULE_TYPES.append(rule_type.name)

        # get_rules() looks up Qos<RuleType>Rule by name in its own module (17-29).
        setattr(qos_rule, cls.__name__, cls)

        # create_policy_<type>_rule and its kin are resolved through this dict (17-29).
        qos_extension.QoSPluginBase.rule_objects.setdefault(rule_type.name, cls)

        # The mechanism driver and the agent's driver share this dict by reference (17-29).
        ovs_driver.SUPPORTED_RULES.setdefault(rule_type.name, _supported(rule_type))

    # Stock get_policy_rule() looks at type and id, not at the policy (17, 21), or at policy and
    # id, not at the type (29), where a rule could so be changed and deleted at any type's path.
    # The API layer gets a rule through these methods before it changes or deletes it.
    for name in qos_extension.QoSPluginBase.rule_objects:
        setattr(qos_extension.QoSPluginBase, f"get_policy_{name}_rule", _get_at_its_address(name))

    # A port that no driver takes is refused without a word why (17-29).
    drivers.QosServiceDriverManager.validate_rule_for_port = _validate_rule_for_port

    # QosPolicy inherits both from oslo.versionedobjects (17-29); wire calls those.
    qos_policy.QosPolicy.obj_to_primitive = wire.obj_to_primitive
    qos_policy.QosPolicy._obj_from_primitive = classmethod(wire.obj_from_primitive)


def rule_common_fields() -> Dict[str, Any]:
    """Return the API attributes that every rule has in this release.

    `id`; and `tenant_id` up to 21 (neutron-lib 3.1), which 17 needs in bodies without keystone.
    """
    return dict(qos_apidef._QOS_RULE_COMMON_FIELDS)


def _get_at_its_address(name: str) -> Callable[..., Any]:
    """Return the method that gets a rule of type `name`; it finds ours at their own path only."""

    def get(  # type: ignore[no-untyped-def]
        self, context, rule_id, policy_id, fields=None
    ) -> Dict[str, Any]:
        rule = self.get_policy_rule(context, self.rule_objects[name], rule_id, policy_id)
        at_its_address = rule["type"] == name and rule["qos_policy_id"] == policy_id
        if (name in rules.NAMES or rule["type"] in rules.NAMES) and not at_its_address:
            raise qos_exceptions.QosRuleNotFound(policy_id=policy_id, rule_id=rule_id)
        return db_utils.resource_fields(rule, fields)

    return get


def _validate_rule_for_port(self, context, rule, port):  # type: ignore[no-untyped-def]
    attach.refuse_unserved(rule, port)
    return _stock_validate_rule_for_port(self, context, rule, port)


def _supported(rule_type: rules.RuleType) -> Dict[str, Any]:
    """Return what `rule_type` takes, as QoS drivers declare it.

    The API of rule types understands only these two validators (17-29). type:range looks at
    the whole part of a decimal (neutron_lib validate_range), enough for a value already parsed.
    """
    supported: Dict[str, Any] = {}
    for attribute in rule_type.attributes:
        if isinstance(attribute, rules.Choice):
            supported[attribute.name] = {"type:values": list(attribute.choices)}
        else:
            supported[attribute.name] = {"type:range": [attribute.minimum, attribute.maximum]}
    return supported
