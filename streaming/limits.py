"""How much is transcoded at once: workers for all, a share for each user, a queue with an end.

A worker is the right to use a processor core. A thread whose listener reads slowly gives it back
while it waits, and one that has worked for a while gives it to who waits: nobody's first sound has
to wait for the end of other people's songs.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from streaming.errors import Busy


class Limits:
    """Counts transcodes. `admit` is for the event loop, everything of a `Ticket` for its thread."""

    def __init__(self, workers: int, per_user: int, queue: int) -> None:
        self.workers, self.per_user, self.queue = workers, per_user, queue
        self.running = 0
        """Threads that hold a worker now."""
        self.queued = 0
        """Transcodes admitted that never had a worker yet."""
        self.changed = threading.Condition()
        """Guards all of this, and tells of every change."""
        self.waiting: deque[Ticket] = deque()
        """Those whose threads want a worker, the first come first."""
        self._users: Counter[int] = Counter()

    def admit(self, user: int, share: int | None = None) -> Ticket:
        """Take one more in, or raise `Busy`. The ticket must be left, come what may.

        `share` is what this user may have instead of `per_user`; 0: any number.
        """
        most = self.per_user if share is None else share
        with self.changed:
            if 0 < most <= self._users[user]:
                raise Busy(f"{most} songs are being transcoded for you already.")
            if self.running + self.queued >= self.workers + self.queue:
                raise Busy("Too many songs are being transcoded. Try again in a moment.")
            self._users[user] += 1
            self.queued += 1
            return Ticket(self, user)

    def forget(self, user: int) -> None:
        """One transcode less of this user's."""
        self._users[user] -= 1
        if not self._users[user]:
            del self._users[user]

    @property
    def admitted(self) -> int:
        """All transcodes, those that rest included."""
        return self._users.total()


class Ticket:
    """One transcode's place."""

    def __init__(self, limits: Limits, user: int) -> None:
        self._limits, self._user = limits, user
        self._changed = limits.changed
        self._fresh, self._working, self._cancelled, self._left = True, False, False, False
        self._since = 0.0

    @property
    def working_since(self) -> float | None:
        """When it got the worker that it holds, by `time.monotonic`."""
        with self._changed:
            return self._since if self._working else None

    def cancel(self) -> None:
        """Wait for no worker any more; from any thread."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def work(self) -> bool:
        """Wait for a worker and one's turn; False when cancelled meanwhile."""
        limits = self._limits
        with self._changed:
            limits.waiting.append(self)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._cancelled or self._is_next())
            limits.waiting.remove(self)
            self._changed.notify_all()
            self._leave_queue()
            if not self._cancelled:
                self._working, self._since = True, time.monotonic()
                limits.running += 1
            return self._working

    def rest(self) -> None:
        """Give the worker back for a while."""
        with self._changed:
            self._limits.running -= self._working
            self._working = False
            self._changed.notify_all()

    def share(self) -> None:
        """Let those who wait go first, if there are any."""
        if self._limits.waiting:
            self.rest()
            self.work()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Without a worker inside, with one again after it, unless cancelled."""
        self.rest()
        yield
        self.work()

    def leave(self) -> None:
        """It is over; saying so again changes nothing."""
        self.rest()
        with self._changed:
            if self._left:
                return
            self._left = True
            self._leave_queue()
            self._limits.forget(self._user)

    def _is_next(self) -> bool:
        return self._limits.running < self._limits.workers and self._limits.waiting[0] is self

    def _leave_queue(self) -> None:
        self._limits.queued -= self._fresh
        self._fresh = False
