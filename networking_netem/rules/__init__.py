# SPDX-License-Identifier: Apache-2.0
"""What server and agents share: the rules as objects and rows, and how a policy travels."""
