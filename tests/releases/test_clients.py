# SPDX-License-Identifier: Apache-2.0
"""The release's own client programs, against the release's own server."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterator

import pytest

from tests.clients import test_bindings as bindings
from tests.clients import test_sdk as sdk
from tests.releases.cloud import Cloud
from tests.releases.controller import URL

# neutronclient 10 (2023.1) has no `neutron` program any more.
LAST_WITH_NEUTRON = 21
OPTIONS = (("delay", "--delay-ms"), ("loss", "--loss-pct"))
Run = Callable[..., Any]


@pytest.fixture
def run(cloud: Cloud) -> Iterator[Run]:
    """Run a program, which must succeed, and return its output; policies are deleted afterwards."""

    def ran(*argv: str) -> Any:
        shows = argv[-2:] == ("-f", "json")
        done = cloud.controller.host.run(*argv, OS_AUTH_TYPE="none", OS_ENDPOINT=URL)
        assert done.returncode == 0, f"{argv}: {done.stderr}"
        return json.loads(done.stdout) if shows else done.stdout

    yield ran
    for policy in cloud.neutron.get("qos/policies")["policies"]:
        cloud.neutron.delete(f"qos/policies/{policy['id']}")


def test_the_ten_commands_of_neutron(cloud: Cloud, run: Run) -> None:
    if cloud.suite.neutron_major > LAST_WITH_NEUTRON:
        assert not cloud.controller.host.has("/usr/bin/neutron")
        return
    run("neutron", "qos-policy-create", "unstable")
    for kind, option in OPTIONS:
        name = option[2:].replace("-", "_")
        made = run("neutron", f"qos-{kind}-rule-create", "unstable", option, "1.5", "-f", "json")
        assert (made[name], made["direction"]) == (1.5, "egress")
        run("neutron", f"qos-{kind}-rule-update", made["id"], "unstable", option, "2.5")
        shown = run("neutron", f"qos-{kind}-rule-show", made["id"], "unstable", "-f", "json")
        assert shown[name] == 2.5
        (listed,) = run("neutron", f"qos-{kind}-rule-list", "unstable", "-f", "json")
        assert listed[name] == 2.5
        assert kind in run("neutron", "qos-policy-show", "unstable")
        run("neutron", f"qos-{kind}-rule-delete", made["id"], "unstable")
        assert run("neutron", f"qos-{kind}-rule-list", "unstable", "-f", "json") == []


@pytest.mark.parametrize(("kind", "option"), OPTIONS)
def test_the_five_commands_of_openstack(run: Run, kind: str, option: str) -> None:
    openstack = ("openstack", "network", "qos")
    run(*openstack, "policy", "create", "unstable")
    create = (*openstack, kind, "rule", "create", "unstable", option, "1.5", "--ingress")
    made = run(*create, "-f", "json")
    run(*openstack, kind, "rule", "set", "unstable", made["id"], option, "2.5")
    shown = run(*openstack, kind, "rule", "show", "unstable", made["id"], "-f", "json")
    assert (shown[option[2:].replace("-", "_")], shown["direction"]) == (2.5, "ingress")
    (listed,) = run(*openstack, kind, "rule", "list", "unstable", "-f", "json")
    assert 2.5 in listed.values()
    assert kind in run(*openstack, "policy", "show", "unstable")
    assert made["id"] in run(*openstack, "rule", "list", "unstable")
    run(*openstack, kind, "rule", "delete", "unstable", made["id"])
    assert run(*openstack, kind, "rule", "list", "unstable", "-f", "json") == []


def test_a_preset_makes_its_link(run: Run) -> None:
    openstack = ("openstack", "network", "qos", "link")
    assert "geo-satellite" in run(*openstack, "preset", "list")
    run(*openstack, "create", "far", "--preset", "geo-satellite")
    assert "delay" in run("openstack", "network", "qos", "policy", "show", "far")


def test_the_methods_of_neutronclient(cloud: Cloud, run: Run) -> None:
    bindings.check(json.loads(run("python3", bindings.SCRIPT, URL, _policy(cloud))))


def test_the_resources_of_openstacksdk(cloud: Cloud, run: Run) -> None:
    policy = _policy(cloud)
    sdk.check(json.loads(run("python3", sdk.SCRIPT, URL, policy)), policy)


def _policy(cloud: Cloud) -> str:
    return str(cloud.neutron.post("qos/policies", {"policy": {"name": "unstable"}})["id"])
