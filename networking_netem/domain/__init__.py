# SPDX-License-Identifier: Apache-2.0
"""What a link is and what the kernel must hold for it; no I/O, no clock, no logging."""
