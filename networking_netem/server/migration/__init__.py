# SPDX-License-Identifier: Apache-2.0
"""Our own migrations of Neutron's database, run by neutron-db-manage."""
