# SPDX-License-Identifier: Apache-2.0
"""What is asked of a link, what is sent to judge it, and the table that says whether it holds."""
