# SPDX-License-Identifier: Apache-2.0
"""Presets and the policies made of them, through the real `openstack` program."""

from __future__ import annotations

import json
from typing import Callable

import pytest

from networking_netem.client.preset import presets
from tests.clients.api import Api
from tests.clients.environments import Done, Environment, ok

pytestmark = pytest.mark.usefixtures("clean")


@pytest.fixture(params=["victoria", "newest"])
def link(
    environment: Callable[[str], Environment], request: pytest.FixtureRequest
) -> Callable[..., Done]:
    """Run `openstack network qos link` with the given arguments."""

    def run(line: str, **variables: str) -> Done:
        arguments = f"network qos link {line}".split()
        return environment(request.param).run("openstack", *arguments, **variables)

    return run


def test_presets_are_listed_and_shown_without_a_cloud(link: Callable[..., Done]) -> None:
    done = link("preset list -f json", OS_AUTH_TYPE="", OS_ENDPOINT="")
    assert json.loads(ok(done)) == [
        {
            "Name": each.name,
            "Ingress (down)": each.down,
            "Egress (up)": each.up,
            "Over Time": [timeline.values() for timeline in each.timelines],
            "Source": each.source,
        }
        for each in presets().values()
    ]
    done = link("preset show starlink", OS_AUTH_TYPE="", OS_ENDPOINT="")
    assert "| egress    | 15000 kbit/s, 19 ms ± 7 ms, 0.13 % lost " in done.out
    assert link("preset show starlnk").status != 0


@pytest.mark.parametrize("name", presets())
def test_a_preset_becomes_a_policy(api: Api, environment: Callable, name: str) -> None:
    done = environment("newest").run(
        "openstack", *f"network qos link create {name} --preset {name} -f json".split()
    )
    shown = json.loads(ok(done))
    (policy,) = api.policies()
    assert (shown["id"], shown["name"]) == (policy["id"], name)
    assert shown["egress"] == presets()[name].up
    defaults = {"delay": {"delay_correlation_ms": 0}, "loss": {"loss_burst_packets": 1}}
    for rule_type, default in defaults.items():
        expected = [
            {**default, **rule} for each, rule in presets()[name].rules() if each == rule_type
        ]
        assert api.rules(rule_type) == expected
    # A preset that moves may have no other rules.
    assert [rule["max_kbps"] for rule in api.rules("bandwidth_limit")] == [
        values["max_kbps"] for values in (presets()[name].up, presets()[name].down) if values
    ]


def test_a_link_is_scaled(api: Api, link: Callable[..., Done]) -> None:
    ok(link("create slow --preset geo-satellite --scale 2 --scale rate=0.5"))
    assert [rule["max_kbps"] for rule in api.rules("bandwidth_limit")] == [500, 2500]
    assert [rule["delay_ms"] for rule in api.rules("delay")] == [650, 650]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("--preset very-bad --scale 11", "loss_pct must be a number from 0 to 100 percent"),
        ("--preset very-bad --scale speed=2", "is not [QUANTITY=]FACTOR"),
        ("--preset very-good", "invalid choice"),
        ("", "--preset"),
    ],
)
def test_what_makes_no_link_leaves_no_policy(
    api: Api, link: Callable[..., Done], options: str, reason: str
) -> None:
    done = link(f"create none {options}")
    assert done.status != 0
    assert reason in done.err
    assert api.policies() == []


def test_a_cloud_without_the_server_s_part_is_left_as_it_was(
    stock_api: Api, link: Callable[..., Done]
) -> None:
    done = link("create half --preset starlink", OS_ENDPOINT=stock_api.url)
    assert done.status != 0
    assert "delay_rules" in done.err
    assert stock_api.policies() == []
