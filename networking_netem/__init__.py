# SPDX-License-Identifier: Apache-2.0
"""Unstable links for OpenStack Neutron: bandwidth, delay, jitter and loss per port."""
