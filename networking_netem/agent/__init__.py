# SPDX-License-Identifier: Apache-2.0
"""The Open vSwitch agent's side: from QoS rules to links, from links to the kernel."""
