# SPDX-License-Identifier: Apache-2.0
"""Neutron lists the agents of chassis, and sees when one does not answer."""

from __future__ import annotations

from tests.api import attaching
from tests.ovn import chassis
from tests.ovn.central import Central
from tests.support.neutron_api import NeutronApi
from tests.support.waiting import wait_until


def test_an_agent_is_listed_shown_and_seen_to_die(api: NeutronApi, ovn: Central) -> None:
    chassis.add(ovn, "mortal")
    assert "agent-mortal" not in chassis.agents(api)
    chassis.announce(ovn, api, "mortal")
    agent = api.get("/agents/agent-mortal").body["agent"]
    assert (agent["binary"], agent["host"]) == ("networking-netem-ovn-agent", "mortal")

    chassis.silence(ovn, "mortal")
    wait_until(lambda: not chassis.agents(api)["agent-mortal"]["alive"])

    port = attaching.port(api, attaching.network(api), "mortal")
    answer = attaching.attach(api, port, attaching.policy(api, "delay"))
    reason = "networking-netem-ovn-agent on its host mortal is not alive"
    attaching.assert_refused(answer, "delay", port, reason)

    chassis.revive(ovn, "mortal")
    wait_until(lambda: chassis.agents(api)["agent-mortal"]["alive"])
    assert attaching.attach(api, port, attaching.policy(api, "delay")).status == 200


def test_an_agent_of_a_chassis_that_is_gone_is_not_alive(api: NeutronApi, ovn: Central) -> None:
    chassis.add(ovn, "leaving")
    chassis.announce(ovn, api, "leaving")
    (row,) = ovn.rows("sb", "Chassis_Private", "name=leaving")
    ovn.ctl("sb", "destroy", "Chassis_Private", row["_uuid"])
    wait_until(lambda: not chassis.agents(api)["agent-leaving"]["alive"])
