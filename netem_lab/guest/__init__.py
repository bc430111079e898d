# SPDX-License-Identifier: Apache-2.0
"""A kernel of its own to run commands on: User-Mode Linux."""
