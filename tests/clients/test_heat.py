# SPDX-License-Identifier: Apache-2.0
"""The resource types in Heat's own engine, against a real Neutron."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

import networking_netem.client.heat
from tests.clients.api import Api
from tests.clients.environments import REPO, Done, Environment, ok
from tests.clients.page import Page

pytestmark = pytest.mark.usefixtures("clean")
SCRIPT = str(Path(__file__).with_name("heat_engine.py"))
(PLUGIN_DIR,) = networking_netem.client.heat.__path__
PAGE = Page((REPO / "doc/clients/heat.md").read_text())
TEMPLATE = PAGE.files()["unstable.yaml"]

Heat = Callable[..., Done]


@pytest.fixture
def heat(api: Api, environment: Callable[[str], Environment], tmp_path: Path) -> Heat:
    """Create a stack, update it to each further template, and delete it."""

    def run(*templates: str) -> Done:
        paths = [tmp_path / f"{number}.yaml" for number, _ in enumerate(templates)]
        for path, template in zip(paths, templates):
            path.write_text(template)
        return environment("heat").run(SCRIPT, api.url, PLUGIN_DIR, *map(str, paths))

    return run


def test_a_stack_is_created_updated_in_place_and_deleted(heat: Heat) -> None:
    changed = TEMPLATE.replace("delay_ms: 100", "delay_ms: 99.5").replace("ingress", "egress")
    created, updated, deleted = map(json.loads, ok(heat(TEMPLATE, changed)).splitlines())
    assert [each["state"] for each in (created, updated, deleted)] == [
        *(["CREATE", "COMPLETE"], ["UPDATE", "COMPLETE"], ["DELETE", "COMPLETE"])
    ]
    before, after = (_rules(each) for each in (created, updated))
    assert before["delay"] == {**before["delay"], **DELAY}
    loss = {"loss_pct": 0.1, "loss_burst_packets": 2.5, "direction": "ingress"}
    assert before["loss"] == {**before["loss"], **loss}
    corrupt = {"corrupt_pct": 0.5, "direction": "egress"}
    assert before["corrupt"] == after["corrupt"] == {**before["corrupt"], **corrupt}
    assert after["delay"] == {**before["delay"], "delay_ms": 99.5}
    assert after["loss"] == {**before["loss"], "direction": "egress"}
    assert deleted["policies"] == []


def test_what_a_template_says_no_more_does_not_matter_any_more(heat: Heat) -> None:
    ports = "      protocol: tcp\n      port_range_min: 22\n      port_range_max: 22\n"
    selector = (
        "  selector:\n    type: OS::Neutron::QoSSelectorRule\n    properties:\n"
        "      policy: {get_resource: policy}\n      action: pass\n      priority: 1\n"
    )
    first, second = (f"{TEMPLATE}{selector}{more}" for more in (ports, ""))
    created, updated, _ = map(json.loads, ok(heat(first, second)).splitlines())
    before, after = (_rules(each)["selector"] for each in (created, updated))
    ssh = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "ethertype": "IPv4"}
    assert before == {**before, **ssh}
    assert after == {**before, "protocol": None, "port_range_min": None, "port_range_max": None}
    refused = heat(first.replace("      protocol: tcp\n", ""))
    assert "port_range_min must be absent where protocol is none of" in refused.out + refused.err


DELAY = {"delay_ms": 100, "delay_correlation_ms": 0.5, "direction": "egress"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("delay_ms: 60001", "60001 is out of range (min: 0, max: 60000)"),
        ("delay_ms: 0.0001", "delay_ms must be a number from 0 to 60000 milliseconds with at most"),
        ("delay_ms: soon", "delay_ms"),
        ("", "Property delay_ms not assigned"),
    ],
)
def test_a_bad_template_is_refused_before_any_request(
    api: Api, heat: Heat, bad: str, reason: str
) -> None:
    done = heat(TEMPLATE.replace("delay_ms: 100", bad))
    assert done.status != 0
    assert reason in done.err
    assert api.policies() == []


def _rules(line: dict) -> dict[str, dict]:
    (policy,) = line["policies"]
    return {rule["type"]: rule for rule in policy["rules"]}
