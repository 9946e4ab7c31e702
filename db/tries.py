"""Wrong passwords are counted, so that guessing is slow: one count for apps and browsers, on all nodes.

By name *and* network, so that nobody can lock out somebody elsewhere; and by network alone, more
generously, for whoever tries many names. A device that came in lately from the same network is
counted by itself: it does not wait for what others do beside it. What tells devices apart is theirs
to say; who comes in with a secret of its own (a cookie, a key) cannot be imitated.

A try is counted before its outcome is known, in the database, and a success takes it back: many at
the same moment, or on many nodes, get no more tries than one after the other. Only who is `known`
here is not counted first, which costs no statement.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar
from weakref import WeakValueDictionary

from conf.settings import Auth
from db.queries import Executor, Sql
from db.rows import TryRow
from db.users import name_key

_K = TypeVar("_K")

_SQL = Sql("tries")
_ENTER = _SQL.rows("enter", TryRow)
_FORGIVE = _SQL.value("forgive", bool)
_SWEEP = _SQL.command("sweep")
_SWEEP_DEVICES = _SQL.command("sweep_devices")

_WIDER = 6
"""How many times as many tries a network has as a name in it."""
_KNOWN_SECONDS = 3600.0
_KNOWN_DAYS = 30
_MOST_TRIES = 100_000
_MOST_DEVICES = 200  # of one account
_REMEMBERED = 10_000
_SWEEP_EVERY = 600.0
_LONGEST = 200  # characters that count of a name or a device


class TooManyTriesError(Exception):
    """No password is looked at now; `wait` says for how many seconds."""

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(f"wait {self.wait} seconds")


class Caller(NamedTuple):
    """Who wants to come in: the name given, the address, and what tells the device from others there."""

    name: str
    address: str
    device: str


@dataclass(frozen=True)
class Try:
    """One that was counted; `forgive` takes it back."""

    caller: Caller
    known: bool
    stamp: datetime


class Tries:
    """The counts of all nodes, and who is known on this one."""

    def __init__(
        self, pool: Executor, auth: Auth, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool, self._auth, self._clock = pool, auth, clock
        self._known: dict[Caller, float] = {}
        self._waits: dict[bytes, float] = {}
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._swept = clock()

    def knows(self, caller: Caller) -> bool:
        """Whether this device came in through this process within the hour: nothing is asked."""
        return self._known.get(caller, 0.0) > self._clock()

    def doubt(self, caller: Caller) -> None:
        """Count this device first again: it was wrong."""
        self._known.pop(caller, None)

    def turn(self, caller: Caller) -> asyncio.Lock:
        """What a device holds from `enter` to its end: the second of two sees how the first did."""
        return self._turns.setdefault(_keys(caller).device, asyncio.Lock())

    async def enter(self, caller: Caller) -> Try:
        """Count a try whose outcome is not known yet; raises TooManyTriesError."""
        keys, auth = _keys(caller), self._auth
        waits_until = self._waits.get(keys.device, 0.0)
        if waits_until > self._clock():
            raise TooManyTriesError(waits_until - self._clock())
        await self._sweep_now_and_then()
        row = await _ENTER.first(
            self._pool,
            **keys._asdict(),
            few=auth.max_failures,
            many=auth.max_failures * _WIDER,
            longest=auth.longest_wait,
            window=auth.failure_window,
            days=_KNOWN_DAYS,
        )
        assert row is not None  # noqa: S101 - it has no `where`
        if row.wait > 0:
            _remember(self._waits, keys.device, self._clock() + row.wait)
            raise TooManyTriesError(row.wait)
        return Try(caller, row.known, row.stamp)

    async def forgive(self, counted: Try, user: int | None) -> bool:
        """Take a try back that was right, and know the device; whether that is news of this hour."""
        keys = _keys(counted.caller)
        known, stamp = counted.known, counted.stamp
        given = keys._asdict() | {"known": known, "stamp": stamp, "user": user}
        news = await _FORGIVE(self._pool, **given)
        _remember(self._known, counted.caller, self._clock() + _KNOWN_SECONDS)
        return bool(news)

    async def sweep(self, most: int = _MOST_TRIES, most_devices: int = _MOST_DEVICES) -> None:
        """Remove what is over, and of what is too much the oldest."""
        await _SWEEP(self._pool, window=self._auth.failure_window, most=most)
        await _SWEEP_DEVICES(self._pool, days=_KNOWN_DAYS, most=most_devices)

    async def _sweep_now_and_then(self) -> None:
        if self._clock() - self._swept >= _SWEEP_EVERY:
            self._swept = self._clock()
            await self.sweep()


class _Keys(NamedTuple):
    """Under which a try is counted, from the narrowest."""

    device: bytes
    named: bytes
    network: bytes


def network_of(address: str, bits: int = 64) -> str:
    """The address as wrong passwords are counted: an IPv6 client owns 2^64 of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        # Without the zone, which the sender chooses.
        return str(ipaddress.ip_network((int(parsed), bits), strict=False))
    return str(parsed)


def _keys(caller: Caller) -> _Keys:
    network, name = network_of(caller.address), name_key(caller.name[:_LONGEST])
    device = hashlib.sha256(caller.device.encode("utf-8", "surrogatepass")).hexdigest()
    # Who is given a few /64 is often given a whole /48.
    wide = network_of(caller.address, 48)
    return _Keys(_hash("device", network, name, device), _hash("name", network, name), _hash(wide))


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:16]


def _remember(where: dict[_K, float], key: _K, until: float) -> None:
    """Keep a little in memory; who is forgotten costs a statement."""
    if len(where) >= _REMEMBERED:
        where.clear()
    where[key] = until
