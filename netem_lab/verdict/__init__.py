# SPDX-License-Identifier: Apache-2.0
"""What was asked, what it takes to judge it, and the table that comes of it."""
