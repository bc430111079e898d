# SPDX-License-Identifier: Apache-2.0
"""The program of a chassis' agent, which also writes a byte to a file for each message it sends."""

from __future__ import annotations

import sys
from typing import List, Sequence

from networking_netem.agent_ovn import main
from networking_netem.kernel.netlink import Answer, Request, transact


def _counted(requests: Sequence[Request]) -> List[Answer]:
    with open(sys.argv[1], "ab") as file:
        file.write(b"." * len(requests))
    return transact(requests)


if __name__ == "__main__":
    main.transact = _counted
    sys.exit(main.main(sys.argv[2:]))
