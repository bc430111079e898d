# SPDX-License-Identifier: Apache-2.0
"""Plans told to the kernel, and the kernel's state told back, over netlink."""
