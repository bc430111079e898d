# SPDX-License-Identifier: Apache-2.0
"""The agent of an OVN chassis, on a real kernel."""
