# SPDX-License-Identifier: Apache-2.0
"""The commands of the real `openstack` program, from Victoria's to the newest."""

from __future__ import annotations

import json
import uuid
from typing import Callable

import pytest

from tests.clients.api import Api
from tests.clients.environments import NOWHERE, Done, Environment, ok

PROGRAMS = ("victoria", "zed", "epoxy", "newest")
OpenStack = Callable[..., Done]


@pytest.fixture(params=PROGRAMS)
def openstack(
    environment: Callable[[str], Environment], request: pytest.FixtureRequest
) -> OpenStack:
    """Run the program of a release; the command line is one text."""

    def run(line: str, **variables: str) -> Done:
        return environment(request.param).run("openstack", *line.split(), **variables)

    return run


TYPES = [
    (
        "delay",
        "--delay-ms 100 --jitter-ms 0.5",
        {"delay_ms": 100, "delay_correlation_ms": 0.5, "direction": "egress"},
        "--delay-ms 0 --delay-correlation-ms 30000 --ingress",
        {"delay_ms": 0, "delay_correlation_ms": 30000, "direction": "ingress"},
    ),
    (
        "loss",
        "--loss-pct 0.1 --ingress",
        {"loss_pct": 0.1, "loss_burst_packets": 1, "direction": "ingress"},
        "--loss-pct 14 --loss-burst-packets 2.5 --direction egress",
        {"loss_pct": 14, "loss_burst_packets": 2.5, "direction": "egress"},
    ),
    *(
        (
            name,
            f"--{name}-pct 0.0001",
            {f"{name}_pct": 0.0001, "direction": "egress"},
            f"--{name}-pct 100 --ingress",
            {f"{name}_pct": 100, "direction": "ingress"},
        )
        for name in ("duplicate", "corrupt", "reorder")
    ),
    (
        "selector",
        "--action pass --priority 7 --protocol tcp --port-range-min 22 --port-range-max 23",
        {
            **{"action": "pass", "priority": 7, "ethertype": "IPv4", "protocol": "tcp"},
            **{"port_range_min": 22, "port_range_max": 23, "remote_ip_prefix": None},
            "direction": "egress",
        },
        "--action impair --no-protocol --no-port-range-min --no-port-range-max --no-ethertype"
        " --remote-ip-prefix fd00::7/8 --ingress",
        {
            **{"action": "impair", "priority": 7, "ethertype": "IPv6", "protocol": None},
            **{"port_range_min": None, "port_range_max": None, "remote_ip_prefix": "fd00::/8"},
            "direction": "ingress",
        },
    ),
]


@pytest.mark.parametrize(("name", "options", "made", "change", "changed"), TYPES)
def test_a_rule_is_created_shown_listed_set_and_deleted(
    api: Api,
    policy: str,
    openstack: OpenStack,
    name: str,
    options: str,
    made: dict,
    change: str,
    changed: dict,
) -> None:
    rule = f"network qos {name} rule"
    (policy_id,) = (each["id"] for each in api.policies())
    created = json.loads(ok(openstack(f"{rule} create {policy} {options} -f json")))
    assert created == {"id": api.ids()[0], "qos_policy_id": policy_id, **made}
    assert api.rules() == [made]
    for where in (policy, policy_id):
        shown = ok(openstack(f"{rule} show {where} {created['id']} -f json"))
        assert json.loads(shown) == created
    (listed,) = json.loads(ok(openstack(f"{rule} list {policy} -f json")))
    assert list(listed.values()) == list(created.values())

    ok(openstack(f"{rule} set {policy} {created['id']} {change}"))
    assert api.rules() == [changed]
    ok(openstack(f"{rule} delete {policy_id} {created['id']}"))
    assert api.rules() == []


