# SPDX-License-Identifier: Apache-2.0
"""A policy between hosts with and without this package: each gets all rules that it knows."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from neutron.objects import base
from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule

from networking_netem.rules import objects, wire
from networking_netem.server import seam
from tests.support.neutron_api import NeutronApi

POLICY_ID = "11111111-1111-1111-1111-111111111111"

# A Neutron without this package prints the policy it received, and what it would send.
STOCK = """
import json, sys

from neutron.objects import base
from neutron.objects.qos import policy

assert "obj_to_primitive" not in vars(policy.QosPolicy)
assert "_obj_from_primitive" not in vars(policy.QosPolicy)
for primitive in json.load(sys.stdin):
    arrived = base.NeutronObject.clean_obj_from_primitive(primitive)
    print(json.dumps([rule.obj_name() for rule in arrived.rules]), end="\\t")
    print(json.dumps(arrived.obj_to_primitive()))
assert not any(module.startswith("networking_netem") for module in sys.modules)
"""


@pytest.fixture
def policy() -> Any:
    """A policy with one of Neutron's rules between two of ours."""
    seam.apply()
    of = {"qos_policy_id": POLICY_ID}
    rules = [
        objects.QosDelayRule(delay_ms=0.5, delay_correlation_ms=0, direction="ingress", **of),
        qos_rule.QosBandwidthLimitRule(max_kbps=1000, max_burst_kbps=0, direction="egress", **of),
        objects.QosLossRule(loss_pct=1, direction="egress", **of),
    ]
    return qos_policy.QosPolicy(id=POLICY_ID, name="mixed", rules=rules)


def _travelled(primitive: Any) -> Any:
    return json.loads(json.dumps(primitive))


def _rules(arrived: Any) -> list:
    return sorted((rule.to_dict() for rule in arrived.rules), key=str)


