# SPDX-License-Identifier: Apache-2.0
"""What happens to the packets of one direction of a link."""

from __future__ import annotations

from dataclasses import dataclass, fields

MAXIMA = {
    "delay_us": 60_000_000,
    "jitter_us": 30_000_000,
    "loss_ppm": 1_000_000,
    "rate_kbps": 100_000_000,
    # Neutron's own bound (max_burst_kbps in neutron_lib.api.definitions.qos).
    "burst_kbit": 2**31 - 1,
    "loss_burst_hundredths": 100_000,
    "duplicate_ppm": 1_000_000,
    "corrupt_ppm": 1_000_000,
    "reorder_ppm": 1_000_000,
}
"""The largest value of each field of `Impairment`; the smallest is 0."""


@dataclass(frozen=True)
class Impairment:
    """What one direction of a link does to packets; by default nothing.

    A ``jitter_us`` of J is a standard deviation of J/√3, that of a uniform distribution over ±J.
    ``rate_kbps`` 0 is unlimited. ``burst_kbit`` 0 is a burst chosen for the rate.
    ``loss_burst_hundredths`` is the mean run of lost packets in hundredths of a packet. Up to 100,
    each packet is lost by itself. ``duplicate_ppm`` and ``corrupt_ppm`` are shares of the packets
    that arrive, ``reorder_ppm`` is the share that skips the delay.
    Raises ``ValueError`` outside 0 … ``MAXIMA``.
    """

    delay_us: int = 0
    jitter_us: int = 0
    loss_ppm: int = 0
    rate_kbps: int = 0
    burst_kbit: int = 0
    loss_burst_hundredths: int = 100
    duplicate_ppm: int = 0
    corrupt_ppm: int = 0
    reorder_ppm: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value, maximum = getattr(self, field.name), MAXIMA[field.name]
            if not 0 <= value <= maximum:
                raise ValueError(f"{field.name} is {value}; it must be 0 to {maximum}")

    @property
    def is_none(self) -> bool:
        """True when packets pass as if there were no impairment; a burst alone changes nothing."""
        changes = (self.delay_us, self.jitter_us, self.loss_ppm, self.rate_kbps)
        return not any((*changes, self.duplicate_ppm, self.corrupt_ppm, self.reorder_ppm))

    @property
    def loses_all(self) -> bool:
        """True when no packet arrives."""
        return self.loss_ppm == MAXIMA["loss_ppm"]

    @property
    def loses_in_runs(self) -> bool:
        """True when what is lost comes in runs, and not each packet by itself."""
        return self.loss_burst_hundredths > 100 and self.loss_ppm > 0 and not self.loses_all

    def __str__(self) -> str:
        """The impairment as an operator reads it: ``10000 kbit/s, 100 ms ± 10 ms, 10 % lost``."""
        parts = []
        if self.rate_kbps:
            parts.append(f"{self.rate_kbps} kbit/s")
        if self.delay_us or self.jitter_us:
            spread = f" ± {self.jitter_us / 1000:g} ms" if self.jitter_us else ""
            parts.append(f"{self.delay_us / 1000:g} ms{spread}")
        if self.loss_ppm:
            runs = f" in runs of {self.loss_burst_hundredths / 100:g}" if self.loses_in_runs else ""
            parts.append(f"{self.loss_ppm / 10_000:g} % lost{runs}")
        if self.duplicate_ppm:
            parts.append(f"{self.duplicate_ppm / 10_000:g} % doubled")
        if self.corrupt_ppm:
            parts.append(f"{self.corrupt_ppm / 10_000:g} % corrupt")
        if self.reorder_ppm:
            parts.append(f"{self.reorder_ppm / 10_000:g} % reordered")
        return ", ".join(parts) or "clean"


NONE = Impairment()
"""What a clean link does to packets: nothing."""
