# SPDX-License-Identifier: Apache-2.0
"""Every change that we make to Neutron's OVN driver, in the memory of a server that has it loaded.

What differs between the releases of the driver (17 to 29) is here too.
"""

from __future__ import annotations

from typing import Any, Iterator

from neutron.objects.qos import rule as qos_rule
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb.extensions import qos as ovn_qos
from neutron_lib import context as neutron_context
from neutron_lib.plugins import directory

from networking_netem.domain.link import Link
from networking_netem.domain.link_text import written
from networking_netem.domain.rule_types import NAMES
from networking_netem.rules.supported import supported_rules
from networking_netem.server.ovn import heal, stock
from networking_netem.server.ovn.command import SetLink
from networking_netem.server.ovn.link import Rules, with_link

MECHANISM_DRIVER = "ovn"


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
    for driver in mechanism_drivers():
        # Of its own: Neutron passes one dict to all (17 to 29).
        supported = {**driver.qos_driver.supported_rules, **supported_rules()}
        driver.qos_driver.supported_rules = supported
    ovn_qos.qos_rule = _KnownRules()
    ovn_qos.OVNClientQosExtension._qos_rules = staticmethod(_qos_rules)
    ovn_qos.OVNClientQosExtension._update_port_qos_rules = _update_port_qos_rules
    heal.heal_now_and_then()


def mechanism_drivers() -> Iterator[Any]:
    """Neutron's OVN mechanism drivers of this process: none, or one."""
    manager = getattr(directory.get_plugin(), "mechanism_manager", None)
    for loaded in getattr(manager, "ordered_mech_drivers", ()):
        if loaded.name == MECHANISM_DRIVER:
            yield loaded.obj


def _qos_rules(context: Any, policy_id: Any) -> Rules:
    """Neutron calls it once for a change of a policy, and passes the rules on for each port."""
    return with_link(context, policy_id, stock.qos_rules(context, policy_id))


def _update_port_qos_rules(self: Any, *positional: Any, **named: Any) -> None:
    """Neutron calls it in its own transaction, for each port whose rules may be others.

    The names of the arguments are the same in all releases, their order is not (17 to 29).
    """
    bound = stock.SIGNATURE.bind(self, *positional, **named)
    asked = bound.arguments
    link = Link.CLEAN
    if asked["qos_policy_id"]:
        # A network's policy may belong to another project.
        admin = neutron_context.get_admin_context()
        rules = asked["qos_rules"] or self._qos_rules(admin, asked["qos_policy_id"])
        link, asked["qos_rules"] = rules.link, rules.left
    stock.update_port_qos_rules(*bound.args, **bound.kwargs)
    # The command that makes the row, where it is made in this transaction (21 to 29).
    port = asked.get("lsp") or asked["port_id"]
    asked["txn"].add(SetLink(northbound(self), port, written(link)))


def northbound(client: Any) -> Any:
    """The northbound database of the driver's QoS client: by two ways, 17 and later."""
    return getattr(client, "nb_idl", None) or client._driver._nb_idl
