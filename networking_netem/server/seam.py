# SPDX-License-Identifier: Apache-2.0
"""Every change that we make to Neutron's server, in its memory, so that it knows our rule types.

What differs between the releases of the server (17-29) is here too.
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

# It is in neutron.wsgi in 17 and 21, in neutron.api.wsgi in 26 to 29. All know it by this name.
JSONDeserializer = wsgi_resource.wsgi.JSONDeserializer

# The original, kept before `apply` replaces it.
_stock_validate_rule_for_port = drivers.QosServiceDriverManager.validate_rule_for_port


def apply() -> None:
    """Make this server know our rules, before or after any import; repeating changes nothing."""
    register.apply()

    # The plugin finds the class of a rule for create_policy_<type>_rule and others here (17-29).
    for name, cls in objects.BY_TYPE.items():
        qos_extension.QoSPluginBase.rule_objects.setdefault(name, cls)

    # The mechanism driver holds this dict by reference (17-29).
    for name, validators in supported_rules().items():
        ovs_driver.SUPPORTED_RULES.setdefault(name, validators)

    # The API layer gets a rule by these methods before it changes or deletes it. Neutron's own
    # get_policy_rule() does not check the policy in 17 and 21, nor the type in 29. So a rule could
    # be changed and deleted at the path of another policy or of another type.
    for name in qos_extension.QoSPluginBase.rule_objects:
        setattr(qos_extension.QoSPluginBase, f"get_policy_{name}_rule", _get_at_its_address(name))

    # Neutron does not say why it refuses a port that no driver supports (17-29).
    drivers.QosServiceDriverManager.validate_rule_for_port = _validate_rule_for_port


def rule_common_fields() -> Dict[str, Any]:
    """Return the API attributes that every rule has in this release: `id`, and some `tenant_id`.

    `tenant_id` is there up to 21 (neutron-lib 3.1). 17 needs it in bodies without keystone.
    """
    return dict(qos_apidef._QOS_RULE_COMMON_FIELDS)


def _get_at_its_address(name: str) -> Callable[..., Any]:
    """Return the method that gets a rule of type `name`; it finds ours only at their own path."""

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
