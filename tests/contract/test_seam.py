# SPDX-License-Identifier: Apache-2.0
"""The places where Neutron is told of our rules are still there, and all know them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from neutron.extensions import qos as qos_extension
from neutron.objects import base
from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule
from neutron.objects.qos import rule_type as qos_rule_type
from neutron.plugins.ml2.drivers.openvswitch.agent.extension_drivers import qos_driver
from neutron.services.qos.drivers import manager as drivers
from neutron.services.qos.drivers.openvswitch import driver as ovs_driver
from neutron_lib.api.definitions import qos as qos_apidef
from neutron_lib.services.qos import constants

from networking_netem.domain.rules import RULE_TYPES
from networking_netem.server import objects, seam
from tests import neutron_api
from tests.neutron_api import NeutronApi

NAMES = [rule_type.name for rule_type in RULE_TYPES]

# Before anything of Neutron, with the plugins the other way round than in the other tests.
OTHER_ORDER = """
import json, sys
from pathlib import Path

from networking_netem.server import seam

seam.apply()

# An agent stops here: it understands a policy without a database and without an API of ours.
from neutron.objects import base
from neutron.objects.qos import policy
from neutron_lib.db import api as db_api

arrived = base.NeutronObject.obj_from_primitive(json.loads(sys.argv[2]))
assert arrived.rules[0].delay_ms == 0.5
assert not db_api.get_context_manager()._factory._started
for module in ("neutron.services.qos.qos_plugin", "networking_netem.server.plugin"):
    assert module not in sys.modules, module

from tests import neutron_api

api = neutron_api.start(Path(sys.argv[1]))
policy = api.post("/qos/policies", {"policy": {"name": "unstable"}}).body["policy"]["id"]
at = f"/qos/policies/{policy}/delay_rules"
assert api.post(at, {"delay_rule": {"delay_ms": 100}}).status == 201
assert api.get(f"/qos/policies/{policy}").body["policy"]["rules"][0]["type"] == "delay"
assert {"delay", "loss"} < {t["type"] for t in api.get("/qos/rule-types").body["rule_types"]}
"""


@pytest.fixture(autouse=True)
def applied() -> None:
    seam.apply()


def test_applying_again_changes_nothing() -> None:
    def state() -> tuple:
        return (
            list(constants.VALID_RULE_TYPES),
            dict(qos_extension.QoSPluginBase.rule_objects),
            {name: dict(each) for name, each in ovs_driver.SUPPORTED_RULES.items()},
            [base.NeutronObjectRegistry.obj_classes()[cls.__name__] for cls in objects.CLASSES],
        )

    before = state()
    seam.apply()
    assert state() == before
    assert [constants.VALID_RULE_TYPES.count(name) for name in NAMES] == [1, 1]


def test_the_field_of_rule_types_holds_the_list_itself() -> None:
    field = qos_rule_type.QosRuleType.fields["type"]
    for name in NAMES:
        assert field.coerce(None, "type", name) == name, (
            "RuleTypeField no longer holds VALID_RULE_TYPES by reference: "
            "GET /qos/rule-types will fail once our types are in it"
        )


def test_get_rules_still_looks_classes_up_in_its_module() -> None:
    for cls in objects.CLASSES:
        assert getattr(qos_rule, cls.__name__) is cls
    assert "getattr" in _names_used_by(qos_rule.get_rules), (
        "neutron.objects.qos.rule.get_rules no longer finds rule classes by name: "
        "policies will come without our rules"
    )


def test_both_drivers_of_open_vswitch_share_one_dict() -> None:
    for driver in (ovs_driver.OVSDriver.create(), qos_driver.QosOVSAgentDriver):
        supported = getattr(driver, "supported_rules", None) or driver.SUPPORTED_RULES
        assert supported is ovs_driver.SUPPORTED_RULES, (
            f"{driver} no longer shares SUPPORTED_RULES: it will refuse our rules"
        )


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


def test_ports_are_still_validated_through_the_manager_of_drivers(api: NeutronApi) -> None:
    from neutron_lib.plugins import directory

    assert type(directory.get_plugin("QOS").driver_manager) is drivers.QosServiceDriverManager
    assert "validate_rule_for_port" in _names_used_by(_qos_plugin().validate_policy_for_port), (
        "QoSPlugin no longer asks validate_rule_for_port: our rules will be attached to any port"
    )


def _qos_plugin() -> type:
    from neutron.services.qos import qos_plugin as module

    return module.QoSPlugin


class _Anything:
    """Has what QoSPluginBase.__getattr__ asks its instance for."""

    rule_objects = qos_extension.QoSPluginBase.rule_objects
    qos_rule_method_patterns = qos_extension.QoSPluginBase.qos_rule_method_patterns
    _call_proxy_method = qos_extension.QoSPluginBase._call_proxy_method


def test_the_order_of_imports_and_of_plugins_is_free(api: NeutronApi, tmp_path: Path) -> None:
    database = f"sqlite:///{api.root}/neutron.sqlite?timeout=10"
    conf = neutron_api.configure(tmp_path, service_plugins="netem,qos", database=database)
    rule = objects.QosDelayRule(delay_ms=0.5, delay_correlation_ms=0, direction="egress")
    sent = qos_policy.QosPolicy(id="11111111-1111-1111-1111-111111111111", rules=[rule])

    done = subprocess.run(
        [sys.executable, "-c", OTHER_ORDER, str(conf), json.dumps(sent.obj_to_primitive())],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def _names_used_by(function: object) -> tuple:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function.__code__.co_names
