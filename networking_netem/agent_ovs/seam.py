# SPDX-License-Identifier: Apache-2.0
"""What we rely on in Neutron's agent that is private, or not the same in each release (17-29).

What is public and the same in all releases is imported where it is used. Three differences need no
code of ours:

* `handle_switch_restart` is new in 29. After a restart of Open vSwitch, Neutron takes its own QoS
  rows off the ports, as all releases but 17 do at the agent's start. It knows its rows by `_type`
  in `external_ids`. Our rows have no `_type`.
* `delete_ingress_bw_limit_for_port` takes any QoS row off a port in 17. In 21 to 29 it takes
  Neutron's own row off, but not one that 17 left there. `Switch` sets our row in both cases.
* The agent runs on eventlet in 17, 21 and 26, on threads in 28 and 29.
"""

from __future__ import annotations

from typing import Any, ContextManager

from neutron.agent.l2.extensions import qos
from neutron_lib import exceptions
from oslo_concurrency import lockutils
from oslo_log import log as logging

LOG = logging.getLogger(__name__)

OPEN_VSWITCH = "ovs"
"""The Open vSwitch agent's name for itself. Neutron has the constant in 17, later neutron-lib."""


class OtherAgent(exceptions.NeutronException):
    message = (
        "The agent extension netem works in the Open vSwitch agent only, and this is an agent of"
        " type %(driver_type)s: take netem out of extensions in section [agent] of its"
        " configuration (Linux bridge and SR-IOV agents have qos in its place)"
    )


def editing() -> ContextManager[Any]:
    """Hold the lock under which threads of the agent edit the rules of ports (17-29).

    Neutron takes it in `handle_port` and `_handle_notification`, but not in `delete_port`.
    """
    held: ContextManager[Any] = lockutils.lock("qos-port")
    return held


class QosAgentExtension(qos.QosAgentExtension):
    """Neutron's, which takes no older policy for a newer one, and says when policies changed."""

    def _handle_notification(
        self, context: Any, resource_type: str, qos_policies: Any, event_type: str
    ) -> None:
        # Registered by this name for the policies that servers push (17-29).
        super()._handle_notification(context, resource_type, qos_policies, event_type)
        self.policies_changed()

    def _process_update_policy(self, qos_policy: Any) -> None:
        # Called under the lock (17-29). Pushes of two API workers may overtake each other on their
        # way: the older policy would be in force until the next change.
        known = self.policy_map.get_policy(qos_policy.id)
        if known is not None and _revision(qos_policy) < _revision(known):
            LOG.info("Policy %s was pushed late, and is passed over", qos_policy.id)
            return
        super()._process_update_policy(qos_policy)

    def policies_changed(self) -> None:
        """The rules of ports may have been edited; the lock is free again."""


def _revision(policy: Any) -> int:
    """The revision of a policy before its last change; each change of a rule raises it."""
    return policy.revision_number or 0 if policy.obj_attr_is_set("revision_number") else 0
