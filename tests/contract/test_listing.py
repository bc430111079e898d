# SPDX-License-Identifier: Apache-2.0
"""Lists of rules (fields, filters, order, pages), rules in their policy, and rule types."""

from __future__ import annotations

import pytest

from networking_netem.domain.attribute import Choice
from networking_netem.domain.rule_types import DELAY, RULE_TYPES, RuleType
from networking_netem.domain.steps import StepList
from tests.support.neutron_api import NeutronApi


@pytest.fixture
def delays(api: NeutronApi, policy: str) -> str:
    """The path of two delay rules: 0.5 ms egress, 20 ms ingress."""
    path = f"{policy}/delay_rules"
    for rule in ({"delay_ms": 0.5}, {"delay_ms": 20, "direction": "ingress"}):
        assert api.post(path, {"delay_rule": rule}).status == 201
    return path


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("direction=ingress", [20]),
        ("direction=ingress&direction=egress&sort_key=delay_ms&sort_dir=asc", [0.5, 20]),
        ("delay_ms=20", [20]),
        ("delay_ms=0.5", [0.5]),
        ("delay_ms=0.50&direction=ingress", []),
        ("delay_correlation_ms=0&sort_key=delay_ms&sort_dir=desc", [20, 0.5]),
        ("sort_key=direction&sort_dir=asc", [0.5, 20]),
        ("sort_key=delay_ms&sort_dir=desc&limit=1", [20]),
    ],
)
def test_filters_and_order(api: NeutronApi, delays: str, query: str, expected: list) -> None:
    answer = api.get(f"{delays}?{query}")
    assert [rule["delay_ms"] for rule in answer.body["delay_rules"]] == expected


@pytest.mark.parametrize("query", ["direction=both", "delay_ms=ten", "delay_ms=-1", "colour=red"])
def test_a_filter_that_means_nothing_is_refused(api: NeutronApi, delays: str, query: str) -> None:
    assert api.get(f"{delays}?{query}").status == 400


def test_fields(api: NeutronApi, delays: str) -> None:
    answer = api.get(f"{delays}?fields=delay_ms&fields=direction&sort_key=delay_ms&sort_dir=asc")
    assert answer.body["delay_rules"] == [
        {"delay_ms": 0.5, "direction": "egress"},
        {"delay_ms": 20, "direction": "ingress"},
    ]
    rule_id = api.get(delays).body["delay_rules"][0]["id"]
    assert api.get(f"{delays}/{rule_id}?fields=id").body == {"delay_rule": {"id": rule_id}}


def test_pages(api: NeutronApi, delays: str) -> None:
    first = api.get(f"{delays}?limit=1&sort_key=delay_ms&sort_dir=asc")
    links = {link["rel"]: link["href"] for link in first.body["delay_rules_links"]}
    second = api.get(links["next"].split("/v2.0", 1)[1])
    assert [rule["delay_ms"] for rule in second.body["delay_rules"]] == [20]


def test_several_at_once(api: NeutronApi, policy: str) -> None:
    both = [{"loss_pct": 1}, {"loss_pct": 2, "direction": "ingress"}]
    assert api.post(f"{policy}/loss_rules", {"loss_rules": both}).status == 201
    listed = api.get(f"{policy}/loss_rules?sort_key=loss_pct&sort_dir=asc").body["loss_rules"]
    assert [rule["loss_pct"] for rule in listed] == [1, 2]


def test_several_of_which_one_conflicts_leave_none(api: NeutronApi, policy: str) -> None:
    twice = [{"loss_pct": 1}, {"loss_pct": 2}]
    assert api.post(f"{policy}/loss_rules", {"loss_rules": twice}).status == 409
    assert api.get(f"{policy}/loss_rules").body["loss_rules"] == []


def test_rules_in_the_body_of_their_policy(api: NeutronApi, policy: str) -> None:
    api.post(f"{policy}/bandwidth_limit_rules", {"bandwidth_limit_rule": {"max_kbps": 10000}})
    api.post(f"{policy}/delay_rules", {"delay_rule": {"delay_ms": 100}})
    api.post(f"{policy}/loss_rules", {"loss_rule": {"loss_pct": 0.1}})
    rules = {rule["type"]: rule for rule in api.get(policy).body["policy"]["rules"]}
    assert set(rules) == {"bandwidth_limit", "delay", "loss"}
    assert rules["delay"]["delay_ms"] == 100
    assert rules["loss"]["loss_pct"] == 0.1


def test_a_change_of_a_rule_is_a_change_of_its_policy(api: NeutronApi, policy: str) -> None:
    path = f"{policy}/delay_rules"

    def revision() -> int:
        return api.get(policy).body["policy"]["revision_number"]

    before = revision()
    rule = api.post(path, {"delay_rule": {"delay_ms": 1}}).body["delay_rule"]
    created = revision()
    api.put(f"{path}/{rule['id']}", {"delay_rule": {"delay_ms": 2}})
    changed = revision()
    api.delete(f"{path}/{rule['id']}")
    assert before < created < changed < revision()


def test_the_types_of_rules(api: NeutronApi) -> None:
    types = {each["type"] for each in api.get("/qos/rule-types").body["rule_types"]}
    assert types >= {"bandwidth_limit", "delay", "loss"}


@pytest.mark.parametrize("rule_type", RULE_TYPES, ids=lambda rule_type: rule_type.name)
def test_one_type_of_rules(api: NeutronApi, qos_driver: str, rule_type: RuleType) -> None:
    (driver,) = api.get(f"/qos/rule-types/{rule_type.name}").body["rule_type"]["drivers"]
    assert driver["name"] == qos_driver
    shown = {
        each["parameter_name"]: (each["parameter_type"], each["parameter_values"])
        for each in driver["supported_parameters"]
    }
    assert shown == {
        each.name: ("choices", list(each.choices))
        if isinstance(each, Choice)
        else ("range", {"start": each.minimum, "end": each.maximum})
        for each in rule_type.attributes
        if not (each.is_optional or isinstance(each, StepList))
    }


def test_the_extension_is_announced(api: NeutronApi) -> None:
    extension = api.get("/extensions/qos-netem").body["extension"]
    assert extension["alias"] == "qos-netem"
    assert DELAY.name in extension["description"]
