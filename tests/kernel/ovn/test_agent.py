# SPDX-License-Identifier: Apache-2.0
"""The agent of a chassis brings the kernel to what OVN says, whatever ends or begins around it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import Any, Iterator

import pytest

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.installed import installed
from networking_netem.domain.link import DIRECTIONS, Link
from networking_netem.domain.link_text import written
from networking_netem.kernel.host import Host as Kernel
from tests.kernel.ovn import host as ovn_host
from tests.kernel.ovn.host import Host, Northbound
from tests.support.waiting import wait_until

from ..conftest import ip, new_namespace

KERNEL = Kernel(lambda requests: [])
EDITS = 1000
PORT = "f3d0a1c2-0000-4000-8000-000000000001"
TAP = f"tap{PORT[:11]}"
SLOW = Link(
    egress=Impairment(delay_us=20_000, rate_kbps=10_000), ingress=Impairment(loss_ppm=50_000)
)
OTHER = Link(egress=Impairment(delay_us=5_000))


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with new_namespace(), ovn_host.running() as running:
        ip("link", "set", "lo", "up")
        running.start_agent()
        yield running
        print(running.log.read_text())


@pytest.fixture
def tap(host: Host) -> Iterator[str]:
    """The device of a port that has the link `SLOW`."""
    _make(TAP)
    host.plug(TAP, PORT)
    host.add_port(PORT, SLOW)
    wait_until(lambda: link(TAP) == SLOW)
    yield TAP
    host.ovn.ctl("nb", "--if-exists", "lsp-del", PORT)
    host.unplug(TAP)
    ip("link", "del", TAP)
    wait_until(lambda: not KERNEL.carriers())


def _make(device: str) -> None:
    ip("link", "add", device, "type", "veth", "peer", "name", "eth0")
    ip("link", "set", device, "up")
    ip("link", "set", "eth0", "up")


def link(device: str) -> Any:
    """The link that the kernel holds for a device; None without a device."""
    observed = KERNEL.observe([device]).get(device)
    if observed is None:
        return None
    found = Link.CLEAN
    for direction in DIRECTIONS:
        impairment = installed(observed.tree(direction))
        if impairment:
            # A bucket is not read back: the kernel keeps it as time at the rate.
            found = found.with_impairment(direction, replace(impairment, burst_kbit=0))
    return found


def test_edits_follow_at_once(host: Host, tap: str) -> None:
    host.set_text(PORT, '{"v":1,"egress":{"delay_us":5000}}')
    wait_until(lambda: link(tap) == OTHER)
    host.remove_text(PORT)
    wait_until(lambda: link(tap) == Link.CLEAN)


@pytest.mark.parametrize("text", ['{"v":3,"egress":{"delay_us":1}}', "no link"])
def test_what_it_cannot_read_changes_nothing(host: Host, tap: str, text: str) -> None:
    began = len(host.log.read_text())
    host.set_text(PORT, text)
    wait_until(lambda: f"Port {PORT} keeps the link that it has" in host.log.read_text()[began:])
    assert link(tap) == SLOW


def test_a_device_that_is_plugged_anew_has_its_link(host: Host, tap: str) -> None:
    host.unplug(tap)
    wait_until(lambda: link(tap) == Link.CLEAN)
    host.plug(tap, PORT)
    wait_until(lambda: link(tap) == SLOW)
    ip("link", "del", tap)
    _make(tap)
    wait_until(lambda: link(tap) == SLOW)


def test_a_port_that_is_deleted_and_made_anew(host: Host, tap: str) -> None:
    host.ovn.ctl("nb", "lsp-del", PORT)
    wait_until(lambda: link(tap) == Link.CLEAN)
    host.add_port(PORT, OTHER)
    wait_until(lambda: link(tap) == OTHER)


def test_a_port_that_is_bound_elsewhere_has_its_link_once_it_is_plugged(host: Host) -> None:
    """As at the destination of a live migration, before OVN has the port here."""
    host.ovn.ctl("sb", "chassis-add", "elsewhere", "geneve", "127.0.0.2")
    host.add_port("migrating", SLOW)
    wait_until(lambda: bool(host.ovn.rows("sb", "Port_Binding", "logical_port=migrating")))
    host.ovn.ctl("sb", "lsp-bind", "migrating", "elsewhere")
    device = "tap44444444-44"
    ip("link", "add", device, "type", "dummy")
    host.plug(device, "migrating")
    print(f"its link was there {wait_until(lambda: link(device) == SLOW):.3f} s after the plug")
    host.unplug(device)
    wait_until(lambda: link(device) == Link.CLEAN)
    host.ovn.ctl("nb", "lsp-del", "migrating")
    ip("link", "del", device)


def test_a_burst_of_edits_ends_with_the_last_one(host: Host, tap: str) -> None:
    sent = host.messages()
    northbound = Northbound(host.ovn.remote("nb"))
    for number in range(EDITS):
        edited = replace(SLOW, egress=replace(SLOW.egress, delay_us=1000 + number))
        northbound.set_text(PORT, written(edited))
    late_s = wait_until(lambda: link(tap) == edited)
    northbound.close()
    print(
        f"{EDITS} edits, {host.messages() - sent} messages, the last in force {late_s:.3f} s later"
    )
    assert host.messages() - sent <= EDITS


def test_what_others_undo_is_repaired(host: Host, tap: str) -> None:
    subprocess.run(["tc", "qdisc", "del", "dev", tap, "clsact"], check=True)
    wait_until(lambda: link(tap) == SLOW)


def test_a_restart_of_the_agent_sends_no_message(host: Host, tap: str) -> None:
    host.kill_agent()
    sent = host.messages()
    host.start_agent()
    _answered(host)
    assert host.messages() == sent
    assert link(tap) == SLOW


def test_what_changed_while_the_agent_was_away(host: Host, tap: str) -> None:
    host.kill_agent()
    host.set_text(PORT, '{"v":1,"egress":{"delay_us":5000}}')
    host.start_agent()
    wait_until(lambda: link(tap) == OTHER)


@pytest.mark.parametrize("name", ["sb", "nb", "northd"])
def test_links_hold_while_a_part_of_ovn_is_away(host: Host, tap: str, name: str) -> None:
    sent = host.messages()
    host.ovn.kill(name)
    host.ovn.start(name)
    _answered(host)
    assert host.messages() == sent
    assert link(tap) == SLOW
    host.set_text(PORT, '{"v":1,"egress":{"delay_us":5000}}')
    wait_until(lambda: link(tap) == OTHER)


def test_links_hold_while_open_vswitchs_database_is_away(host: Host, tap: str) -> None:
    host.kill_ovsdb()
    host.set_text(PORT, '{"v":1,"egress":{"delay_us":5000}}')
    wait_until(lambda: link(tap) == OTHER)
    host.start_ovsdb()
    host.unplug(tap)
    wait_until(lambda: link(tap) == Link.CLEAN)
    host.plug(tap, PORT)
    wait_until(lambda: link(tap) == OTHER)


def test_what_was_unplugged_while_the_database_was_away(host: Host, tap: str) -> None:
    """python-ovs does not tell of rows that went meanwhile."""
    backup = (host.folder / "ovs.db").read_bytes()
    second = "tap22222222-22"
    ip("link", "add", second, "type", "dummy")
    host.add_port("second", SLOW)
    host.plug(second, "second")
    wait_until(lambda: link(second) == SLOW)
    host.kill_ovsdb()
    (host.folder / "ovs.db").write_bytes(backup)
    host.start_ovsdb()
    wait_until(lambda: link(second) == Link.CLEAN)
    assert link(tap) == SLOW
    ip("link", "del", second)
    host.ovn.ctl("nb", "lsp-del", "second")


def test_it_answers_that_it_lives(host: Host, tap: str) -> None:
    agent_id = host.private_row()["external_ids"]["neutron:ovn-netem-agent-id"]
    host.ovn.ctl("sb", "set", "Chassis_Private", _own_row(host), "external_ids:others=1")
    _answered(host)
    assert host.private_row()["external_ids"]["others"] == "1"

    # ovn-controller deletes its row when it ends, and makes another when it starts.
    host.ovn.ctl("sb", "destroy", "Chassis_Private", _own_row(host))
    host.add_private_row()
    asked = host.ovn.rows("nb", "NB_Global")[0]["nb_cfg"]
    wait_until(lambda: _seen(host) == str(asked))
    assert host.private_row()["external_ids"]["neutron:ovn-netem-agent-id"] == agent_id


def _own_row(host: Host) -> str:
    return str(host.private_row()["_uuid"])


def _answered(host: Host) -> None:
    """Wait until the agent has taken in what the database said before: it answers what is new."""
    asked = host.ovn.rows("nb", "NB_Global")[0]["nb_cfg"] + 1
    host.ovn.ctl("nb", "set", "NB_Global", ".", f"nb_cfg={asked}")
    wait_until(lambda: _seen(host) == str(asked))


def _seen(host: Host) -> str:
    return str(host.private_row()["external_ids"].get("neutron:ovn-netem-agent-sb-cfg"))
