# SPDX-License-Identifier: Apache-2.0
"""A network namespace for each case, on the kernel that runs the tests."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from networking_netem.domain.ifb import is_ifb_name
from networking_netem.kernel import device
from networking_netem.kernel.netlink import Netlink, transact
from tests.support.waiting import wait_until

CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def _call(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


MODULES = (
    *("sch_tbf", "sch_netem", "sch_ingress", "cls_matchall", "act_mirred", "ifb"),
    *("cls_bpf", "act_police"),
)


def load_modules() -> None:
    """Load the modules that our messages need; the module ifb must not make devices itself."""
    subprocess.run(["modprobe", "ifb", "numifbs=0"], check=True)
    subprocess.run(["modprobe", "-a", *MODULES], check=True)


@contextlib.contextmanager
def hide_module(module: str) -> Iterator[None]:
    """Hide a module from the kernel."""
    loader = Path("/proc/sys/kernel/modprobe")
    usual = loader.read_text()
    load_modules()
    loader.write_text("/bin/false")
    try:
        # The kernel takes the devices of deleted namespaces apart on its own time.
        users = Path(f"/sys/module/{module}/refcnt")
        wait_until(lambda: users.read_text() == "0\n")
        subprocess.run(["rmmod", module], check=True)
        yield
    finally:
        loader.write_text(usual)


# Both are settings of the writing thread's namespace: of devices to come, and of all.
_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
ALL_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")


@pytest.fixture(scope="session", autouse=True)
def _modules() -> None:
    """Load the modules; without them there is nothing to test."""
    load_modules()
    # Otherwise the first program that opens an IPv6 socket loads it, and devices begin to send.
    if not _NO_IPV6.exists():
        subprocess.run(["modprobe", "ipv6"], check=True)


@pytest.fixture
def netns() -> Iterator[None]:
    """A network namespace for the test."""
    with new_namespace():
        yield


@contextlib.contextmanager
def new_namespace() -> Iterator[None]:
    """A network namespace for this thread; what is made in it is gone afterwards.

    No packet is in it that the case does not send. With IPv6 a device that comes up reports its
    groups, looks for who has its address and asks for a router, for seconds, at random times.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    _call(_LIBC.unshare(CLONE_NEWNET))
    try:
        _NO_IPV6.write_text("1")
        yield
    finally:
        # Threads of the test may keep the namespace alive, and modules in use. Ports go before
        # their ifbs, which an agent would make anew.
        names = sorted((name for _, name in socket.if_nameindex()), key=is_ifb_name)
        transact([device.delete(name) for name in names], is_heard=True)
        _call(_LIBC.setns(home, CLONE_NEWNET))
        os.close(home)


@pytest.fixture
def tap(netns: None) -> str:
    """The device of a port; its peer plays the instance."""
    ip_batch(
        "link set lo up",
        "link add tap0000aaaa-01 type veth peer name eth0",
        "link set eth0 up",
        "link set tap0000aaaa-01 up",
    )
    return "tap0000aaaa-01"


@pytest.fixture
def two_vms(netns: None) -> Iterator[None]:
    """Two VMs on a bridge; see `two_vms.py`."""
    from tests.kernel import two_vms as vms

    vms.make()
    yield
    vms.unmake()


@pytest.fixture
def netlink(netns: None) -> Iterator[Netlink]:
    """A netlink socket in the test's namespace."""
    with Netlink() as opened:
        yield opened


def ip(*arguments: str) -> str:
    """Run iproute2's ip, which changes the kernel without our code."""
    return _run("ip", *arguments)


def ip_batch(*lines: str) -> None:
    """Run lines of iproute2's ip in one process, whose start costs a guest more than they do."""
    _run("ip", "-batch", "-", text="\n".join(lines))


def tc(*arguments: str) -> str:
    """Run iproute2's tc."""
    return _run("tc", *arguments)


def _run(*command: str, text: str = "") -> str:
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout
