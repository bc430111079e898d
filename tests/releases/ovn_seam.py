# SPDX-License-Identifier: Apache-2.0
"""Prints what a release's OVN driver has of what we rely on; it runs there, on Python 3.9 or later.

Every import of ours fails where the release has none of the names that it needs.
"""

import inspect
import json

from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb import maintenance, ovn_client
from neutron.plugins.ml2.drivers.ovn.mech_driver.ovsdb.extensions import qos
from neutron.services.qos.drivers.ovn import driver

from networking_netem.domain.rule_types import NAMES
from networking_netem.server.ovn import chassis, heal, link, placed, seam, stock

STOCK = qos.OVNClientQosExtension
listed = vars(maintenance.DBInconsistenciesPeriodics)


def main():
    """Print it as JSON."""
    print(
        json.dumps(
            {
                "arguments": [name for name in stock.SIGNATURE.parameters if name != "self"],
                "qos_rules": list(inspect.signature(stock.qos_rules).parameters),
                "supported": sorted(driver.SUPPORTED_RULES),
                "has_northbound": hasattr(STOCK, "nb_idl")
                or "_driver" in inspect.getsource(STOCK.__init__),
                "keeps_keys": "external_ids" in inspect.getsource(ovn_client.OVNClient.update_port),
                "has_cache": chassis._HAS_CACHE,
                "is_listed": chassis.NetemAgent.agent_type in chassis.NetemAgent.types,
                "network_type": heal._NETWORK_TYPE in _constants(),
                "periodic_spacing_s": heal._heal_netem_links._periodic_spacing,
                "has_lock": "has_lock" in listed,
                "used": [each.__name__ for each in (link, placed, seam)],
                "ours": list(NAMES),
            }
        )
    )


def _constants():
    from neutron.common.ovn import constants

    return [value for value in vars(constants).values() if isinstance(value, str)]


if __name__ == "__main__":
    main()
