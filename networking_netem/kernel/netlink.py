# SPDX-License-Identifier: Apache-2.0
"""A route netlink socket: dumps, and batches of requests that are each acknowledged.

This is no library's code, because a message must hold all attributes and a batch must be one send.
pyroute2 (0.5.14 to 0.9.7) encodes netem only in part, and an operation takes 22 times as long.
"""

from __future__ import annotations

import errno
import os
import random
import socket
import struct
from dataclasses import dataclass, replace
from typing import Iterable, Iterator, List, Sequence, Tuple

from networking_netem.kernel import attributes

NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
NLM_F_ECHO = 0x8
NLM_F_DUMP = 0x300
NLM_F_EXCL = 0x200
NLM_F_CREATE = 0x400

_NLM_F_DUMP_INTR = 0x10
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_NLM_F_CAPPED = 0x100
_NLM_F_ACK_TLVS = 0x200
_NLMSGERR_ATTR_MSG = 1
SOL_NETLINK = 270
_NETLINK_EXT_ACK = 11
_NETLINK_GET_STRICT_CHK = 12
_NETLINK_CAP_ACK = 10
_HEADER = struct.Struct("=IHHII")
_ERROR = struct.Struct("=i")
RECEIVE_BYTES = 1 << 16
"""The kernel never returns more than 32 KiB at once (netlink_recvmsg). A larger buffer would be
mapped, faulted in and unmapped in each call."""
_BATCH_BYTES = 128 * 1024
_BATCH_CHANGES, _BATCH_QUESTIONS = 128, 32
"""All answers to a send must fit into the socket's receive buffer, 208 KB by default. An
acknowledgement takes 1 KB, an object 5 KB (NLMSG_GOODSIZE and what surrounds it)."""


OUR_PORTS = 0x4E450000
"""Sockets of an agent have port ids that begin with these 16 bits. An announcement says whose
request caused it, so ``Watcher`` need not hear of its own."""


@dataclass(frozen=True)
class Request:
    """One message to the kernel; the socket adds length and sequence number."""

    message_type: int
    flags: int
    body: bytes


@dataclass(frozen=True)
class Answer:
    """The kernel's answer to a request: ``error`` is 0 or an errno, ``reason`` a text or empty."""

    error: int
    reason: str = ""

    def __str__(self) -> str:
        name = errno.errorcode.get(self.error, str(self.error))
        return f"{name}: {self.reason or os.strerror(self.error)}"


_DONE = Answer(0)


class Unavailable(Exception):
    """The kernel as a whole can be neither read nor changed now; no single device is at fault."""


class DumpInterrupted(Unavailable):
    """The kernel's tables changed during a dump, so the dump may be inconsistent."""

    def __str__(self) -> str:
        return "devices or qdiscs of this host changed during each look at them"


