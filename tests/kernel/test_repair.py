# SPDX-License-Identifier: Apache-2.0
"""What others undo is repaired, in a time that is printed; a missing module is named."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Callable, FrozenSet, List, Sequence

import pytest

from networking_netem.domain.diff import diff
from networking_netem.domain.ifb import ifb_name, ifb_names
from networking_netem.domain.impairment import Impairment
from networking_netem.domain.link import Direction, Link
from networking_netem.domain.plan import PASS_MODULES, Conditions, plan
from networking_netem.domain.protect import PROTECTED
from networking_netem.kernel.host import Host
from networking_netem.kernel.netlink import Answer, Netlink, Request
from networking_netem.kernel.observe import observe
from networking_netem.reconcile.budget import Budget
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.worker import Worker
from tests.support.waiting import wait_until

from .alone import NoSwitch, Sender
from .conftest import MODULES, hide_module, ip, tc

ALL = Link(
    egress=Impairment(100_000, 10_000, 100_000, 10_000),
    ingress=Impairment(30_000, 0, 10_000, 20_000),
)
MEDIAN_REPAIR_S = 0.050
REPEATS = 20


class Agent:
    """The reconciler and the worker of an agent, in the namespace of the test."""

    def __init__(self, protected: FrozenSet[str] = PROTECTED) -> None:
        self.sender = Sender()
        host = Host(self.sender.transact)
        self.reconciler = Reconciler(host, NoSwitch(), Budget(1 << 30), protected)
        self.worker = Worker(self.reconciler, audit_interval_s=3600.0)

    def link(self, device: str, link: Link) -> None:
        self.reconciler.want(device, link)
        self.reconciler.reconcile([device])
        self.worker.wake()


@pytest.fixture
def agent(netns: None) -> Agent:
    return Agent()


def is_held(netlink: Netlink, device: str, link: Link) -> bool:
    found = observe(netlink, [device]).get(device)
    return found is not None and diff(plan(link, Conditions.of(found)), found).is_none


@pytest.mark.parametrize(
    "deletion",
    [
        "qdisc del dev {back} root",
        "qdisc del dev {ifb} root",
        "qdisc del dev {tap} clsact",
        "filter del dev {tap} egress",
        "filter del dev {tap} ingress prio 20036",
    ],
    ids=["ingress tree", "egress tree", "hooks", "redirect", "what lets pass"],
)
def test_a_deletion_is_repaired_in_50_ms(
    netlink: Netlink, tap: str, agent: Agent, deletion: str
) -> None:
    agent.link(tap, ALL)
    agent.worker.start()
    ifb, back = ifb_names(tap)
    command = deletion.format(tap=tap, ifb=ifb, back=back)
    repairs = []
    for _ in range(REPEATS):
        tc(*command.split())
        repairs.append(wait_until(lambda: is_held(netlink, tap, ALL)))
    print(f"repair after {deletion}: median {statistics.median(repairs) * 1e3:.1f} ms, "
          f"longest {max(repairs) * 1e3:.1f} ms, n = {REPEATS}")  # fmt: skip
    assert statistics.median(repairs) <= MEDIAN_REPAIR_S


@pytest.mark.parametrize(
    "command",
    [
        ("link", "del", "{ifb}"),
        ("link", "set", "{ifb}", "down"),
        ("link", "set", "{tap}", "mtu", "9000"),
        ("link", "set", "{tap}", "down"),
    ],
    ids=" ".join,
)
def test_a_changed_device_is_followed(
    netlink: Netlink, tap: str, agent: Agent, command: Sequence[str]
) -> None:
    agent.link(tap, ALL)
    agent.worker.start()
    ip(*(word.format(tap=tap, ifb=ifb_name(tap, Direction.EGRESS)) for word in command))
    wait_until(lambda: is_held(netlink, tap, ALL))


def test_a_tap_that_is_unplugged_and_plugged_again(
    netlink: Netlink, tap: str, agent: Agent
) -> None:
    agent.link(tap, ALL)
    agent.worker.start()
    before = ip("-o", "link", "show", tap).split(":")[0]
    ip("link", "del", tap)
    wait_until(lambda: ip("-br", "link", "show", "type", "ifb") == "")
    ip("link", "add", tap, "type", "veth", "peer", "name", "eth0")
    ip("link", "set", tap, "up")
    wait_until(lambda: is_held(netlink, tap, ALL))
    assert ip("-o", "link", "show", tap).split(":")[0] != before


def test_more_news_than_the_socket_holds(netlink: Netlink, tap: str, agent: Agent) -> None:
    agent.link(tap, ALL)
    agent.worker.start()
    ip("-batch", _batch([f"link add d{i} type dummy\nlink del d{i}" for i in range(300)]))
    tc("qdisc", "del", "dev", tap, "clsact")
    wait_until(lambda: is_held(netlink, tap, ALL))


def test_an_agent_started_anew_tells_the_kernel_nothing(netlink: Netlink, tap: str) -> None:
    Agent().link(tap, ALL)
    again = Agent()
    again.link(tap, ALL)
    again.reconciler.audit()
    assert again.sender.messages == 0


def test_an_agent_started_anew_finishes_what_was_half_done(netlink: Netlink, tap: str) -> None:
    """The agent is killed after each of its messages in turn."""
    whole = Agent()
    whole.link(tap, ALL)
    for cut in range(1, whole.sender.messages):
        Agent().link(tap, Link.CLEAN)
        assert is_held(netlink, tap, Link.CLEAN)
        half = Agent()
        half.reconciler._kernel._transact = _dies_after(cut)  # type: ignore[attr-defined]
        with pytest.raises(KeyboardInterrupt):
            half.link(tap, ALL)
        Agent().link(tap, ALL)
        assert is_held(netlink, tap, ALL)


def _dies_after(count: int) -> Callable[[Sequence[Request]], List[Answer]]:
    sent = [0]

    def transact(requests: Sequence[Request]) -> List[Answer]:
        allowed = requests[: count - sent[0]]
        sent[0] += len(allowed)
        with Netlink() as netlink:
            answers = netlink.transact(allowed)
        if len(allowed) < len(requests) or sent[0] == count:
            raise KeyboardInterrupt
        return answers

    return transact


def test_ifbs_of_deleted_ports_disappear_at_start(netlink: Netlink, tap: str) -> None:
    Agent().link(tap, ALL)
    ip("link", "del", tap)
    Agent().reconciler.audit()
    assert ip("-br", "link", "show", "type", "ifb") == ""


@pytest.mark.parametrize("module", MODULES)
def test_a_missing_module_is_named_and_the_rest_is_imposed(
    netlink: Netlink,
    tap: str,
    module: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with hide_module(module):
        agent = Agent()
        agent.link(tap, ALL)
        agent.reconciler.audit()
        said = f"Kernel module {module} is missing"
        assert sum(said in text for text in caplog.messages) == 1
        found = observe(netlink, [tap])[tap]
        possible = plan(ALL, Conditions(missing_modules=frozenset({module})))
        assert diff(possible, found).is_none
        assert found.ingress.is_carrying == (module in PASS_MODULES | {"sch_netem"})
    agent.reconciler.audit()
    assert is_held(netlink, tap, ALL)


def _batch(lines: Sequence[str]) -> str:
    path = Path("/tmp/batch")
    path.write_text("\n".join(lines) + "\n")
    return str(path)
