# SPDX-License-Identifier: Apache-2.0
"""A lab that is up: start, state, commands in it, end."""
