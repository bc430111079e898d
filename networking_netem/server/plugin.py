# SPDX-License-Identifier: Apache-2.0
"""The service plugin `netem`: beside the plugin `qos`, in either order, it adds our rule types."""

from __future__ import annotations

import sys

from neutron_lib import exceptions
from neutron_lib.services import base
from oslo_config import cfg

# Neutron looks for API extensions in the attribute `extensions` of a plugin's top package.
from networking_netem import extensions  # noqa: F401
from networking_netem.server import options, seam


class QosPluginMissing(exceptions.NeutronException):
    message = (
        "The service plugin netem serves rules of QoS policies and needs the plugin qos:"
        " set service_plugins = qos,netem in neutron.conf, not service_plugins = %(configured)s"
    )


class NetemPlugin(base.ServicePluginBase):
    """Applies the seam, so that the plugin `qos` serves our rules; does not start without it."""

    supported_extension_aliases = ("qos-netem",)

    def __init__(self) -> None:
        super().__init__()
        # Without this, Neutron would only say that it cannot find the extension qos-netem (17-29).
        configured = cfg.CONF.service_plugins
        if not any("qos" in name.lower() for name in configured):
            raise QosPluginMissing(configured=",".join(configured))
        cfg.CONF.register_opts(options.OPTIONS, options.GROUP)
        seam.apply()
        # The core plugin is there before any service plugin, and its OVN driver with it (17-29).
        if "neutron.plugins.ml2.drivers.ovn.mech_driver.mech_driver" in sys.modules:
            from networking_netem.server.ovn import seam as ovn_seam

            ovn_seam.apply()

    @classmethod
    def get_plugin_type(cls) -> str:
        return "netem"

    def get_plugin_description(self) -> str:
        return "Rules for unstable links in QoS policies"
