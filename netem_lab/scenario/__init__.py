# SPDX-License-Identifier: Apache-2.0
"""What the commands `demo` and `measure` do on a lab, through Neutron's API."""
