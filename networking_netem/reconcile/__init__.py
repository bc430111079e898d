# SPDX-License-Identifier: Apache-2.0
"""The engine: desired links against what the kernel holds, port by port; no Neutron."""
