# SPDX-License-Identifier: Apache-2.0
"""What all adapters on a host have: options, the claims on Open vSwitch, commands for operators."""