def test_a_host_without_the_package_gets_the_other_rules(policy: Any) -> None:
    alone = qos_policy.QosPolicy(id=POLICY_ID, rules=[policy.rules[0]])
    done = subprocess.run(
        [sys.executable, "-c", STOCK],
        input=json.dumps([policy.obj_to_primitive(), alone.obj_to_primitive()]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    (mixed, sent_back), (ours_alone, _) = (line.split("\t") for line in done.stdout.splitlines())
    assert json.loads(mixed) == ["QosBandwidthLimitRule"]
    assert json.loads(ours_alone) == []

    arrived = base.NeutronObject.clean_obj_from_primitive(json.loads(sent_back))
    assert _rules(arrived) == [policy.rules[1].to_dict()]


def test_a_host_with_the_package_gets_them_all(policy: Any) -> None:
    sent = _travelled(policy.obj_to_primitive())
    for cls in (base.NeutronObject, qos_policy.QosPolicy):
        arrived = cls.clean_obj_from_primitive(sent)
        assert _rules(arrived) == _rules(policy)
        assert not arrived.obj_what_changed()


def test_the_version_stays_neutrons_own(policy: Any) -> None:
    assert policy.obj_to_primitive()["versioned_object.version"] == qos_policy.QosPolicy.VERSION
    alone = qos_policy.QosPolicy(id=POLICY_ID, rules=[policy.rules[1]])
    assert wire.OUR_RULES not in alone.obj_to_primitive()["versioned_object.data"]
    assert (
        "rules"
        not in qos_policy.QosPolicy(id=POLICY_ID).obj_to_primitive()["versioned_object.data"]
    )


@pytest.mark.parametrize("older", ["1.8", "1.9"])
def test_ours_reach_a_host_of_an_older_release(policy: Any, older: str) -> None:
    sent = _travelled(policy.obj_to_primitive(target_version=older))
    assert sent["versioned_object.version"] == older
    sent["versioned_object.version"] = qos_policy.QosPolicy.VERSION
    assert _rules(base.NeutronObject.clean_obj_from_primitive(sent)) == _rules(policy)


def test_the_server_answers_a_pull_of_any_release(api: NeutronApi) -> None:
    from neutron.api.rpc.handlers import resources_rpc
    from neutron_lib import context

    created = api.post("/qos/policies", {"policy": {"name": "pulled"}}).body["policy"]["id"]
    rule = {"delay_rule": {"delay_ms": 0.5}}
    assert api.post(f"/qos/policies/{created}/delay_rules", rule).status == 201
    server = resources_rpc.ResourcesPullRpcCallback()
    for version in ("1.8", "1.9", qos_policy.QosPolicy.VERSION):
        admin = context.get_admin_context()
        sent = _travelled(server.pull(admin, qos_policy.QosPolicy.obj_name(), version, created))
        data = sent["versioned_object.data"]
        assert data["rules"] == []
        assert data[wire.OUR_RULES][0]["versioned_object.data"]["delay_ms"] == 0.5


def _from_another_version(policy: Any, **change: Any) -> Any:
    """Return the policy as it is sent, after `change` of the loss rule."""
    sent = _travelled(policy.obj_to_primitive())
    (loss,) = (
        rule
        for rule in sent["versioned_object.data"][wire.OUR_RULES]
        if rule["versioned_object.name"] == "QosLossRule"
    )
    data = change.pop("data", {})
    loss.update({f"versioned_object.{name}": value for name, value in change.items()})
    loss["versioned_object.data"].update(data)
    return sent


@pytest.mark.parametrize(
    "change",
    [
        {"name": "QosTeleportRule"},
        {"name": "QosTeleportRule", "version": "7.3", "data": {"teleport_pct": 5}},
        {"version": "2.0"},
        {"data": {"direction": "any"}},
        {"data": {"loss_pct": "much"}},
    ],
    ids=["class", "class-and-field", "major", "choice", "value"],
)
def test_a_rule_of_another_version_costs_that_rule_alone(
    policy: Any, change: Any, caplog: pytest.LogCaptureFixture
) -> None:
    wire._pass_over.cache_clear()
    sent = _from_another_version(policy, **change)
    for _ in range(2):
        arrived = base.NeutronObject.clean_obj_from_primitive(_travelled(sent))
        assert _rules(arrived) == sorted((each.to_dict() for each in policy.rules[:2]), key=str)
    (said,) = caplog.messages
    assert "are passed over on this host" in said
    assert change.get("name", "QosLossRule") in said


def test_a_newer_minor_version_is_read_as_the_one_known(policy: Any) -> None:
    sent = _from_another_version(policy, version="1.9", data={"loss_smell": 3})
    arrived = base.NeutronObject.clean_obj_from_primitive(sent)
    assert _rules(arrived) == _rules(policy)
    assert not arrived.obj_what_changed()
    ours = [rule for rule in arrived.rules if rule.obj_name() in wire._CLASSES]
    assert all(rule.VERSION == wire._CLASSES[rule.obj_name()].VERSION for rule in ours)


def test_each_change_of_a_rule_raises_the_revision_that_travels(
    api: NeutronApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By it an agent tells which of two policies is the newer one (agent_ovs/seam.py)."""
    from neutron.api.rpc.handlers import resources_rpc

    pushed = []
    monkeypatch.setattr(
        resources_rpc.ResourcesPushRpcApi,
        "push",
        lambda self, context, policies, event: pushed.extend(
            (each.revision_number, len(each.rules)) for each in policies
        ),
    )
    made = api.post("/qos/policies", {"policy": {"name": "revised"}}).body["policy"]["id"]
    rules = {}
    for name, values in (("delay", {"delay_ms": 1}), ("bandwidth_limit", {"max_kbps": 1})):
        path = f"/qos/policies/{made}/{name}_rules"
        answer = api.post(path, {f"{name}_rule": values})
        rules[name] = f"{path}/{answer.body[f'{name}_rule']['id']}"
    assert api.put(rules["delay"], {"delay_rule": {"delay_ms": 2}}).status == 200
    assert api.delete(rules["bandwidth_limit"]).status == 204
    assert api.delete(rules["delay"]).status == 204
    revisions = [revision for revision, _ in pushed]
    assert [count for _, count in pushed][-5:] == [1, 2, 2, 1, 0]
    assert revisions == sorted(set(revisions)), "an agent may take an older policy for the newer"
