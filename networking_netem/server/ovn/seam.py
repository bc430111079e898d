# SPDX-License-Identifier: Apache-2.0
"""Every change that we make to Neutron's OVN driver, in the memory of a server that has it loaded.

What differs between the releases of the driver (17 to 29) is here too.
"""

from __future__ import annotations

from typing import Any, Mapping

from neutron.objects.qos import rule as qos_rule
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb.extensions import qos as ovn_qos
from neutron_lib import context as neutron_context
from neutron_lib.api.definitions import portbindings
from neutron_lib.callbacks import events, registry, resources

from networking_netem.domain.rule_types import NAMES
from networking_netem.rules.supported import supported_rules
from networking_netem.server import attach
from networking_netem.server.ovn import chassis, heal, placed, stock
from networking_netem.server.ovn.command import SetLink
from networking_netem.server.ovn.link import Rules, with_link
from networking_netem.server.ovn.placed import Placed


class _KnownRules:
    """neutron.objects.qos.rule as the driver sees it: `get_rules` returns no rule of ours.

    The driver warns of each rule that it does not know, at every event of the policy (17 to 29).
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(qos_rule, name)

    @staticmethod
    def get_rules(*arguments: Any) -> Any:
        return [rule for rule in qos_rule.get_rules(*arguments) if rule.rule_type not in NAMES]


def apply() -> None:
    """Have the drivers of this process carry links; repeating changes nothing."""
    for driver in chassis.drivers():
        # Of its own: Neutron passes one dict to all (17 to 29).
        supported = {**driver.qos_driver.supported_rules, **supported_rules()}
        driver.qos_driver.supported_rules = supported
    ovn_qos.qos_rule = _KnownRules()
    ovn_qos.OVNClientQosExtension._qos_rules = staticmethod(_qos_rules)
    ovn_qos.OVNClientQosExtension._update_port_qos_rules = _update_port_qos_rules
    attach.WHY_UNSERVED_ON_HOST.add(chassis.why_unserved)
    registry.subscribe(_look_at_moved_port, resources.PORT, events.AFTER_UPDATE)
    chassis.list_agents()
    heal.heal_now_and_then()


def _qos_rules(context: Any, policy_id: Any) -> Rules:
    """Neutron calls it once for a change of a policy, and passes the rules on for each port."""
    rules = with_link(context, policy_id, stock.qos_rules(context, policy_id))
    rules.policy_id = policy_id
    return rules


def _update_port_qos_rules(self: Any, *positional: Any, **named: Any) -> None:
    """Neutron calls it in its own transaction, for each port whose rules may be others.

    The names of the arguments are the same in all releases, their order is not (17 to 29).
    """
    bound = stock.SIGNATURE.bind(self, *positional, **named)
    asked = bound.arguments
    text = ""
    if asked["qos_policy_id"]:
        # A network's policy may belong to another project.
        admin = neutron_context.get_admin_context()
        of_many = asked["qos_rules"]
        rules = of_many or self._qos_rules(admin, asked["qos_policy_id"])
        text = rules.text
        is_served = not rules.link.is_clean and _is_served(
            admin, rules, asked["port_id"], is_one_of_many=bool(of_many)
        )
        asked["qos_rules"] = rules.for_ovn(is_served)
    stock.update_port_qos_rules(*bound.args, **bound.kwargs)
    # The command that makes the row, where it is made in this transaction (21 to 29).
    port = asked.get("lsp") or asked["port_id"]
    asked["txn"].add(SetLink(_northbound(self), port, text))


def _is_served(context: Any, rules: Rules, port_id: str, is_one_of_many: bool) -> bool:
    """Whether an agent imposes the link of this port, so that OVN need not limit its bandwidth."""
    if is_one_of_many and rules.ports is None:
        rules.ports = placed.with_policies(context, [rules.policy_id])
    ports: Mapping[str, Placed] = rules.ports or {}
    port = ports.get(port_id) or placed.with_ids(context, [port_id]).get(port_id)
    if port is None:
        return True
    if port.host not in rules.is_served:
        rules.is_served[port.host] = not chassis.why_unserved(port.host)
    return rules.is_served[port.host]


def _look_at_moved_port(
    resource: str, event: str, trigger: Any, payload: Any = None, **of_17: Any
) -> None:
    """Another host may serve links where the one before did not, or the other way round."""
    before, after = (
        (payload.states[0], payload.latest_state)
        if payload
        else (of_17["original_port"], of_17["port"])
    )
    has_policy = after.get("qos_policy_id") or after.get("qos_network_policy_id")
    if has_policy and before.get(portbindings.HOST_ID) != after.get(portbindings.HOST_ID):
        for driver in chassis.drivers():
            client = driver._ovn_client._qos_driver
            heal.heal(client, _northbound(client), [after["id"]])


def _northbound(client: Any) -> Any:
    """The northbound database of the driver's QoS client: by two ways, 17 and later."""
    return getattr(client, "nb_idl", None) or client._driver._nb_idl
