# SPDX-License-Identifier: Apache-2.0
"""The ten commands of the real `neutron` program, of each release that has it."""

from __future__ import annotations

import csv
import json
import uuid
from typing import Callable

import pytest
import yaml

from tests.clients.api import Api
from tests.clients.environments import NOWHERE, WITH_NEUTRON, Done, Environment, ok

Neutron = Callable[..., Done]


@pytest.fixture(params=WITH_NEUTRON)
def neutron(environment: Callable[[str], Environment], request: pytest.FixtureRequest) -> Neutron:
    """Run the program of a release."""

    def run(*arguments: str, **variables: str) -> Done:
        return environment(request.param).run("neutron", *arguments, **variables)

    return run


TYPES = [
    (
        "delay",
        ("--delay-ms", "100", "--delay-correlation-ms", "0.5"),
        {"delay_ms": 100, "delay_correlation_ms": 0.5, "direction": "egress"},
        ("--delay-ms", "0", "--direction", "ingress"),
        {"delay_ms": 0, "delay_correlation_ms": 0.5, "direction": "ingress"},
    ),
    (
        "loss",
        ("--loss-pct", "0.1", "--direction", "ingress"),
        {"loss_pct": 0.1, "loss_burst_packets": 1, "direction": "ingress"},
        ("--loss-pct", "14", "--loss-burst-packets", "2.5", "--egress"),
        {"loss_pct": 14, "loss_burst_packets": 2.5, "direction": "egress"},
    ),
]


@pytest.mark.parametrize(("name", "options", "made", "change", "changed"), TYPES)
def test_a_rule_is_created_shown_listed_changed_and_deleted(
    api: Api,
    policy: str,
    neutron: Neutron,
    name: str,
    options: tuple,
    made: dict,
    change: tuple,
    changed: dict,
) -> None:
    command = f"qos-{name}-rule"
    created = json.loads(ok(neutron(f"{command}-create", *options, policy, "-f", "json")))
    rule = created["id"]
    assert created == {**made, "id": rule}
    assert api.rules() == [made]

    (policy_id,) = (each["id"] for each in api.policies())
    for where in (policy, policy_id):
        shown = ok(neutron(f"{command}-show", rule, where, "-f", "json"))
        assert json.loads(shown) == created
        assert json.loads(ok(neutron(f"{command}-list", where, "-f", "json"))) == [created]

    assert (
        ok(neutron(f"{command}-update", *change, rule, policy)) == f"Updated {name}_rule: {rule}\n"
    )
    assert api.rules() == [changed]
    assert ok(neutron(f"{command}-delete", rule, policy)) == f"Deleted {name}_rule(s): {rule}\n"
    assert api.rules() == []


def test_every_format_and_any_columns(policy: str, neutron: Neutron) -> None:
    def listed(*options: str) -> str:
        return ok(neutron("qos-delay-rule-list", policy, *options))

    assert listed().strip() == ""
    ok(neutron("qos-delay-rule-create", policy, "--delay-ms", "2.5"))
    ok(neutron("qos-delay-rule-create", policy, "--delay-ms", "10", "--ingress"))
    table = listed().splitlines()
    assert [cell.strip() for cell in table[1].split("|")[1:-1]] == list(COLUMNS)
    assert len(table) == 6
    rules = json.loads(listed("-f", "json"))
    assert [each["delay_ms"] for each in rules] in ([2.5, 10], [10, 2.5])
    assert yaml.safe_load(listed("-f", "yaml")) == rules
    rows = list(csv.DictReader(listed("-f", "csv").splitlines()))
    assert rows == [{name: str(value) for name, value in rule.items()} for rule in rules]
    values = listed("-f", "value", "-c", "delay_ms", "-c", "direction").split("\n")
    assert sorted(values) == ["", "10 ingress", "2.5 egress"]

    for direction, expected in (("asc", [2.5, 10]), ("desc", [10, 2.5])):
        order = ("--sort-key", "delay_ms", "--sort-dir", direction, "-f", "json")
        assert [each["delay_ms"] for each in json.loads(listed(*order))] == expected
    assert len(json.loads(listed("--page-size", "1", "-f", "json"))) == 2
    assert json.loads(listed("-F", "delay_ms", "-f", "json"))[0].keys() == {"delay_ms"}

    (first, _) = rules
    shown = ok(neutron("qos-delay-rule-show", first["id"], policy, "-f", "value", "-c", "delay_ms"))
    assert shown == f"{first['delay_ms']}\n"


