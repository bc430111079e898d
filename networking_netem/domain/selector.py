# SPDX-License-Identifier: Apache-2.0
"""Which packets of a direction are impaired, in the words of a security group rule."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Optional, Tuple, Union

from networking_netem.domain import protocol as protocols
from networking_netem.domain.attribute import InvalidValue

PASS, IMPAIR = "pass", "impair"
IPV4, IPV6 = "IPv4", "IPv6"
ACTIONS, ETHERTYPES = (IMPAIR, PASS), (IPV4, IPV6)
MAX_PRIORITY, MAX_PORT, MAX_TYPE = 1000, 65_535, 255
MOST = 8
"""So many selectors a direction has at most."""

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_PORTS = ", ".join(sorted(map(protocols.name, protocols.WITH_PORTS | protocols.WITH_TYPES)))


@dataclass(frozen=True)
class Selector:
    """Packets that go past the link, or through it. The lowest ``priority`` is looked at first.

    What is None does not matter. ``protocol`` is a number, the last in the chain of IPv6's headers.
    A packet is in the port range if either of its ports is. Of ICMP ``port_range_min`` is the type,
    and ``port_range_max`` the code. ``remote_ip_prefix`` is about the address that is not the
    instance's. Raises ``InvalidValue`` for what a security group rule does not take.
    """

    priority: int
    action: str
    ethertype: str = IPV4
    protocol: Optional[int] = None
    port_range_min: Optional[int] = None
    port_range_max: Optional[int] = None
    remote_ip_prefix: Optional[str] = None

    def __post_init__(self) -> None:
        _check(
            "priority", f"a whole number from 0 to {MAX_PRIORITY}", self.priority,
            _is_between(0, self.priority, MAX_PRIORITY),
        )  # fmt: skip
        _check("action", _one_of(ACTIONS), self.action, self.action in ACTIONS)
        _check("ethertype", _one_of(ETHERTYPES), self.ethertype, self.ethertype in ETHERTYPES)
        self._check_protocol()
        self._check_ports()
        if self.remote_ip_prefix is not None:
            is_right = network(self.remote_ip_prefix).version == self.version
            expected = f"a prefix of {self.ethertype}, as is the ethertype"
            _check("remote_ip_prefix", expected, self.remote_ip_prefix, is_right)

    @property
    def version(self) -> int:
        """The version of IP, 4 or 6."""
        return 6 if self.ethertype == IPV6 else 4

    @property
    def passes(self) -> bool:
        """True when its packets go past the link."""
        return self.action == PASS

    @property
    def wire_protocol(self) -> Optional[int]:
        """The protocol as packets have it: ICMP of IPv6 is a protocol of its own."""
        if self.protocol == protocols.ICMP and self.ethertype == IPV6:
            return protocols.IPV6_ICMP
        return self.protocol

    @property
    def has_range(self) -> bool:
        """True when ports, or a type of ICMP, matter."""
        return self.port_range_min is not None

    @property
    def network(self) -> Optional[Network]:
        """The remote addresses; None for all."""
        return None if self.remote_ip_prefix is None else network(self.remote_ip_prefix)

    def __str__(self) -> str:
        """The selector as an operator reads it: ``pass IPv4 tcp 22 of 10.0.0.0/8``."""
        words = [self.action, self.ethertype]
        if self.protocol is not None:
            words.append(protocols.name(self.protocol))
        ports = [self.port_range_min, self.port_range_max]
        if self.protocol in protocols.WITH_PORTS and ports[0] == ports[1]:
            ports.pop()
        words += ["-".join(str(port) for port in ports if port is not None)]
        if self.remote_ip_prefix is not None:
            words += ["of", self.remote_ip_prefix]
        return " ".join(word for word in words if word)

    def _check_protocol(self) -> None:
        if self.protocol is None:
            return
        is_protocol = _is_between(1, self.protocol, 255) and self.protocol not in protocols.HEADERS
        _check("protocol", PROTOCOL_EXPECTED, self.protocol, is_protocol)
        is_right = self.ethertype == IPV6 or self.protocol not in protocols.ONLY_IPV6
        expected = f"{IPV6} with the protocol {protocols.name(self.protocol)}"
        _check("ethertype", expected, self.ethertype, is_right)

    def _check_ports(self) -> None:
        low, high = self.port_range_min, self.port_range_max
        if low is None and high is None:
            return
        named = "port_range_max" if low is None else "port_range_min"
        given = high if low is None else low
        if self.protocol in protocols.WITH_PORTS:
            for name, port in (("port_range_min", low), ("port_range_max", high)):
                expected = f"a whole number from 1 to {MAX_PORT}, as are both or none"
                _check(name, expected, port, _is_between(1, port, MAX_PORT))
            is_right = (low or 0) <= (high or 0)
            _check("port_range_max", f"{low} (port_range_min) or more", high, is_right)
        elif self.protocol in protocols.WITH_TYPES:
            for name, value in (("port_range_min", low), ("port_range_max", high)):
                is_right = value is None or _is_between(0, value, MAX_TYPE)
                _check(name, f"a whole number from 0 to {MAX_TYPE} of ICMP", value, is_right)
            expected = "given with a code of ICMP (port_range_max): it is the type"
            _check("port_range_min", expected, low, low is not None)
        else:
            _check(named, f"absent where protocol is none of {_PORTS}", given, False)


PROTOCOL_EXPECTED = (
    "a number from 1 to 255 or a name as in a security group rule, but no extension header of IPv6"
)


def network(text: str) -> Network:
    """The network that a prefix or an address is. Raises ``InvalidValue``."""
    try:
        if "%" not in text:  # a zone, which no packet carries
            return ipaddress.ip_network(text, strict=False)
    except ValueError:
        pass
    raise InvalidValue("remote_ip_prefix", PREFIX_EXPECTED, text)


PREFIX_EXPECTED = "an address or a prefix of IPv4 or IPv6, as 192.0.2.0/24"


def in_order(selectors: Tuple[Selector, ...]) -> Tuple[Selector, ...]:
    """The selectors in the order in which they are looked at."""
    return tuple(sorted(selectors, key=lambda each: each.priority))


def passes_unnamed(selectors: Tuple[Selector, ...]) -> bool:
    """Whether what no selector names passes: it does where one says what is impaired."""
    return any(not each.passes for each in selectors)


def _one_of(words: Tuple[str, ...]) -> str:
    return "one of " + ", ".join(words)


def _is_between(least: int, value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _check(attribute: str, expected: str, value: object, is_right: bool) -> None:
    if not is_right:
        raise InvalidValue(attribute, expected, value)
