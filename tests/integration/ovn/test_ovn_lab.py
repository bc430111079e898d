# SPDX-License-Identifier: Apache-2.0
"""What a lab on OVN has besides: its own error texts, tracked connections, the demo."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Iterator

import pytest

from netem_lab.guest import zones
from netem_lab.neutron_api import NeutronClient
from netem_lab.session import remote
from netem_lab.session.state import Lab
from tests.integration.netem_lab import netem_lab
from tests.support.waiting import wait_until

ADDRESSES = {"vm1": "10.0.0.11", "vm2": "10.0.0.12"}


def test_another_backend_than_that_of_the_lab_that_is_up_is_refused(lab: Lab) -> None:
    done = netem_lab("demo", "--backend", "openvswitch")
    message = (
        "netem-lab: the lab that is up has the backend ovn, not openvswitch:"
        " end it with `netem-lab down`, or leave --backend out\n"
    )
    assert (done.returncode, done.stderr, done.stdout) == (1, message, "")


def test_another_number_of_chassis_than_that_of_the_lab_that_is_up_is_refused(lab: Lab) -> None:
    done = netem_lab("demo", "--chassis", "2")
    message = (
        "netem-lab: the lab that is up has 1 chassis, not 2:"
        " end it with `netem-lab down`, or leave --chassis out\n"
    )
    assert (done.returncode, done.stderr, done.stdout) == (1, message, "")


def test_a_node_that_the_lab_does_not_have(lab: Lab) -> None:
    done = netem_lab("exec", "node2", "--", "true")
    message = "netem-lab: the lab that is up has one node: node2 needs `up` with --chassis 2\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_missing_packages_are_named_in_one_error(lab: Lab) -> None:
    # In this mount namespace, these programs cannot be executed, and C has no headers.
    script = (
        'for each in bison ovn-northd; do mount --bind /dev/null "$(command -v $each)"; done;'
        ' mount -t tmpfs none /usr/include; exec "$0" "$@"'
    )
    hidden = ["unshare", "--mount", "sh", "-c", script]
    done = netem_lab("up", "--backend", "ovn", wrapper=hidden)
    message = "netem-lab: missing Debian packages: apt-get install bison libc6-dev ovn-central\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_a_source_that_is_no_longer_to_be_had_is_named(lab: Lab, tmp_path: Path) -> None:
    query = tmp_path / "dpkg-query"
    query.write_text("#!/bin/sh\necho 'linux (= 6.1.4711-1)'\n")
    query.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "NETEM_LAB_FOLDER": str(tmp_path / "lab"),
    }
    done = netem_lab("up", "--backend", "ovn", env=environment)
    message = (
        "netem-lab: cannot download the source of the guest's kernel, linux-source-6.1"
        " 6.1.4711-1: run `apt-get update`,"
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(message)
    assert "6.1.4711-1" in done.stderr.splitlines()[-2], "what apt-get says"


def test_no_module_that_knows_connections_without_zones_is_left(lab: Lab) -> None:
    folder = zones.ZoneModules().ensure(print)
    (index,) = folder.glob("*/modules.dep")
    needs = dict(line.split(":") for line in index.read_text().splitlines())
    trackers = {
        module.removeprefix("kernel/")
        for module in needs
        if zones.TRACKER in {Path(each).stem for each in (module, *needs[module].split())}
    }
    assert trackers == set(zones.BUILT)


class Groups:
    """Security groups of the instances' ports."""

    def __init__(self, neutron: NeutronClient) -> None:
        self._neutron = neutron
        self._before = {name: neutron.port(name)["security_groups"] for name in ADDRESSES}
        self._made: list[str] = []

    def make(self, name: str) -> str:
        """A group that lets out everything and nothing in."""
        made = self._neutron.post("security-groups", {"security_group": {"name": name}})["id"]
        self._made.append(made)
        return made

    def open(self, group: str) -> None:
        """Let in everything."""
        rule = {"security_group_id": group, "direction": "ingress", "ethertype": "IPv4"}
        self._neutron.post("security-group-rules", {"security_group_rule": rule})

    def put(self, name: str, *groups: str) -> None:
        """Give an instance's port these groups and no others."""
        port = self._neutron.port(name)["id"]
        self._neutron.put(f"ports/{port}", {"port": {"security_groups": groups}})

    def restore(self) -> None:
        """Give the ports the groups that they had, and delete those that were made."""
        for name, groups in self._before.items():
            self.put(name, *groups)
        for group in self._made:
            self._neutron.delete(f"security-groups/{group}")


@pytest.fixture
def groups(lab: Lab) -> Iterator[Groups]:
    groups = Groups(NeutronClient(lab.api_url))
    yield groups
    groups.restore()
    wait_until(lambda: _reaches("vm1", "vm2") and _reaches("vm2", "vm1"))


def test_a_closed_instance_gets_answers_and_nothing_else(groups: Groups) -> None:
    """Only who tracks connections tells an answer from a request."""
    opened = groups.make("opened")
    groups.open(opened)
    groups.put("vm1", groups.make("closed"))
    groups.put("vm2", opened)
    wait_until(lambda: not _reaches("vm2", "vm1"))
    wait_until(lambda: _reaches("vm1", "vm2"))
    assert not _reaches("vm2", "vm1")
    tracked = remote.run("node", ["ovs-appctl", "-t", _switch(), "dpctl/dump-conntrack"]).stdout
    assert any("icmp" in line and "zone=" in line for line in tracked.splitlines()), tracked


def test_the_demo(lab: Lab) -> None:
    done = netem_lab("demo", "--backend", "ovn", "--json", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    steps = json.loads(done.stdout)["steps"]
    rows = [(step["title"][0], row) for step in steps for row in step["rows"]]
    shown = [(step, row["what"]) for step, row in rows if row["verdict"] == "-"]
    judged = [row["verdict"] for _, row in rows if row["verdict"] != "-"]
    # TCP is shown where it has no limit, and behind OVN's meters.
    assert shown == [(step, "TCP goodput") for step in "112255"]
    assert judged == ["good"] * 46


def _switch() -> str:
    """Where ovs-vswitchd takes commands."""
    (path,) = remote.run(
        "node", ["sh", "-c", "ls /run/openvswitch/ovs-vswitchd.*.ctl"]
    ).stdout.split()
    return path


def _reaches(source: str, target: str) -> bool:
    return not remote.run(source, ["ping", "-q", "-c1", "-W1", ADDRESSES[target]]).returncode
