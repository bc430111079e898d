# SPDX-License-Identifier: Apache-2.0
"""Links through OVN's databases: a real Neutron with ML2/OVN, both databases, and ovn-northd."""
