# SPDX-License-Identifier: Apache-2.0
"""One scenario on the packages of five distributions: Neutron 17 (Victoria) to 29 (2026.2)."""
