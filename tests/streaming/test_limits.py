"""Who may transcode now, who waits, who is refused."""

from __future__ import annotations

import threading

import pytest

from streaming.errors import Busy
from streaming.limits import Limits


def test_a_ticket_counts_until_it_is_left() -> None:
    limits = Limits(2, 2, 2)
    ticket = limits.admit(1)
    assert (limits.admitted, limits.queued, limits.running) == (1, 1, 0)
    assert ticket.work()
    assert (limits.admitted, limits.queued, limits.running) == (1, 0, 1)
    ticket.leave()
    assert (limits.admitted, limits.queued, limits.running) == (0, 0, 0)


@pytest.mark.attack("X71")
def test_a_user_has_a_share_of_their_own() -> None:
    limits = Limits(9, 2, 9)
    tickets = [limits.admit(1), limits.admit(1)]
    with pytest.raises(Busy) as refused:
        limits.admit(1)
    assert refused.value.retry_after > 0
    limits.admit(2)
    tickets[0].leave()
    limits.admit(1)


def test_what_is_said_of_a_user_goes_before_the_share_of_all() -> None:
    limits = Limits(9, 2, 9)
    limits.admit(1, 1)
    with pytest.raises(Busy, match="1 songs"):
        limits.admit(1, 1)
    for _ in range(5):
        limits.admit(2, 0)
    with pytest.raises(Busy):
        limits.admit(2)


@pytest.mark.attack("X71")
def test_the_queue_has_an_end() -> None:
    limits = Limits(1, 9, 1)
    first = limits.admit(1)
    assert first.work()
    limits.admit(2)
    with pytest.raises(Busy):
        limits.admit(3)
    first.leave()
    limits.admit(3)


def test_without_a_queue_a_free_worker_is_still_had() -> None:
    limits = Limits(1, 9, 0)
    limits.admit(1)
    with pytest.raises(Busy):
        limits.admit(1)


def test_who_rests_lets_another_work_and_then_waits_for_them() -> None:
    limits = Limits(1, 9, 9)
    slow, quick = limits.admit(1), limits.admit(2)
    assert slow.work()
    with slow.resting():
        assert limits.running == 0
        assert quick.work()
        back = threading.Timer(0.05, quick.leave)
        back.start()
    assert limits.running == 1
    assert limits.admitted == 1
    back.join()
    slow.leave()
    assert limits.running == 0


def test_who_is_cancelled_does_not_wait_for_a_worker() -> None:
    limits = Limits(1, 9, 9)
    assert limits.admit(1).work()
    waiting = limits.admit(2)
    cancel = threading.Timer(0.05, waiting.cancel)
    cancel.start()
    assert not waiting.work()
    cancel.join()
    waiting.leave()
    assert (limits.running, limits.queued, limits.admitted) == (1, 0, 1)


def test_who_works_lets_those_who_wait_go_first_in_their_order() -> None:
    limits = Limits(1, 9, 9)
    first = limits.admit(1)
    assert first.work()
    first.share()
    turns: list[str] = []

    def wait(name: str) -> None:
        ticket = limits.admit(2)
        assert ticket.work()
        turns.append(name)
        ticket.leave()

    threads = []
    for at, name in enumerate(("second", "third"), 1):
        threads.append(threading.Thread(target=wait, args=(name,)))
        threads[-1].start()
        with limits.changed:
            assert limits.changed.wait_for(lambda at=at: len(limits.waiting) == at, 5)  # type: ignore[misc]
    first.share()
    turns.append("first")
    for thread in threads:
        thread.join(5)
    assert turns == ["second", "third", "first"]
    assert limits.running == 1
