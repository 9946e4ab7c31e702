"""Wrong passwords are counted, so that guessing is slow: one count for apps and browsers alike.

By account *and* network, so that nobody can lock out somebody elsewhere. Each process counts for
itself.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from conf.settings import Auth
from db.users import name_key

_REMEMBERED = 10_000


class TooManyTriesError(Exception):
    """No password is looked at now; `wait` says for how many seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"wait {wait:.0f} seconds")
        self.wait = math.ceil(wait)


@dataclass
class _Tally:
    """Tries of one account from one network."""

    since: float
    count: int = 0


class Tries:
    """The counts of a while ago are forgotten, and those of a success."""

    def __init__(self, auth: Auth, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limit, self._window = auth.max_failures, auth.failure_window
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def check(self, name: str, address: str) -> None:
        """Raise TooManyTriesError while there is a wait."""
        if not self._tallies:
            return
        tally, now = self._tallies.get(_key(name, address)), self._clock()
        if tally and tally.count >= self._limit and now - tally.since < self._window:
            raise TooManyTriesError(tally.since + self._window - now)

    def count(self, name: str, address: str) -> None:
        """Count a try; raises TooManyTriesError when there were too many before it."""
        self.check(name, address)
        now = self._clock()
        tally = self._tallies.get(_key(name, address))
        if tally is None or now - tally.since >= self._window:
            self._forget(now)
            tally = self._tallies[_key(name, address)] = _Tally(now)
        tally.count += 1
        if tally.count == self._limit:
            tally.since = now

    def forgive(self, name: str, address: str) -> None:
        """Start anew after a success."""
        if self._tallies:
            self._tallies.pop(_key(name, address), None)

    def _forget(self, now: float) -> None:
        """Make room: what is over first, then the oldest."""
        if len(self._tallies) < _REMEMBERED:
            return
        live = {k: t for k, t in self._tallies.items() if now - t.since < self._window}
        self._tallies = dict(list(live.items())[-_REMEMBERED // 2 :])


def network_of(address: str) -> str:
    """The address as wrong passwords are counted: an IPv6 client owns 2^64 of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _key(name: str, address: str) -> tuple[str, str]:
    return name_key(name), network_of(address)
