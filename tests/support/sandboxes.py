"""A sandbox without processes: calls the function in a thread, and tells what was called."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import cast


class ThreadSandbox:
    """As the real one: what the function raises comes out as `RuntimeError`."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.answers: dict[str, bytes | Exception] = {}
        """Given instead of a call, by target."""

    async def call(self, target: str, payload: bytes, *, timeout: float = 30) -> bytes:  # noqa: ASYNC109
        self.calls.append(target)
        given = self.answers.get(target)
        if isinstance(given, Exception):
            raise given
        if given is not None:
            return given
        module, _, name = target.partition(":")
        function = getattr(import_module(module), name)
        async with asyncio.timeout(timeout):
            try:
                return cast("bytes", await asyncio.to_thread(function, payload))
            except Exception as error:
                raise RuntimeError(str(error)) from error
