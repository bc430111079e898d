# SPDX-License-Identifier: Apache-2.0
"""Sends our messages from a process that has CAP_NET_ADMIN and no other privilege."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from oslo_privsep import capabilities, priv_context

from networking_netem.kernel import device, qdisc, redirect
from networking_netem.kernel.netlink import Answer, Netlink, Request

context = priv_context.PrivContext(
    "networking_netem",
    cfg_section="netem_privileged",
    pypath=__name__ + ".context",
    capabilities=[capabilities.CAP_NET_ADMIN],
)

_ALLOWED = {
    *(device.RTM_NEWLINK, device.RTM_DELLINK),
    *(qdisc.RTM_NEWQDISC, qdisc.RTM_DELQDISC),
    *(redirect.RTM_NEWTFILTER, redirect.RTM_DELTFILTER),
}


def transact(requests: Sequence[Request]) -> List[Answer]:
    """The kernel's answer to each request, sent by the privileged process."""
    plain = [(request.message_type, request.flags, request.body) for request in requests]
    return [Answer(error, reason) for error, reason in _transact(plain)]


@context.entrypoint
def _transact(plain: Sequence[Tuple[int, int, bytes]]) -> List[Tuple[int, str]]:
    requests = [Request(message_type, flags, body) for message_type, flags, body in plain]
    refused = {request.message_type for request in requests} - _ALLOWED
    if refused:
        raise ValueError(f"message types {sorted(refused)} are not ours; ours are {_ALLOWED}")
    with Netlink() as netlink:
        return [(answer.error, answer.reason) for answer in netlink.transact(requests)]
