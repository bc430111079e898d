# SPDX-License-Identifier: Apache-2.0
"""The methods of Neutron's OVN driver that ours take the place of and call (17 to 29)."""

from __future__ import annotations

import inspect

from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb.extensions import qos

# Before they are replaced: this module is imported once.
qos_rules = qos.OVNClientQosExtension._qos_rules
update_port_qos_rules = qos.OVNClientQosExtension._update_port_qos_rules

SIGNATURE = inspect.signature(update_port_qos_rules)
ARGUMENTS = frozenset(SIGNATURE.parameters)
"""Their names are the same in all releases; their order is not, and some are missing in some."""
