# SPDX-License-Identifier: Apache-2.0
"""The places in Neutron where we register our rules still exist, and know our rules."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from neutron.api import extensions
from neutron.conf import common
from neutron.conf.policies import qos as qos_policies
from neutron.db.migration import cli as migration
from neutron.extensions import qos as qos_extension
from neutron.objects import base, ports
from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule
from neutron.objects.qos import rule_type as qos_rule_type
from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver
from neutron.services.qos import qos_plugin
from neutron.services.qos.drivers import manager as drivers
from neutron.services.qos.drivers.openvswitch import driver as ovs_driver
from neutron_lib.api.definitions import qos as qos_apidef
from neutron_lib.exceptions import qos as qos_exceptions
from neutron_lib.services.qos import constants
from oslo_config import cfg

from networking_netem.domain.rule_types import RULE_TYPES
from networking_netem.extensions import qos_netem
from networking_netem.rules import objects
from networking_netem.server import body, plugin, seam
from networking_netem.server.address import Address
from tests.support.values import least

NAMES = [rule_type.name for rule_type in RULE_TYPES]
ID = "11111111-1111-1111-1111-111111111111"


@pytest.fixture(autouse=True)
def applied() -> None:
    seam.apply()


def test_applying_again_changes_nothing() -> None:
    registered = base.NeutronObjectRegistry.obj_classes()

    def state() -> tuple:
        return (
            list(constants.VALID_RULE_TYPES),
            dict(qos_extension.QoSPluginBase.rule_objects),
            {name: dict(each) for name, each in _driver().supported_rules.items()},
            [registered[cls.__name__] for cls in objects.BY_TYPE.values()],
        )

    before = state()
    seam.apply()
    assert state() == before
    assert [constants.VALID_RULE_TYPES.count(name) for name in NAMES] == [1] * len(NAMES)


def test_the_field_of_rule_types_holds_the_list_itself() -> None:
    field = qos_rule_type.QosRuleType.fields["type"]
    for name in NAMES:
        assert field.coerce(None, "type", name) == name, (
            "RuleTypeField no longer holds VALID_RULE_TYPES by reference: "
            "GET /qos/rule-types will fail once our types are in it"
        )


def test_get_rules_still_looks_classes_up_in_its_module() -> None:
    for cls in objects.BY_TYPE.values():
        assert getattr(qos_rule, cls.__name__) is cls
    assert "getattr" in _names_used_by(qos_rule.get_rules), (
        "neutron.objects.qos.rule.get_rules no longer finds rule classes by name: "
        "policies will come without our rules"
    )


def _driver() -> ovs_driver.OVSDriver:
    """The QoS driver that a mechanism driver registers."""
    ovs_driver.register()
    return ovs_driver.DRIVER


def test_the_driver_of_open_vswitch_supports_our_rules() -> None:
    assert set(_driver().supported_rules) >= set(NAMES), (
        "OVSDriver.create no longer makes the driver that is registered: it will refuse our rules"
    )


def test_a_driver_made_before_supports_our_rules_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made = seam._stock_create()
    monkeypatch.setattr(ovs_driver, "DRIVER", made)
    seam.apply()
    assert ovs_driver.DRIVER is made
    assert set(made.supported_rules) >= set(NAMES)


def test_stock_types_keep_their_methods() -> None:
    methods = {name for name in vars(qos_extension.QoSPluginBase) if "_policy_" in name}
    ours = {f"{verb}_policy_{name}_rule" for verb in ("get", "update", "delete") for name in NAMES}
    general = {f"{verb}_policy_rule" for verb in ("create", "get", "update", "delete")}
    assert methods == ours | general | {"get_policy_rules"}


def test_neutrons_own_agent_driver_is_given_what_it_can_handle() -> None:
    # A port without a policy is cleaned by the handlers of all of them.
    for rule_type in qos_driver.QosOVSAgentDriver.SUPPORTED_RULES:
        handler = getattr(qos_driver.QosOVSAgentDriver, f"delete_{rule_type}", None)
        assert callable(handler), (
            f"Neutron's own agent has no delete_{rule_type}, and needs one now"
        )


def test_the_lookup_finds_a_rule_at_its_address_only() -> None:
    rule_id, other_id = ID, ID.replace("1", "2")
    policy = qos_policy.QosPolicy(
        id=ID,
        rules=[
            objects.QosDelayRule(id=rule_id, delay_ms=1, direction="egress"),
            qos_rule.QosBandwidthLimitRule(id=other_id, max_kbps=1),
        ],
    )
    assert policy.get_rule_by_id(other_id).max_kbps == 1
    assert policy.get_rule_by_id(Address.of("delay", rule_id)).delay_ms == 1
    for wrong in (rule_id, Address.of("loss", rule_id), Address.of("delay", other_id)):
        with pytest.raises(qos_exceptions.QosRuleNotFound):
            policy.get_rule_by_id(wrong)


def test_the_api_still_resolves_methods_through_rule_objects() -> None:
    for name in NAMES:
        for method in (f"create_policy_{name}_rule", f"get_policy_{name}_rules"):
            assert qos_extension.QoSPluginBase.__getattr__(_Anything(), method), method


def test_the_common_fields_of_rules_are_still_where_they_were() -> None:
    assert "id" in getattr(qos_apidef, "_QOS_RULE_COMMON_FIELDS", {}), (
        "neutron_lib.api.definitions.qos._QOS_RULE_COMMON_FIELDS, a private name, is gone: "
        "seam.rule_common_fields() must take the attributes that each rule has from elsewhere"
    )
    assert set(seam.rule_common_fields()) <= {"id", "tenant_id", "project_id"}


def _port(**binding: Any) -> ports.Port:
    bound = {"host": "host", "vnic_type": "normal", "vif_details": {}, "status": "ACTIVE"}
    return ports.Port(
        id=ID, network_id=ID, bindings=[ports.PortBinding(port_id=ID, **{**bound, **binding})]
    )


def _plugin() -> qos_plugin.QoSPlugin:
    """Neutron's QoS plugin without a server; its driver manager has no drivers."""
    made = object.__new__(qos_plugin.QoSPlugin)
    made.driver_manager = object.__new__(drivers.QosServiceDriverManager)
    made.driver_manager._drivers = []
    return made


