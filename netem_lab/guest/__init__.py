# SPDX-License-Identifier: Apache-2.0
"""A guest kernel (User-Mode Linux) and the commands that are run on it."""