def test_a_list_may_span_all_policies_and_a_delete_several_rules(
    api: Api, policy: str, openstack: OpenStack
) -> None:
    ok(openstack("network qos policy create other"))
    for where, delay_ms in ((policy, 1), ("other", 2.5)):
        for direction in ("egress", "ingress"):
            line = f"network qos delay rule create {where} --delay-ms {delay_ms} --{direction}"
            ok(openstack(line))
    ok(openstack(f"network qos loss rule create {policy} --loss-pct 1"))

    listed = json.loads(ok(openstack("network qos delay rule list -f json")))
    assert sorted((each["Delay Ms"], each["Direction"]) for each in listed) == [
        *((1, "egress"), (1, "ingress"), (2.5, "egress"), (2.5, "ingress"))
    ]
    listed = ok(openstack("network qos delay rule list other -f value -c ID"))
    ids = listed.split()
    assert len(ids) == 2

    nobody = str(uuid.uuid4())
    done = openstack(f"network qos delay rule delete other {ids[0]} {nobody} {ids[1]}")
    assert done.status != 0
    assert f"Failed to delete delay rule {nobody}" in done.err
    assert "1 of 3 delay rules failed to delete" in done.err
    assert [rule["delay_ms"] for rule in api.rules("delay")] == [1, 1]


@pytest.mark.parametrize(
    ("name", "option", "value", "reason"),
    [
        ("delay", "--delay-ms", "60001", "delay_ms must be a number from 0 to 60000 milliseconds"),
        ("delay", "--delay-ms", "-1", "delay_ms must be a number from 0 to 60000 milliseconds"),
        ("delay", "--delay-ms", "0.0001", "with at most 3 decimals"),
        ("delay", "--jitter-ms", "30001", "must be a number from 0 to 30000 milliseconds"),
        ("loss", "--loss-pct", "100.1", "loss_pct must be a number from 0 to 100 percent"),
        ("loss", "--loss-pct", "10%", "loss_pct must be a number from 0 to 100 percent"),
    ],
)
def test_a_value_out_of_range_sends_no_request(
    openstack: OpenStack, name: str, option: str, value: str, reason: str
) -> None:
    for command in ("create p", f"set p {uuid.uuid4()}"):
        done = openstack(f"network qos {name} rule {command} {option} {value}", **NOWHERE)
        assert done.status != 0
        assert reason in done.err
        assert f"not '{value}'" in done.err
        assert "127.0.0.1" not in done.err


def test_errors_come_in_the_program_s_own_way(policy: str, openstack: OpenStack) -> None:
    ok(openstack(f"network qos loss rule create {policy} --loss-pct 10"))
    nobody = str(uuid.uuid4())
    for line, reason in (
        (f"create {policy} --loss-pct 11", "already exists"),
        (f"create {policy}", "--loss-pct"),
        (f"create {policy} --loss-pct 1 --egress --ingress", "not allowed with argument"),
        ("create no-such-policy --loss-pct 1", "no-such-policy"),
        (
            f"set {policy} {nobody}",
            "Nothing to set: give at least one of --loss-pct, --loss-burst-packets, --direction",
        ),
        (f"set {policy} {nobody} --loss-pct 1", "could not be found"),
        (f"show {policy} {nobody}", "could not be found"),
        ("list no-such-policy", "no-such-policy"),
    ):
        done = openstack(f"network qos loss rule {line}")
        assert done.status != 0, line
        assert reason in done.err, line


def test_help_says_units_and_ranges(openstack: OpenStack) -> None:
    text = " ".join(ok(openstack("network qos delay rule create --help")).split())
    assert "from 0 to 60000 milliseconds" in text
    assert "from 0 to 30000 milliseconds" in text
    text = " ".join(ok(openstack("network qos loss rule set --help")).split())
    assert "from 0 to 100 percent" in text


def test_stock_commands_work_on_policies_that_hold_our_rules(
    policy: str, openstack: OpenStack
) -> None:
    ok(openstack(f"network qos delay rule create {policy} --delay-ms 1.5"))
    ok(openstack(f"network qos loss rule create {policy} --loss-pct 1"))
    ok(openstack(f"network qos rule create {policy} --type bandwidth-limit --max-kbps 1000"))
    shown = json.loads(ok(openstack(f"network qos policy show {policy} -f json")))
    assert [each.get("delay_ms") for each in shown["rules"] if each["type"] == "delay"] == [1.5]
    listed = ok(openstack(f"network qos rule list {policy} -f value -c Type"))
    assert sorted(listed.split()) == ["bandwidth_limit", "delay", "loss"]
    assert {"delay", "loss"} < set(ok(openstack("network qos rule type list -f value")).split())
    ok(openstack(f"network qos policy delete {policy}"))
