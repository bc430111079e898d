# SPDX-License-Identifier: Apache-2.0
"""The names by which server and chassis speak through OVN's databases."""

from __future__ import annotations

PROGRAM = "networking-netem-ovn-agent"
"""The agent of a chassis, as Neutron's list of agents and messages to users name it."""

LINK = "netem:link"
"""In `external_ids` of Logical_Switch_Port: the text of the port's link. ovn-northd copies the
column to Port_Binding (20.03 to 26.03), and Neutron keeps keys that it does not know (17 to 29)."""

AGENT_ID = "neutron:ovn-netem-agent-id"
"""In `external_ids` of Chassis_Private: who serves links. Neutron's own agents have one there."""

AGENT_SEEN = "neutron:ovn-netem-agent-sb-cfg"
"""Beside it: the last value of `nb_cfg` in SB_Global that the agent has seen. So it lives."""
