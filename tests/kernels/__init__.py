# SPDX-License-Identifier: Apache-2.0
"""The tests of impairments and selectors on the kernels of Debian's suites."""
