# SPDX-License-Identifier: Apache-2.0
"""Commands of the `openstack` program, found by entry points in `openstack.network.v2`."""