@pytest.mark.parametrize("vif_type", ["bridge", "macvtap", "hw_veb", "vhostuser", "tap"])
def test_each_rule_is_still_asked_about_each_port(vif_type: str) -> None:
    rule = objects.QosDelayRule(delay_ms=1, delay_correlation_ms=0, direction="egress")
    policy, said = qos_policy.QosPolicy(id=ID, rules=[rule]), ""
    try:
        _plugin().validate_policy_for_port(None, policy, _port(vif_type=vif_type))
    except qos_exceptions.QosRuleNotSupported as refusal:
        said = str(refusal)
    assert f"its binding:vif_type is {vif_type}, and only ovs is served" in said, (
        "QoSPlugin no longer asks QosServiceDriverManager.validate_rule_for_port: "
        "our rules will be attached to any port, or refused without a reason"
    )


def test_neutron_still_answers_for_ports_that_we_serve() -> None:
    manager = _plugin().driver_manager
    manager._drivers.append(ovs_driver.OVSDriver.create())
    for rule_type in RULE_TYPES:
        values = {
            **least(rule_type),
            **{each.name: each.minimum + 10**-each.decimals for each in rule_type.numbers},
        }
        rule = objects.BY_TYPE[rule_type.name](direction="ingress", **values)
        assert manager.validate_rule_for_port(None, rule, _port(vif_type="ovs")), (
            "Neutron's validators refuse a decimal, or the arguments have changed: "
            f"no port will take a {rule.rule_type} rule"
        )


def test_a_rule_is_still_got_by_these_arguments() -> None:
    names = list(inspect.signature(qos_plugin.QoSPlugin.get_policy_rule).parameters)
    assert names[:5] == ["self", "context", "rule_cls", "rule_id", "policy_id"], (
        "server/address.py calls get_policy_rule in that order: no rule of ours will be shown"
    )


def test_what_travels_still_goes_through_our_two_methods() -> None:
    rule = objects.QosDelayRule(delay_ms=0.5, delay_correlation_ms=0, direction="egress")
    rule.qos_policy_id = ID
    sent = qos_policy.QosPolicy(id=ID, rules=[rule]).obj_to_primitive()
    data = sent["versioned_object.data"]
    assert (data["rules"], len(data.get("netem_rules", []))) == ([], 1), (
        "obj_to_primitive no longer writes rules that way: hosts without this package lose policies"
    )
    arrived = base.NeutronObject.clean_obj_from_primitive(json.loads(json.dumps(sent)))
    assert [each.delay_ms for each in arrived.rules] == [0.5], (
        "oslo.versionedobjects no longer reads through _obj_from_primitive: agents lose our rules"
    )


def test_the_body_is_still_read_by_neutrons_deserializer() -> None:
    read = body.Deserializer().deserialize(b'{"delay_rule": {}}')
    assert read == {"body": {"delay_rule": {}}}, (
        "JSONDeserializer of the API answers otherwise: every request to our rules will fail"
    )


def test_the_extension_is_still_found_by_its_folder_and_its_name() -> None:
    if "api_extensions_path" not in cfg.CONF:  # a server in this process may have set it
        common.register_core_common_config_opts(cfg.CONF)
    loaded = object.__new__(plugin.NetemPlugin)
    found = extensions.get_extensions_path({"netem": loaded}).split(":")
    folder = str(Path(qos_netem.__file__).parent)
    assert folder in found, (
        "Neutron no longer looks into the package of a service plugin for `extensions`: "
        "it will not start, for want of the extension qos-netem"
    )
    assert "qos-netem" in extensions.ExtensionManager(folder).extensions, (
        "Neutron no longer takes the class Qos_netem from qos_netem.py"
    )


def test_the_stock_policies_are_still_called_so() -> None:
    names = {rule.name for rule in qos_policies.list_rules()}
    for verb in ("get", "create", "update", "delete"):
        assert f"{verb}_policy_bandwidth_limit_rule" in names, (
            "our policies refer to a rule that Neutron has no more: nobody may touch our rules"
        )


def test_our_migrations_still_lie_in_folders_that_are_read() -> None:
    versions = Path(plugin.__file__).parent / "migration" / "alembic_migrations" / "versions"
    folders = {file.parent.relative_to(versions).parts for file in versions.rglob("*_*.py")}
    assert folders
    for release, branch in folders:
        assert release in migration.RELEASES, (
            f"neutron-db-manage no longer looks into {release}: our tables will not be created"
        )
        assert branch in migration.MIGRATION_BRANCHES


class _Anything:
    """Has the attributes that QoSPluginBase.__getattr__ reads."""

    rule_objects = qos_extension.QoSPluginBase.rule_objects
    qos_rule_method_patterns = qos_extension.QoSPluginBase.qos_rule_method_patterns
    _call_proxy_method = qos_extension.QoSPluginBase._call_proxy_method


def _names_used_by(function: object) -> tuple:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function.__code__.co_names
