# SPDX-License-Identifier: Apache-2.0
"""netem-lab up, status, exec and down, on one lab."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from functools import partial

import pytest
import requests

from netem_lab.probe.prober import Prober
from netem_lab.scenario.scenario import PAIR
from netem_lab.session import remote
from netem_lab.session.state import Lab
from netem_lab.verdict import sampling
from netem_lab.verdict.judging import judge
from netem_lab.verdict.row import Verdict
from networking_netem.domain.link import Link
from tests.integration.netem_lab import PROGRAM, netem_lab

ADDRESSES = {"vm1": "10.0.0.11", "vm2": "10.0.0.12"}


def test_the_api_answers_on_the_host(lab: Lab) -> None:
    types = requests.get(f"{lab.api_url}/v2.0/qos/rule-types", timeout=30).json()["rule_types"]
    assert {"delay", "loss", "bandwidth_limit"} <= {kind["type"] for kind in types}


def test_the_agent_has_bound_and_wired_both_ports(lab: Lab) -> None:
    ports = requests.get(f"{lab.api_url}/v2.0/ports", timeout=30).json()["ports"]
    assert {port["name"]: port["fixed_ips"][0]["ip_address"] for port in ports} == ADDRESSES
    for port in ports:
        bound = (port["status"], port["binding:vif_type"], port["device_owner"])
        assert bound == ("ACTIVE", "ovs", "compute:nova")


@pytest.mark.parametrize(("source", "target"), [("vm1", "vm2"), ("vm2", "vm1")])
def test_the_instances_ping_each_other(lab: Lab, source: str, target: str) -> None:
    done = remote.run(source, ["ping", "-q", "-c5", "-i0.2", "-W5", ADDRESSES[target]])
    assert "5 received, 0% packet loss" in done.stdout


def test_only_counted_packets_cross_the_link(lab: Lab) -> None:
    assert remote.run("vm1", ["ip", "-6", "address"]).stdout == ""
    neighbours = remote.run("vm1", ["ip", "neighbour"]).stdout
    assert neighbours.startswith(f"{ADDRESSES['vm2']} dev eth0")
    assert neighbours.rstrip().endswith("PERMANENT")


def test_what_the_switch_does_not_know_yet_neither_delays_nor_reorders_a_sample(lab: Lab) -> None:
    """While ovs-vswitchd is stopped, it learns no flow and keeps the packets of unknown ones."""
    stop = "ovs-dpctl del-flows && kill -STOP $(pidof ovs-vswitchd)"
    assert remote.run("node", ["sh", "-c", stop]).returncode == 0
    go_on = partial(remote.run, "node", ["sh", "-c", "kill -CONT $(pidof ovs-vswitchd)"])
    prober = Prober(remote.node(), lambda *_: None)
    try:
        answers = prober.run([sampling.delay_flows(PAIR, Link.CLEAN)], go_on)
    finally:
        go_on()
    rows = judge(prober, PAIR, Link.CLEAN, answers)
    assert len(rows) == 8
    assert [row for row in rows if row.verdict is Verdict.BAD] == []


def test_exec_returns_status_output_and_errors(lab: Lab) -> None:
    done = netem_lab("exec", "node", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")
    assert netem_lab("exec", "vm1", "--", "no-such-command").returncode == 127
    assert netem_lab("exec", "node", "--", "sh", "-c", "kill -9 $$").returncode == 128 + 9


def test_exec_carries_any_bytes_both_ways(lab: Lab) -> None:
    payload = os.urandom(3_000_000)
    command = [PROGRAM, "exec", "vm2", "--", "cat"]
    done = subprocess.run(command, input=payload, capture_output=True, timeout=60)
    assert done.stdout == payload


def test_who_goes_away_kills_what_he_has_started(lab: Lab) -> None:
    sleeper = remote.spawn("vm1", ["sh", "-c", "sleep 4711 & echo $!; wait"])
    process = f"/proc/{next(iter(sleeper)).strip()}"
    assert remote.run("node", ["test", "-e", process]).returncode == 0
    sleeper.kill()
    deadline = time.monotonic() + 10
    while remote.run("node", ["test", "-e", process]).returncode == 0:
        assert time.monotonic() < deadline


def test_spawn_gives_lines_while_the_command_runs(lab: Lab) -> None:
    """The command prints its second line only when the first has arrived; otherwise it fails."""
    go_on = f"/run/{uuid.uuid4()}"
    script = f"mkfifo {go_on}; echo one; timeout 60 cat {go_on} || exit 6; printf three; exit 5"
    process = remote.spawn("node", ["sh", "-c", script])
    lines = iter(process)
    assert next(lines) == "one\n"
    assert remote.run("node", ["sh", "-c", f"echo two >{go_on}; rm {go_on}"]).returncode == 0
    assert list(lines) == ["two\n", "three"]
    assert process.wait() == 5


def test_connections_that_have_ended_hold_no_descriptors(lab: Lab) -> None:
    descriptors = f"/proc/{lab.pid}/fd"
    before = len(os.listdir(descriptors))
    for _ in range(50):
        requests.get(lab.api_url, timeout=30)
    deadline = time.monotonic() + 10
    while len(os.listdir(descriptors)) > before:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_status_of_a_healthy_lab(lab: Lab) -> None:
    done = netem_lab("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert lab.api_url in done.stdout
    assert f", backend {lab.backend}\n" in done.stdout
    for name, address in ADDRESSES.items():
        assert f"{name}    ACTIVE, {address}" in done.stdout


def test_the_guest_holds_at_most_a_gigabyte_and_a_half(lab: Lab) -> None:
    assert lab.memory_mib <= 1536


def test_a_second_up_says_that_one_is_up(lab: Lab) -> None:
    done = netem_lab("up")
    message = "netem-lab: a lab is already up: see `netem-lab status`, end it with `down`\n"
    assert (done.returncode, done.stderr) == (1, message)
    assert netem_lab("status").returncode == 0
