# SPDX-License-Identifier: Apache-2.0
"""Where Neutron's server is told of our rule types: every change in its memory, and no other.

And what of the server is not in the same place, or not the same, in each release (17-29).
"""

from __future__ import annotations

from typing import Any, Callable, Dict

from neutron.api.v2 import resource as wsgi_resource
from neutron.extensions import qos as qos_extension
from neutron.services.qos.drivers import manager as drivers
from neutron.services.qos.drivers.openvswitch import driver as ovs_driver
from neutron_lib.api.definitions import qos as qos_apidef
from neutron_lib.db import utils as db_utils
from neutron_lib.exceptions import qos as qos_exceptions

from networking_netem.domain.rule_types import NAMES
from networking_netem.rules import objects, register
from networking_netem.rules.supported import supported_rules
from networking_netem.server import attach

# From neutron.wsgi in 17 and 21, from neutron.api.wsgi in 26 to 29; under this name in all.
JSONDeserializer = wsgi_resource.wsgi.JSONDeserializer

# Before it is replaced: this module is imported once.
_stock_validate_rule_for_port = drivers.QosServiceDriverManager.validate_rule_for_port


def apply() -> None:
    """Make this server know the rule types. Harmless when repeated, before or after any import."""
    register.apply()

    # create_policy_<type>_rule and its kin are resolved through this dict (17-29).
    for name, cls in objects.BY_TYPE.items():
        qos_extension.QoSPluginBase.rule_objects.setdefault(name, cls)

    # The mechanism driver holds this dict by reference (17-29).
    for name, validators in supported_rules().items():
        ovs_driver.SUPPORTED_RULES.setdefault(name, validators)

    # The API layer gets a rule through these methods before it changes or deletes it. Stock
    # get_policy_rule() does not look at the policy in 17 and 21, nor at the type in 29: a rule
    # could be changed and deleted below another policy, or at another type's path.
    for name in qos_extension.QoSPluginBase.rule_objects:
        setattr(qos_extension.QoSPluginBase, f"get_policy_{name}_rule", _get_at_its_address(name))

    # A port that no driver takes is refused without a word why (17-29).
    drivers.QosServiceDriverManager.validate_rule_for_port = _validate_rule_for_port


def rule_common_fields() -> Dict[str, Any]:
    """Return the API attributes that every rule has in this release.

    `id`; and `tenant_id` up to 21 (neutron-lib 3.1), which 17 needs in bodies without keystone.
    """
    return dict(qos_apidef._QOS_RULE_COMMON_FIELDS)


def _get_at_its_address(name: str) -> Callable[..., Any]:
    """Return the method that gets a rule of type `name`; it finds ours at their own path only."""

    def get(
        self: Any, context: Any, rule_id: str, policy_id: str, fields: Any = None
    ) -> Dict[str, Any]:
        rule = self.get_policy_rule(context, self.rule_objects[name], rule_id, policy_id)
        at_its_address = rule["type"] == name and rule["qos_policy_id"] == policy_id
        if (name in NAMES or rule["type"] in NAMES) and not at_its_address:
            raise qos_exceptions.QosRuleNotFound(policy_id=policy_id, rule_id=rule_id)
        return db_utils.resource_fields(rule, fields)

    return get


def _validate_rule_for_port(self: Any, context: Any, rule: Any, port: Any) -> Any:
    attach.refuse_unserved(rule, port)
    return _stock_validate_rule_for_port(self, context, rule, port)
