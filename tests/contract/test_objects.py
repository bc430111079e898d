# SPDX-License-Identifier: Apache-2.0
"""The versioned objects that travel from server to agents."""

from __future__ import annotations

import json

import pytest
from neutron.objects import base
from neutron.objects.qos import policy as qos_policy
from neutron.objects.qos import rule as qos_rule
from neutron_lib import context
from oslo_versionedobjects import fixture

from networking_netem.domain.rule_types import RULE_TYPES, RuleType
from networking_netem.rules import objects
from networking_netem.server import seam
from tests.support.neutron_api import NeutronApi
from tests.support.values import least

# The fields that a peer of the same version expects. A change here changes what is sent, so agents
# that are not upgraded yet must be thought of.
FINGERPRINTS = {
    "QosDelayRule": "1.0-c68b79294953d85702c905c5e2037a0c",
    "QosLossRule": "1.1-66200a67db1b1aa7399420cc05a74838",
    "QosDuplicateRule": "1.0-157e4b62e8ac2e74135028d7e4e929bf",
    "QosCorruptRule": "1.0-36daa11831094cb6c8655f1174c017d9",
    "QosReorderRule": "1.0-8e006de28c14d728d48730334ff3e42b",
    "QosSelectorRule": "1.0-5a21f310ffea7c9ba24fc982678b0794",
    "QosTimelineRule": "1.0-6e1dfe0da5ed09452525ce679a7aeb89",
}

POLICY_ID = "11111111-1111-1111-1111-111111111111"


def test_fingerprints() -> None:
    classes = {cls.__name__: [cls] for cls in objects.BY_TYPE.values()}
    assert fixture.ObjectVersionChecker(classes).get_hashes() == FINGERPRINTS


@pytest.mark.parametrize(
    "rule",
    [
        objects.QosDelayRule(delay_ms=100, delay_correlation_ms=0.5, direction="egress"),
        objects.QosLossRule(loss_pct=0.1, loss_burst_packets=2.5, direction="ingress"),
        objects.QosDuplicateRule(duplicate_pct=2, direction="egress"),
        objects.QosCorruptRule(corrupt_pct=0.0001, direction="ingress"),
        objects.QosReorderRule(reorder_pct=100, direction="egress"),
        objects.QosSelectorRule(
            action="pass",
            priority=0,
            ethertype="IPv6",
            protocol="tcp",
            port_range_min=22,
            port_range_max=None,
            remote_ip_prefix="fd00::/8",
            direction="ingress",
        ),
    ],
    ids=lambda rule: rule.rule_type,
)
def test_a_policy_arrives_with_its_rules(rule: objects.rule.QosRule) -> None:
    seam.apply()
    rule.qos_policy_id = POLICY_ID
    sent = qos_policy.QosPolicy(id=POLICY_ID, rules=[rule])
    travelling = json.dumps(sent.obj_to_primitive())
    arrived = base.NeutronObject.obj_from_primitive(json.loads(travelling))
    assert [each.to_dict() for each in arrived.rules] == [rule.to_dict()]
    assert json.dumps(arrived.rules[0].to_dict()) == json.dumps(rule.to_dict())


def test_rules_of_a_type_differ_by_direction_only() -> None:
    one = objects.QosDelayRule(delay_ms=1, direction="egress")
    assert one.duplicates(objects.QosDelayRule(delay_ms=2, direction="egress"))
    assert not one.duplicates(objects.QosDelayRule(delay_ms=1, direction="ingress"))
    assert not one.duplicates(objects.QosLossRule(loss_pct=1, direction="egress"))


def test_selectors_differ_by_priority_too() -> None:
    one = objects.QosSelectorRule(priority=1, direction="egress")
    assert one.duplicates(objects.QosSelectorRule(priority=1, direction="egress"))
    assert not one.duplicates(objects.QosSelectorRule(priority=2, direction="egress"))


def test_a_rule_has_a_direction_and_no_jitter_by_default() -> None:
    rule = objects.QosDelayRule(delay_ms=1)
    rule.obj_set_defaults()
    assert (rule.delay_correlation_ms, rule.direction) == (0, "egress")


@pytest.mark.parametrize("rule_type", RULE_TYPES, ids=lambda rule_type: rule_type.name)
def test_deleting_a_policy_deletes_its_rules(
    api: NeutronApi, policy: str, rule_type: RuleType
) -> None:
    made = api.post(f"{policy}/{rule_type.collection}", {rule_type.member: least(rule_type)})
    rule_id = made.body[rule_type.member]["id"]
    assert _rows(rule_type, rule_id) == 1
    assert api.delete(policy).status == 204
    assert _rows(rule_type, rule_id) == 0
    assert api.get(f"{policy}/{rule_type.collection}/{rule_id}").status == 404


def _rows(rule_type: RuleType, rule_id: str) -> int:
    """Return how many rows the database holds for the rule."""
    cls = getattr(qos_rule, f"Qos{rule_type.name.capitalize()}Rule")
    return cls.count(context.get_admin_context(), id=rule_id)
