# SPDX-License-Identifier: Apache-2.0
"""What sends and receives packets between the instances, and counts."""