class Netlink:
    """A route netlink socket in the network namespace of the thread that makes it.

    Agents are to hear of what it changes where ``is_heard``.
    """

    def __init__(self, is_heard: bool = False) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        for option in (_NETLINK_EXT_ACK, _NETLINK_CAP_ACK, _NETLINK_GET_STRICT_CHK):
            self._socket.setsockopt(SOL_NETLINK, option, 1)
        self._bind(0 if is_heard else OUR_PORTS)
        self._sequence = 0

    def _bind(self, ports: int) -> None:
        """Take a free port id, of those that begin so; the kernel chooses where it is 0."""
        while True:
            try:
                self._socket.bind((ports and ports | random.getrandbits(16), 0))
                return
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise

    def __enter__(self) -> Netlink:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def dump(self, message_type: int, body: bytes) -> List[bytes]:
        """All objects of a kind, each as the body of its message.

        Raises ``DumpInterrupted`` when they changed meanwhile, ``OSError`` on the kernel's refusal.
        """
        self._sequence += 1
        self._socket.send(self._frame(Request(message_type, NLM_F_DUMP, body), self._sequence))
        bodies: List[bytes] = []
        interrupted = False
        while True:
            for kind, flags, sequence, payload in messages(self._socket.recv(RECEIVE_BYTES)):
                if sequence != self._sequence:
                    continue
                interrupted = interrupted or bool(flags & _NLM_F_DUMP_INTR)
                if kind == _NLMSG_DONE:
                    if interrupted:
                        raise DumpInterrupted
                    return bodies
                if kind == _NLMSG_ERROR:
                    answer = _answer(flags, payload)
                    raise OSError(answer.error, str(answer))
                bodies.append(payload)

    def transact(self, requests: Sequence[Request]) -> List[Answer]:
        """The kernel's answer to each request, in order; a failed one does not stop the next."""
        batches = _batches(requests, _BATCH_CHANGES)
        return [answer for batch in batches for answer in self._change(batch)]

    def ask(self, requests: Iterable[Request]) -> List[bytes]:
        """The object that each request asks for, in order; empty where there is none."""
        batches = _batches(list(requests), _BATCH_QUESTIONS)
        return [body for batch in batches for body in self._ask(batch)]

    def _change(self, requests: Sequence[Request]) -> List[Answer]:
        """Send at once. The kernel works in order and tells of all failures, and of the last."""
        first = self._send(requests)
        answers = [_DONE] * len(requests)
        while True:
            for kind, flags, sequence, payload in messages(self._socket.recv(RECEIVE_BYTES)):
                if kind != _NLMSG_ERROR or not first <= sequence <= self._sequence:
                    continue
                answers[sequence - first] = _answer(flags, payload)
                if sequence == self._sequence:
                    return answers

    def _ask(self, requests: Sequence[Request]) -> List[bytes]:
        first = self._send(requests, NLM_F_ACK)
        bodies: List[bytes] = []
        body = b""
        while len(bodies) < len(requests):
            for kind, _, sequence, payload in messages(self._socket.recv(RECEIVE_BYTES)):
                if sequence != first + len(bodies):
                    continue
                if kind == _NLMSG_ERROR:
                    bodies.append(body)
                    body = b""
                else:
                    body = payload
        return bodies

    def _send(self, requests: Sequence[Request], flags: int = 0) -> int:
        """Send at once, with these flags each, and return the first sequence number.

        The last is acknowledged.
        """
        first = self._sequence + 1
        self._sequence += len(requests)
        last = requests[-1]
        numbered = enumerate((*requests[:-1], replace(last, flags=last.flags | NLM_F_ACK)), first)
        self._socket.send(b"".join(self._frame(each, number, flags) for number, each in numbered))
        return first

    @staticmethod
    def _frame(request: Request, sequence: int, more_flags: int = 0) -> bytes:
        length = _HEADER.size + len(request.body)
        flags = request.flags | NLM_F_REQUEST | more_flags
        header = _HEADER.pack(length, request.message_type, flags, sequence, 0)
        return header + request.body + b"\0" * (-length % 4)


def transact(requests: Sequence[Request], is_heard: bool = False) -> List[Answer]:
    """The kernel's answer to each request, sent by this process, which needs CAP_NET_ADMIN."""
    with Netlink(is_heard) as netlink:
        return netlink.transact(requests)


def messages(data: bytes) -> Iterator[Tuple[int, int, int, bytes]]:
    """Type, flags, sequence number and body of each message in what a socket gave."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        yield kind, flags, sequence, data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def _batches(requests: Sequence[Request], most: int) -> Iterator[List[Request]]:
    batch: List[Request] = []
    size = 0
    for request in requests:
        length = _HEADER.size + len(request.body) + 3
        if len(batch) == most or (batch and size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(request)
        size += length
    if batch:
        yield batch


def _answer(flags: int, payload: bytes) -> Answer:
    error = -_ERROR.unpack_from(payload)[0]
    if not error or not flags & _NLM_F_ACK_TLVS:
        return Answer(error)
    capped = _HEADER.size if flags & _NLM_F_CAPPED else _HEADER.unpack_from(payload, 4)[0]
    reason = attributes.unpack(payload[_ERROR.size + capped :]).get(_NLMSGERR_ATTR_MSG, b"")
    return Answer(error, attributes.unpack_string(reason))
