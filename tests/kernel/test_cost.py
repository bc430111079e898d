# SPDX-License-Identifier: Apache-2.0
"""An event costs the messages of the ports that it is about, not those of the host."""

from __future__ import annotations

import threading
from typing import Iterator, List

import pytest

from benchmarks.links import EDITED, LINK, Links
from networking_netem.domain.link import Link
from networking_netem.kernel.netlink import Netlink, Request

MANY = 60


class Counted:
    """Counts the questions that are asked singly, and the dumps, of the thread that makes it.

    Agents of earlier tests live on in threads, and look at their ports again.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.questions = self.dumps = 0
        counted = threading.current_thread()
        ask, dump = Netlink.ask, Netlink.dump

        def counting_ask(netlink: Netlink, requests: List[Request]) -> List[bytes]:
            asked = list(requests)
            if threading.current_thread() is counted:
                self.questions += len(asked)
            return ask(netlink, asked)

        def counting_dump(netlink: Netlink, message_type: int, body: bytes) -> List[bytes]:
            if threading.current_thread() is counted:
                self.dumps += 1
            return dump(netlink, message_type, body)

        monkeypatch.setattr(Netlink, "ask", counting_ask)
        monkeypatch.setattr(Netlink, "dump", counting_dump)

    def taken(self) -> tuple[int, int]:
        taken = self.questions, self.dumps
        self.questions = self.dumps = 0
        return taken


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(monkeypatch)


@pytest.fixture
def links(netns: None) -> Iterator[Links]:
    made = Links(MANY)
    made.make()
    made.audit()
    yield made
    made.close()


def test_an_edit_asks_about_its_port_and_nothing_else(links: Links, counted: Counted) -> None:
    links.sender.messages = links.sender.sends = 0
    links.reconciler.want(links.names[0], EDITED)
    links.reconciler.reconcile_due()
    questions, dumps = counted.taken()
    assert dumps == 0
    assert questions <= 2 * 17, "one look before it and one after it"
    assert (links.sender.messages, links.sender.sends) == (1, 1)


def test_ports_without_a_link_cost_two_dumps_in_all(links: Links, counted: Counted) -> None:
    plain = [f"tap{number:08x}-99" for number in range(MANY)]
    for name in plain:
        links.reconciler.want(name, Link.CLEAN)
    links.reconciler.reconcile_due()
    assert counted.taken() == (0, 2)
    for name in plain:
        links.reconciler.want(name, Link.CLEAN)
    links.reconciler.reconcile_due()
    assert counted.taken() == (0, 0)


def test_a_restart_looks_at_all_ports_together(links: Links, counted: Counted) -> None:
    links.restart()
    links.reconciler.audit()
    for name in links.names:
        links.reconciler.want(name, LINK)
    links.reconciler.reconcile_due()
    _, dumps = counted.taken()
    assert dumps <= 8, f"{dumps} dumps for {MANY} ports"
    assert links.sender.messages == 0
