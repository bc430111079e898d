# SPDX-License-Identifier: Apache-2.0
"""Sends our messages from a process that has CAP_NET_ADMIN and no other privilege."""

from __future__ import annotations

import errno
from typing import Any, Callable, Iterator, List, Sequence, Tuple

from oslo_privsep import capabilities, priv_context

from networking_netem.kernel import guard
from networking_netem.kernel.netlink import Answer, Netlink, Request, Unavailable

context = priv_context.PrivContext(
    "networking_netem",
    cfg_section="netem_privileged",
    pypath=__name__ + ".context",
    capabilities=[capabilities.CAP_NET_ADMIN],
)

MOST_REQUESTS = 512
"""How many requests one call carries, so that a call takes long only when something is wrong."""

TIMEOUT_S = 30.0
"""512 requests take 0.5 s in a guest (User-Mode Linux 6.1)."""


def _entrypoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """A call of the privileged process that raises after ``TIMEOUT_S``.

    oslo.privsep of Neutron 17 has no such thing: there a process that hangs is waited for.
    """
    if hasattr(context, "entrypoint_with_timeout"):
        return context.entrypoint_with_timeout(TIMEOUT_S)(function)
    return context.entrypoint(function)


def transact(requests: Sequence[Request]) -> List[Answer]:
    """The kernel's answer to each request, sent by the privileged process.

    A request that is none of this package's is answered by EPERM, and not sent. Raises
    ``Unavailable`` when the privileged process does not answer.
    """
    plain = [(request.message_type, request.flags, request.body) for request in requests]
    answers: List[Answer] = []
    for call in _calls(plain):
        try:
            answers += [Answer(error, reason) for error, reason in _transact(call)]
        except Exception as error:
            raise Unavailable(f"the privileged process does not answer: {error!r}") from error
    return answers


def _calls(plain: List[Any]) -> Iterator[List[Any]]:
    """Yield at least one batch, because the first call starts the process."""
    for begin in range(0, max(len(plain), 1), MOST_REQUESTS):
        yield plain[begin : begin + MOST_REQUESTS]


@_entrypoint
def _transact(plain: Sequence[Tuple[int, int, bytes]]) -> List[Tuple[int, str]]:
    requests = [Request(message_type, flags, body) for message_type, flags, body in plain]
    refusals = [guard.refusal(request) for request in requests]
    allowed = [request for request, refused in zip(requests, refusals) if not refused]
    with Netlink() as netlink:
        answers = iter(netlink.transact(allowed))
    plain_answers = ((answer.error, answer.reason) for answer in answers)
    return [(errno.EPERM, refused) if refused else next(plain_answers) for refused in refusals]
