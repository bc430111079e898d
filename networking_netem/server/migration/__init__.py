# SPDX-License-Identifier: Apache-2.0
"""Our branch of the database's history, run by neutron-db-manage."""
