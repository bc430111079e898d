# SPDX-License-Identifier: Apache-2.0
"""Steps carried out in the kernel, and what it holds observed, over netlink."""
