# SPDX-License-Identifier: Apache-2.0
"""The service plugin `netem`: beside `qos`, in either order, it has our rule types served."""

from __future__ import annotations

from neutron_lib.services import base

# Neutron looks for API extensions in the attribute `extensions` of a plugin's top package.
from networking_netem import extensions  # noqa: F401
from networking_netem.server import seam


class NetemPlugin(base.ServicePluginBase):
    """Applies the seam; the QoS plugin does the work."""

    supported_extension_aliases = ("qos-netem",)

    def __init__(self) -> None:
        super().__init__()
        seam.apply()

    @classmethod
    def get_plugin_type(cls) -> str:
        return "netem"

    def get_plugin_description(self) -> str:
        return "Delay, jitter and loss rules for QoS policies"