COLUMNS = ("delay_correlation_ms", "delay_ms", "direction", "id")

OUT_OF_RANGE = [
    ("delay", "--delay-ms", "60001", "delay_ms must be a number from 0 to 60000 milliseconds"),
    ("delay", "--delay-ms", "-1", "delay_ms must be a number from 0 to 60000 milliseconds"),
    ("delay", "--delay-ms", "0.0001", "with at most 3 decimals"),
    ("delay", "--delay-ms", "nan", "delay_ms must be a number"),
    ("delay", "--delay-correlation-ms", "30000.5", "must be a number from 0 to 30000 milliseconds"),
    ("loss", "--loss-pct", "100.1", "loss_pct must be a number from 0 to 100 percent"),
    ("loss", "--loss-pct", "10%", "loss_pct must be a number from 0 to 100 percent"),
]


@pytest.mark.parametrize(("name", "option", "value", "reason"), OUT_OF_RANGE)
def test_a_value_out_of_range_sends_no_request(
    neutron: Neutron, name: str, option: str, value: str, reason: str
) -> None:
    for command in (("create",), ("update", str(uuid.uuid4()))):
        done = neutron(f"qos-{name}-rule-{command[0]}", *command[1:], "p", option, value, **NOWHERE)
        assert done.status != 0
        assert reason in done.err
        assert f"not '{value}'" in done.err
        assert "127.0.0.1" not in done.err


def test_errors_come_in_the_program_s_own_way(policy: str, neutron: Neutron) -> None:
    ok(neutron("qos-loss-rule-create", "--loss-pct", "10", policy))
    nobody = str(uuid.uuid4())
    for reason, *command in (
        ("already exists", "create", "--loss-pct", "11", policy),
        ("--loss-pct", "create", policy),
        ("Must specify new values", "update", nobody, policy),
        ("Unable to find", "update", nobody, policy, "--loss-pct", "1"),
        ("could not be found", "show", nobody, policy),
        ("Unable to find", "delete", nobody, policy),
        ("Unable to find policy", "list", "no-such-policy"),
        ("not allowed with argument", "create", policy, "--egress", "--ingress"),
    ):
        done = neutron(f"qos-loss-rule-{command[0]}", *command[1:])
        assert done.status != 0, command
        assert reason in done.err, command


def test_the_program_tells_of_them(neutron: Neutron) -> None:
    commands = [
        f"qos-{name}-rule-{verb}"
        for name in ("delay", "loss")
        for verb in ("create", "delete", "list", "show", "update")
    ]
    listing = ok(neutron("help"))
    completion = ok(neutron("bash-completion"))
    for command in commands:
        assert f"  {command} " in listing
        assert command in completion.split()
    assert {"--delay-ms", "--delay-correlation-ms", "--loss-pct"} <= set(completion.split())
    text = " ".join(ok(neutron("help", "qos-delay-rule-create")).split())
    for said in ("--jitter-ms", "from 0 to 60000 milliseconds", "from 0 to 30000 milliseconds"):
        assert said in text
    assert "from 0 to 100 percent" in " ".join(ok(neutron("help", "qos-loss-rule-update")).split())


def test_stock_commands_work_on_policies_that_hold_our_rules(policy: str, neutron: Neutron) -> None:
    ok(neutron("qos-delay-rule-create", policy, "--delay-ms", "1"))
    ok(neutron("qos-bandwidth-limit-rule-create", policy, "--max-kbps", "1000"))
    shown = ok(neutron("qos-policy-show", policy))
    assert "(type: delay)" in shown
    assert "(type: bandwidth_limit)" in shown
    # For its default columns, 7.2 asks keystone who the user is, and there is no keystone.
    assert policy in ok(neutron("qos-policy-list", "-c", "name")).split()
    ok(neutron("qos-policy-delete", policy))
