# SPDX-License-Identifier: Apache-2.0
"""Every change that we make to Neutron's server, in its memory, so that it knows our rule types.

What differs between the releases of the server (17-29) is here too.
"""

from __future__ import annotations

from typing import Any, Dict

from neutron.api.v2 import resource as wsgi_resource
from neutron.extensions import qos as qos_extension
from neutron.objects.qos import policy as qos_policy
from neutron.services.qos.drivers import manager as drivers
from neutron.services.qos.drivers.openvswitch import driver as ovs_driver
from neutron_lib.api.definitions import qos as qos_apidef
from neutron_lib.callbacks import events, registry, resources

from networking_netem.rules import objects, register
from networking_netem.rules.supported import supported_rules
from networking_netem.server import address, attach, conflicts, runs, selectors, timelines

# It is in neutron.wsgi in 17 and 21, in neutron.api.wsgi in 26 to 29. All know it by this name.
JSONDeserializer = wsgi_resource.wsgi.JSONDeserializer

# Before they are replaced: this module is imported once.
_stock_validate_rule_for_port = drivers.QosServiceDriverManager.validate_rule_for_port
_stock_create = ovs_driver.OVSDriver.create


def apply() -> None:
    """Make this server know our rules, before or after any import; repeating changes nothing."""
    register.apply()

    # The plugin finds the class of a rule for create_policy_<type>_rule and others here (17-29).
    for name, cls in objects.BY_TYPE.items():
        qos_extension.QoSPluginBase.rule_objects.setdefault(name, cls)

    # The API gets a rule before it changes or deletes it, by these names (17-29). Stock types keep
    # Neutron's methods, and those find no rule of ours.
    for name, method in address.methods():
        setattr(qos_extension.QoSPluginBase, name, method)
    qos_policy.QosPolicy.get_rule_by_id = address.get_rule_by_id

    # The mechanism driver makes its QoS driver by this method, and keeps it here (17-29).
    ovs_driver.OVSDriver.create = staticmethod(_create)
    if ovs_driver.DRIVER:
        _support(ovs_driver.DRIVER)

    # Neutron does not say why it refuses a port that no driver supports (17-29).
    drivers.QosServiceDriverManager.validate_rule_for_port = _validate_rule_for_port
    registry.subscribe(attach.refuse_change, resources.PORT, events.PRECOMMIT_UPDATE)
    conflicts.refuse()
    runs.refuse()
    selectors.refuse()
    timelines.refuse()


def rule_common_fields() -> Dict[str, Any]:
    """Return the API attributes that every rule has in this release: `id`, and some `tenant_id`.

    `tenant_id` is there up to 21 (neutron-lib 3.1). 17 needs it in bodies without keystone.
    """
    return dict(qos_apidef._QOS_RULE_COMMON_FIELDS)


def _create() -> Any:
    return _support(_stock_create())


def _support(driver: Any) -> Any:
    """Return a QoS driver of Neutron's, which supports our rules from now on.

    It gets a dict of its own: Neutron's is that of the agent's driver too, which asks itself for a
    handler of each type in it (17-29).
    """
    driver.supported_rules = {**driver.supported_rules, **supported_rules()}
    return driver


def _validate_rule_for_port(self: Any, context: Any, rule: Any, port: Any) -> Any:
    attach.refuse_unserved(rule, port)
    return _stock_validate_rule_for_port(self, context, rule, port)
