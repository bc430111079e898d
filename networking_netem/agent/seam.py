# SPDX-License-Identifier: Apache-2.0
"""What we rely on in Neutron's agent that is private, or not the same in each release (17-29).

What is public and the same stays where it is used. Three differences need nothing of us:

* `handle_switch_restart` is new in 29: after Open vSwitch's restart Neutron takes its own QoS rows
  off the ports once more, as all but 17 do at the agent's start. It knows them by `_type` in
  `external_ids`, which ours have not.
* `delete_ingress_bw_limit_for_port` of 17 takes any QoS row off a port, that of 21 to 29 Neutron's
  own, and none that 17 left there. `Switch` puts ours in its place in either case.
* The agent runs on eventlet in 17, 21 and 26, on threads in 28 and 29.
"""

from __future__ import annotations

from typing import Any, ContextManager

from neutron.agent.l2.extensions import qos
from neutron_lib import exceptions
from oslo_concurrency import lockutils

OPEN_VSWITCH = "ovs"
"""How the Open vSwitch agent calls itself; the constant moved from Neutron (17) to neutron-lib."""


class OtherAgent(exceptions.NeutronException):
    message = (
        "The agent extension netem works in the Open vSwitch agent only, and this is an agent of"
        " type %(driver_type)s: take netem out of extensions in section [agent] of its"
        " configuration (Linux bridge and SR-IOV agents have qos in its place)"
    )


def editing() -> ContextManager[Any]:
    """Hold the lock under which ports' rules are edited, in more than one thread (17-29).

    Neutron takes it in `handle_port` and `_handle_notification`, and not in `delete_port`.
    """
    held: ContextManager[Any] = lockutils.lock("qos-port")
    return held


class QosAgentExtension(qos.QosAgentExtension):
    """Neutron's, with a name for what it does when a policy was changed."""

    def _handle_notification(
        self, context: Any, resource_type: str, qos_policies: Any, event_type: str
    ) -> None:
        # Registered by this name for the policies that servers push (17-29).
        super()._handle_notification(context, resource_type, qos_policies, event_type)
        self.policies_changed()

    def policies_changed(self) -> None:
        """The rules of ports may have been edited; the lock is free again."""
