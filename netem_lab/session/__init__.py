# SPDX-License-Identifier: Apache-2.0
"""A lab on the host: how it comes up, how it is, what runs in it, how it goes down."""
