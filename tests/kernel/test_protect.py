# SPDX-License-Identifier: Apache-2.0
"""On a dead link an instance keeps its lease and its neighbours, and reaches the metadata service.

The instance runs a real DHCP client, the network a real server.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Iterator, List, Sequence

import pytest

from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Link
from networking_netem.domain.protect import PROTECTED
from tests.support.waiting import wait_until

from .conftest import ip, tc
from .test_repair import Agent

TAP = "tap0000aaaa-01"
INSTANCE, NETWORK = "instance", "network"
DEAD = Link(egress=Impairment(loss_ppm=1_000_000), ingress=Impairment(loss_ppm=1_000_000))
SLOW = Link(egress=Impairment(delay_us=2_000_000), ingress=Impairment(delay_us=2_000_000))
METADATA = ("169.254.169.254", "fe80::a9fe:a9fe")
DEADLINE_S = 60.0
# Python's own HTTPServer asks DNS for its name before it listens: 5 s in vain here.
WEB_SERVER = """
import http.server, os, socket, socketserver, sys
os.chdir("/etc")
((family, _, _, _, address),) = socket.getaddrinfo(sys.argv[1], 80, type=socket.SOCK_STREAM)
class Server(socketserver.ThreadingTCPServer):
    address_family = family
Server(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def inside(namespace: str, *command: str) -> subprocess.CompletedProcess[str]:
    argv = ["ip", "netns", "exec", namespace, *command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE_S)


@contextlib.contextmanager
def running(namespace: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["ip", "netns", "exec", namespace, *command])
    yield process
    process.terminate()
    process.wait()


@pytest.fixture
def network(netns: None, tmp_path: Path) -> Iterator[Path]:
    """An instance behind a tap on a bridge, and a network with DHCP and a metadata service."""
    ip("link", "add", "br0", "up", "type", "bridge")
    for namespace, device in ((INSTANCE, TAP), (NETWORK, "veth0")):
        ip("netns", "add", namespace)
        ip("link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        ip("link", "set", device, "master", "br0", "up")
        ip("-n", namespace, "link", "set", "lo", "up")
        ip("-n", namespace, "link", "set", "eth0", "up")
    for address in ("10.0.0.1/24", f"{METADATA[0]}/32", "fd00::1/64", f"{METADATA[1]}/64"):
        ip("-n", NETWORK, "address", "add", address, "dev", "eth0", *_without_dad(address))
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(NETWORK, *_dnsmasq(tmp_path)))
        for address in METADATA:
            stack.enter_context(running(NETWORK, *_web_server(address)))
        wait_until(lambda: _listening().count(":80 ") == len(METADATA))
        yield tmp_path
    for namespace in (INSTANCE, NETWORK):
        ip("netns", "del", namespace)


def _without_dad(address: str) -> Sequence[str]:
    return ("nodad",) if ":" in address else ()


def _listening() -> str:
    return inside(NETWORK, "ss", "-Hltn").stdout


def _dnsmasq(folder: Path) -> List[str]:
    return [
        *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0"),
        *("--interface=eth0", "--bind-interfaces", "--user=root", "--enable-ra"),
        # Otherwise it looks for three seconds whether somebody has the address. Then udhcpc has
        # given up, and tries again after 20.
        "--no-ping",
        *("--dhcp-range=10.0.0.100,10.0.0.200,120s", "--dhcp-range=fd00::100,fd00::200,64,120s"),
        f"--dhcp-leasefile={folder}/leases",
        f"--pid-file={folder}/dnsmasq.pid",
    ]


def _web_server(address: str) -> List[str]:
    bind = f"{address}%eth0" if address.startswith("fe80") else address
    return [sys.executable, "-c", WEB_SERVER, bind]


@pytest.fixture
def client(network: Path) -> Iterator[Callable[[], List[str]]]:
    """A DHCP client that has a lease; gives the events so far."""
    events, script = network / "events", network / "script"
    script.write_text(
        f'#!/bin/sh\necho "$1 $ip" >> {events}\n'
        'if [ "$1" = bound ]; then ip address replace $ip/24 dev $interface; fi\n'
    )
    script.chmod(0o755)
    events.touch()
    pid = network / "udhcpc.pid"
    udhcpc = ("udhcpc", "-f", "-i", "eth0", "-s", str(script), "-p", str(pid), "-T", "1")
    with running(INSTANCE, *udhcpc):
        wait_until(lambda: "bound" in events.read_text())
        yield lambda: events.read_text().split("\n")


def impose(link: Link, protected: frozenset[str] = PROTECTED) -> Agent:
    agent = Agent(protected)
    agent.link(TAP, link)
    return agent


def renew(network: Path) -> None:
    subprocess.run(["kill", "-USR1", (network / "udhcpc.pid").read_text().strip()], check=True)


def has_neighbour(address: str) -> bool:
    """Whether the instance finds a neighbour that it has forgotten."""
    ip("-n", INSTANCE, "neighbour", "flush", "all")
    answer = inside(INSTANCE, "ping", "-c", "1", "-W", "1", f"{address}")
    assert answer.returncode, "the link is dead"
    shown = ip("-n", INSTANCE, "neighbour", "show", "to", address)
    return "lladdr" in shown and "FAILED" not in shown


def fetched(address: str) -> float:
    """The seconds that a request to the metadata service takes."""
    host = f"[{address}%25eth0]" if ":" in address else address
    script = f"import urllib.request as u; u.urlopen('http://{host}/hostname', timeout=30).read()"
    began = time.monotonic()
    answer = inside(INSTANCE, sys.executable, "-c", script)
    assert answer.returncode == 0, answer.stderr
    return time.monotonic() - began


def test_an_instance_on_a_dead_link_keeps_all_that_it_needs(
    network: Path, client: Callable[[], List[str]]
) -> None:
    ip("-n", INSTANCE, "route", "replace", METADATA[0], "dev", "eth0")
    ip("-n", INSTANCE, "address", "add", "fd00::2/64", "dev", "eth0", "nodad")
    impose(DEAD)
    renew(network)
    wait_until(lambda: any(event.startswith("renew") for event in client()))
    assert has_neighbour("10.0.0.1")
    assert has_neighbour("fd00::1")
    took_s = [fetched(address) for address in METADATA]
    print(f"metadata over a dead link: {', '.join(f'{t * 1e3:.0f} ms' for t in took_s)}")
    lease = ("dhclient", "-6", "-1", "-d", "-sf", "/bin/true", "-pf", "/dev/null")
    leases = ("-lf", str(network / "leases6"), "eth0")
    dhclient = subprocess.Popen(
        ["ip", "netns", "exec", INSTANCE, *lease, *leases],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: "iaaddr" in _read(network / "leases6"))
    finally:
        dhclient.terminate()
        dhclient.wait()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_nothing_is_protected_where_nothing_is_to_be(
    network: Path, client: Callable[[], List[str]]
) -> None:
    impose(DEAD, frozenset())
    assert not has_neighbour("10.0.0.1")
    assert tc("filter", "show", "dev", TAP, "ingress").count("matchall chain 0 handle") == 1
    assert "bpf" not in tc("filter", "show", "dev", TAP, "egress")


def test_other_traffic_is_delayed_while_a_lease_is_not(
    network: Path, client: Callable[[], List[str]]
) -> None:
    impose(SLOW)
    before = client()
    renew(network)
    took_s = wait_until(lambda: len(client()) > len(before))
    answer = inside(INSTANCE, "ping", "-c", "1", "-W", "10", "10.0.0.1")
    assert answer.returncode == 0
    assert float(answer.stdout.rsplit("= ", 1)[1].split("/")[0]) >= 4_000
    print(f"a lease renewed in {took_s * 1e3:.0f} ms over a link of 2 s each way")
    assert took_s < 4.0, "as long as the link takes both ways"
