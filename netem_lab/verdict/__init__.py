# SPDX-License-Identifier: Apache-2.0
"""What is sent to judge a link, the verdicts on what was measured, and their table."""
