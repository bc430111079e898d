# SPDX-License-Identifier: Apache-2.0
"""Which ports can have our rules: those that end in a device of the host's kernel."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Optional, Set

from neutron.objects import ports
from neutron.objects.qos import policy as qos_policy
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.exceptions import qos as qos_exceptions

from networking_netem.domain.rule_types import NAMES

IN_A_TRUNK = "it is in a trunk, whose ports have no device of their own on the host"
WHY_UNSERVED_ON_HOST: Set[Callable[[str], str]] = set()
"""What backends say of a host: why it serves none of our rules; empty where it does."""
_CHOSEN = ("device_owner", portbindings.VNIC_TYPE)
"""What may be chosen anew for a port that has a policy, and decides whether it can be served."""
_NOT_BOUND = (portbindings.VIF_TYPE_UNBOUND, portbindings.VIF_TYPE_BINDING_FAILED)


class QosRuleNotSupported(qos_exceptions.QosRuleNotSupported):
    """Neutron's own error, with its status, and with the reason in the message."""

    message = "Rule %(rule_type)s is not supported by %(target)s: %(reason)s"


def refuse_unserved(rule: Any, port: Any) -> None:
    """Raise `QosRuleNotSupported` if `rule` is ours and `port` is one that we cannot serve."""
    if rule.rule_type not in NAMES:
        return
    for reason in _reasons(port):
        raise QosRuleNotSupported(rule_type=rule.rule_type, target=f"port {port.id}", reason=reason)


def refuse_change(resource: str, event: str, trigger: Any, payload: Any) -> None:
    """Raise `QosRuleNotSupported` if a port becomes one that cannot have the rules it has.

    Called before the change of a port is committed (17-29). Neutron itself asks only where the
    policy changes.
    """
    before, after = payload.states[0], payload.desired_state
    if not any(before.get(name) != after.get(name) for name in _CHOSEN):
        return
    vnic_type = after.get(portbindings.VNIC_TYPE, portbindings.VNIC_NORMAL)
    if vnic_type == portbindings.VNIC_NORMAL and not _is_of_the_network(after):
        return
    port = ports.Port.get_object(payload.context, id=payload.resource_id)
    policy_id = port.qos_policy_id or port.qos_network_policy_id
    if policy_id:
        policy = qos_policy.QosPolicy.get_object(payload.context.elevated(), id=policy_id)
        for rule in policy.rules:
            refuse_unserved(rule, port)


def _is_of_the_network(port: Any) -> bool:
    """Whether Neutron's own agents have the port's device, in a network namespace (17-29)."""
    owner: str = port["device_owner"]
    return owner.startswith(constants.DEVICE_OWNER_NETWORK_PREFIX)


def _reasons(port: Any) -> Iterator[str]:
    """Yield why `port` has no device whose packets we could delay; nothing if it has."""
    # Neutron keeps a policy of the network off most of these ports (17-29, should_apply_to_port).
    if port.qos_policy_id and _is_of_the_network(port):
        yield f"its device_owner is {port.device_owner}, whose device is in a network namespace"
    # Loaded with the port, where the server has trunks (17-29).
    for name in ("trunk_port", "sub_port"):
        if getattr(port.db_obj, name, None):
            yield IN_A_TRUNK
    for binding in port.bindings:
        if binding.status == constants.ACTIVE:
            reasons = [_reason(binding), *(ask(binding.host) for ask in WHY_UNSERVED_ON_HOST)]
            yield from filter(None, reasons)


def _reason(binding: Any) -> Optional[str]:
    """Return why a port with this binding cannot have our rules; None where it can."""
    vnic_type, vif_type = binding.vnic_type, binding.vif_type
    details = binding.vif_details or {}
    if vnic_type != portbindings.VNIC_NORMAL:
        return f"its {portbindings.VNIC_TYPE} is {vnic_type}, which passes the host's kernel by"
    if vif_type not in (portbindings.VIF_TYPE_OVS, *_NOT_BOUND):
        served = portbindings.VIF_TYPE_OVS
        return f"its {portbindings.VIF_TYPE} is {vif_type}, and only {served} is served"
    # The userspace datapath reads a tap itself: what the instance sends does not meet our qdiscs.
    if details.get(portbindings.OVS_DATAPATH_TYPE) == "netdev":
        return "its host runs Open vSwitch's userspace datapath (netdev)"
    return None
