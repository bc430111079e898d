# SPDX-License-Identifier: Apache-2.0
"""Which ports can have our rules: those that end in a device of the host's kernel."""

from __future__ import annotations

from typing import Any, Optional

from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.exceptions import qos as qos_exceptions

from networking_netem.domain.rule_types import NAMES

_NOT_BOUND = (portbindings.VIF_TYPE_UNBOUND, portbindings.VIF_TYPE_BINDING_FAILED)


class QosRuleNotSupported(qos_exceptions.QosRuleNotSupported):
    """Neutron's own error, with its status, and with the reason in the message."""

    message = "Rule %(rule_type)s is not supported by port %(port_id)s: %(reason)s"


def refuse_unserved(rule: Any, port: Any) -> None:
    """Raise `QosRuleNotSupported` if `rule` is ours and `port` is one that we cannot serve."""
    if rule.rule_type not in NAMES:
        return
    for binding in port.bindings:
        reason = _reason(binding) if binding.status == constants.ACTIVE else None
        if reason:
            raise QosRuleNotSupported(rule_type=rule.rule_type, port_id=port.id, reason=reason)


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
