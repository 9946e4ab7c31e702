"""Child processes of the server: started with what they need on standard input, ended with it."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import sys
from pathlib import Path

import msgspec

from conf.environment import without_settings
from conf.settings import Settings
from db.rows import ScanRow
from server.handover import pack, unpack
from server.sandbox_child import die_with_parent

_CHUNK = 16 * 1024
_ROOT = Path(__file__).resolve().parent.parent


class Task(msgspec.Struct, frozen=True):
    """What a child is to do."""

    parent: int
    settings: Settings
    dsn: str
    listen: str = ""
    scan: ScanRow | None = None
    terminal: bool = False


async def start(
    command: str, task: Task, *options: str, piped: bool = False
) -> asyncio.subprocess.Process:
    """Start one of the hidden commands. Its output is a pipe; its log is ours, or `piped` too."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "server", command, *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE if piped else None,
        env=without_settings() | {"PYTHONPATH": str(_ROOT)},
        start_new_session=True,  # Ctrl-C is for the parent, which ends its children in order
    )  # fmt: skip
    if process.stdin is not None:
        with contextlib.suppress(ConnectionError):
            process.stdin.write(pack(task))
            await process.stdin.drain()
        process.stdin.close()
    return process


def accept() -> Task:
    """In the child: the task, and the promise to end with the parent."""
    task = unpack(sys.stdin.buffer.read(), Task)
    die_with_parent(task.parent)
    return task


async def pass_on(process: asyncio.subprocess.Process) -> None:
    """Write the piped log of a child to ours, where a progress display knows of it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while process.stderr is not None and (chunk := await process.stderr.read(_CHUNK)):
        sys.stderr.write(decoder.decode(chunk))
        sys.stderr.flush()


async def end(process: asyncio.subprocess.Process, patience: float) -> int:
    """Ask a child to end, and make it after that many seconds."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(patience):
            return await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()
