# SPDX-License-Identifier: Apache-2.0
"""One OVN and one Neutron for all tests of this folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.ovn import central
from tests.ovn.central import Central
from tests.support import neutron_api
from tests.support.neutron_api import NeutronApi

OVN = """
[ml2]
type_drivers = geneve,flat
tenant_network_types = geneve
extension_drivers = port_security,qos
[ml2_type_geneve]
vni_ranges = 1:65536
max_header_size = 38
[ovn]
ovn_nb_connection = {nb}
ovn_sb_connection = {sb}
"""


@pytest.fixture(scope="session", autouse=True)
def _one_worker() -> Iterator[None]:
    """Neutron takes its API for one without workers otherwise, and does not connect (29)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASGI_WORKERS", "1")
        yield


@pytest.fixture(scope="session")
def ovn() -> Iterator[Central]:
    with central.running() as running:
        yield running


@pytest.fixture(scope="session")
def api(ovn: Central, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NeutronApi]:
    conf = configure(tmp_path_factory.mktemp("neutron"), ovn)
    started = neutron_api.start(conf)
    yield started
    # Its threads would go on, and log to what pytest has closed.
    for connection in (driver().nb_ovn.ovsdb_connection, driver().sb_ovn.ovsdb_connection):
        connection.stop()
    logging.raiseExceptions = False


def configure(root: Path, ovn: Central, mechanism_drivers: str = "ovn") -> Path:
    """Write the configuration of a Neutron on these databases; return its path."""
    plugins = "qos,netem,trunk,ovn-router"
    conf = neutron_api.configure(root, service_plugins=plugins, mechanism_drivers=mechanism_drivers)
    with conf.open("a") as file:
        file.write(OVN.format(nb=ovn.remote("nb"), sb=ovn.remote("sb")))
    neutron_api.create_sqlite(root / "neutron.sqlite")
    return conf


def driver() -> Any:
    """Neutron's OVN mechanism driver in this process."""
    from neutron_lib.plugins import directory

    return directory.get_plugin().mechanism_manager.mech_drivers["ovn"].obj
