# SPDX-License-Identifier: Apache-2.0
"""`networking-netem-ovn-agent`: keeps the links of a chassis' ports at what OVN says."""

from __future__ import annotations

import signal
import sys
from typing import Any, Optional, Sequence

from neutron.conf.plugins.ml2.drivers.ovn import ovn_conf
from oslo_config import cfg
from oslo_log import log as logging

from networking_netem.agent import options
from networking_netem.agent.switch import Switch
from networking_netem.agent_ovn import options as ovs_options
from networking_netem.agent_ovn.agent import Agent
from networking_netem.agent_ovn.southbound import use_tls
from networking_netem.domain.channel import PROGRAM
from networking_netem.kernel import capability
from networking_netem.kernel.host import Host
from networking_netem.kernel.netlink import transact
from networking_netem.reconcile.reconciler import Reconciler
from networking_netem.reconcile.worker import Worker

LOG = logging.getLogger(__name__)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Serve until SIGTERM; the kernel keeps its links then. The exit status is 1 after an error."""
    conf = cfg.CONF
    try:
        _configure(conf, sys.argv[1:] if argv is None else argv)
    except cfg.Error as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _end)
    if not capability.may_administer():
        print(f"{PROGRAM}: needs CAP_NET_ADMIN (systemd: AmbientCapabilities)", file=sys.stderr)
        return 1
    remote = ovn_conf.get_ovn_sb_connection()
    if "ssl:" in remote:
        use_tls(
            ovn_conf.get_ovn_sb_private_key(),
            ovn_conf.get_ovn_sb_certificate(),
            ovn_conf.get_ovn_sb_ca_cert(),
        )
    of_ovs = conf[ovs_options.GROUP]
    agent = Agent(remote, of_ovs.ovsdb_connection, of_ovs.ovsdb_connection_timeout)
    reconciler = Reconciler(
        Host(transact),
        Switch(agent.open_vswitch),
        options.budget(conf),
        options.protected(conf),
    )
    worker = Worker(reconciler, conf[options.GROUP].audit_interval_s)
    worker.start()
    try:
        agent.serve(reconciler, worker)
    except Exception:
        LOG.critical("The agent ends; links stay as they are", exc_info=True)
    return 1


def _configure(conf: Any, argv: Sequence[str]) -> None:
    """Read Neutron's options for OVN, and ours, from Neutron's files or those that are named."""
    # At import in 17; by this function in 21 to 29.
    getattr(ovn_conf, "register_opts", lambda: None)()
    conf.register_opts(options.OPTIONS, options.GROUP)
    conf.register_opts(ovs_options.OPTIONS, ovs_options.GROUP)
    logging.register_options(conf)
    conf(list(argv), project="neutron", prog=PROGRAM)
    logging.setup(conf, PROGRAM)


def _end(number: int, _frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
