# SPDX-License-Identifier: Apache-2.0
"""The commands `demo` and `measure`: what they do to a lab, through Neutron's API."""
