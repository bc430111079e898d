# SPDX-License-Identifier: Apache-2.0
"""The agent of a chassis: it turns what OVN's southbound database says into desired links."""
