"""Functions in children that may die."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.sandbox import Sandbox

HERE = "tests.server.targets"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    box = Sandbox(1)
    yield box
    await box.close()
    assert box.children == 0


def lives(pid: int) -> bool:
    """Whether a process is there; a zombie counts, for nobody has reaped it."""
    return Path(f"/proc/{pid}").exists()


async def ended(pid: int) -> None:
    while lives(pid):  # noqa: ASYNC110 - there is nothing that would tell
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
async def test_bytes_go_there_and_back(sandbox: Sandbox, size: int) -> None:
    """Also more than a pipe holds."""
    payload = os.urandom(size)
    assert await sandbox.call(f"{HERE}:echo", payload) == payload


async def test_a_child_serves_many_calls(sandbox: Sandbox) -> None:
    """Starting one for each would be slow."""
    pids = {await sandbox.call(f"{HERE}:pid", b"") for _ in range(5)}
    assert len(pids) == 1


async def test_calls_run_side_by_side() -> None:
    """As many at once as there are children, and no more."""
    box = Sandbox(2)
    pids = await asyncio.gather(*(box.call(f"{HERE}:pid", b"") for _ in range(8)))
    assert len(set(pids)) == 2
    assert box.children == 2
    await box.close()


async def test_what_the_function_raises_is_told(sandbox: Sandbox) -> None:
    """The child lives on: the file was at fault."""
    before = await sandbox.call(f"{HERE}:pid", b"")
    with pytest.raises(RuntimeError, match=r"ValueError: no music in here: \\udcff"):
        await sandbox.call(f"{HERE}:fail", b"")
    assert await sandbox.call(f"{HERE}:pid", b"") == before


async def test_an_unknown_function_is_told(sandbox: Sandbox) -> None:
    """A mistake of ours, not a hang."""
    with pytest.raises(RuntimeError, match="AttributeError"):
        await sandbox.call(f"{HERE}:nothing", b"")


async def test_prints_do_not_mix_with_answers(sandbox: Sandbox) -> None:
    """A parser may print and read as it likes."""
    assert await sandbox.call(f"{HERE}:chatter", b"tags") == b"tags"


@pytest.mark.attack("X41")
async def test_a_child_that_hangs_is_killed(sandbox: Sandbox) -> None:
    """The next call gets a new one."""
    before = int(await sandbox.call(f"{HERE}:pid", b""))
    with pytest.raises(TimeoutError):
        await sandbox.call(f"{HERE}:hang", b"", timeout=0.05)
    assert not lives(before)
    assert await sandbox.call(f"{HERE}:echo", b"again") == b"again"


@pytest.mark.parametrize(
    ("target", "words"), [("crash", "signal 11"), ("leave", "exit code 3.*giving up")]
)
async def test_a_child_that_dies_is_replaced(sandbox: Sandbox, target: str, words: str) -> None:
    """The caller learns how it ended."""
    with pytest.raises(ChildProcessError, match=words):
        await sandbox.call(f"{HERE}:{target}", b"")
    assert await sandbox.call(f"{HERE}:echo", b"again") == b"again"


async def test_a_child_that_was_killed_while_idle_is_replaced(sandbox: Sandbox) -> None:
    """The kernel may need memory."""
    pid = int(await sandbox.call(f"{HERE}:pid", b""))
    os.kill(pid, 9)
    await ended(pid)
    assert await sandbox.call(f"{HERE}:echo", b"again") == b"again"


@pytest.mark.attack("X41")
async def test_memory_is_limited(sandbox: Sandbox) -> None:
    """A picture of a terabyte costs one call; the child that had to do with it goes too."""
    before = await sandbox.call(f"{HERE}:pid", b"")
    with pytest.raises(RuntimeError, match="MemoryError"):
        await sandbox.call(f"{HERE}:swell", b"")
    assert await sandbox.call(f"{HERE}:pid", b"") != before


@pytest.mark.attack("X41")
@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="the calls of this system are not known",
)
async def test_a_child_reads_and_does_nothing_else(sandbox: Sandbox, tmp_path: Path) -> None:
    """Should a file make its parser do what it wants, that is not much."""
    assert await sandbox.call(f"{HERE}:escape", bytes(tmp_path)) == b""
    assert not (tmp_path / "new").exists() or not (tmp_path / "new").stat().st_size
    assert await sandbox.call(f"{HERE}:echo", b"still here") == b"still here"


async def test_a_cancelled_call_leaves_no_child_at_work(sandbox: Sandbox) -> None:
    """The client is gone: what it asked for is of no use."""
    pid = int(await sandbox.call(f"{HERE}:pid", b""))
    call = asyncio.create_task(sandbox.call(f"{HERE}:hang", b""))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await ended(pid)
    assert sandbox.children == 0


async def test_idle_children_go() -> None:
    """Their memory is given back."""
    box = Sandbox(1, idle_seconds=0.05)
    pid = int(await box.call(f"{HERE}:pid", b""))
    await ended(pid)
    assert box.children == 0
    assert await box.call(f"{HERE}:echo", b"again") == b"again"
    await box.close()


async def test_closing_ends_calls_under_way() -> None:
    """Whoever waits is told; whoever comes later too."""
    box = Sandbox(1)
    pid = int(await box.call(f"{HERE}:pid", b""))
    call = asyncio.create_task(box.call(f"{HERE}:hang", b""))
    await asyncio.sleep(0.05)
    await box.close()
    with pytest.raises(ChildProcessError):
        await call
    assert not lives(pid)
    with pytest.raises(ChildProcessError, match="stopping"):
        await box.call(f"{HERE}:echo", b"")


async def test_a_child_imports_nothing_but_its_target(sandbox: Sandbox) -> None:
    """It starts in an instant, and knows nothing of database and network."""
    loaded = (await sandbox.call(f"{HERE}:modules", b"")).decode().split()
    heavy = {"aiohttp", "asyncpg", "asyncio", "structlog", "msgspec", "click", "db", "conf"}
    assert not heavy & set(loaded)


@pytest.mark.attack("X41", "X90")
async def test_a_child_sees_no_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's environment may hold passwords."""
    monkeypatch.setenv("DULCIAN_DATABASE__PASSWORD", "hidden")
    names = (await sandbox.call(f"{HERE}:environment", b"")).decode().split()
    assert not [name for name in names if name.startswith("DULCIAN")]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the child ends when its call does")
async def test_children_end_with_their_parent() -> None:
    """Even a busy one, and even when the parent is killed."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT,
        cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert lives(pid)
    parent.kill()
    await parent.wait()
    await ended(pid)


_PARENT = f"""
import asyncio
from server.sandbox import Sandbox

async def main():
    box = Sandbox(1)
    print((await box.call("{HERE}:pid", b"")).decode(), flush=True)
    await box.call("{HERE}:hang", b"")

asyncio.run(main())
"""
