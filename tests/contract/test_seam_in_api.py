# SPDX-License-Identifier: Apache-2.0
"""The seam in a running Neutron: either order of plugins, and the check of each port."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from neutron.objects.qos import policy as qos_policy
from neutron.services.qos.drivers import manager as drivers

from networking_netem.domain.rule_types import RULE_TYPES
from networking_netem.extensions import qos_netem
from networking_netem.rules import objects
from networking_netem.server import body
from tests.support import neutron_api
from tests.support.neutron_api import NeutronApi

# Runs before Neutron is imported. The plugins are in the other order than in other tests.
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

from tests.support import neutron_api

api = neutron_api.start(Path(sys.argv[1]))
policy = api.post("/qos/policies", {"policy": {"name": "unstable"}}).body["policy"]["id"]
at = f"/qos/policies/{policy}/delay_rules"
assert api.post(at, {"delay_rule": {"delay_ms": 100}}).status == 201
assert api.get(f"/qos/policies/{policy}").body["policy"]["rules"][0]["type"] == "delay"
assert {"delay", "loss"} < {t["type"] for t in api.get("/qos/rule-types").body["rule_types"]}
"""


def test_ports_are_validated_by_the_manager_of_drivers(api: NeutronApi) -> None:
    from neutron_lib.plugins import directory

    assert type(directory.get_plugin("QOS").driver_manager) is drivers.QosServiceDriverManager


def test_the_api_still_calls_the_methods_that_we_replace(api: NeutronApi) -> None:
    for rule_type in RULE_TYPES:
        controller = body.Controller(
            None,
            rule_type.collection,
            rule_type.member,
            qos_netem.attribute_map(rule_type),
            parent=qos_netem.PARENT,
        )
        assert controller._plugin_handlers == {
            "list": f"get_policy_{rule_type.collection}",
            **{
                verb: f"{'get' if verb == 'show' else verb}_policy_{rule_type.member}"
                for verb in ("show", "create", "update", "delete")
            },
        }, "the API calls the plugin by other names: the seam's get_policy_<type>_rule is unused"


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
