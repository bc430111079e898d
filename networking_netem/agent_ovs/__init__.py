# SPDX-License-Identifier: Apache-2.0
"""The adapter of Neutron's Open vSwitch agent: it turns the rules of ports into desired links."""
