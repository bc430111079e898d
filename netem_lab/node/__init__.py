# SPDX-License-Identifier: Apache-2.0
"""The cloud in the guest: Open vSwitch, Neutron and two instances."""
