"""Every pattern in the program is tried with long texts that are made to mislead it."""

from __future__ import annotations

import ast
import importlib
import re
import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("conf", "db", "library", "server", "streaming", "subsonic", "web")
LONG = 8_000
SECONDS = 0.2
"""Of the processor. What looks at each character a few times needs a hundredth; squares need more."""
SHORT = {
    "library.feeds._UNITS": 40,
    "library.lyrics.lrc._OFFSET": 300,
}
"""Patterns whose text is cut before they see it, and how long it may be."""
PROGRAMS = {"server.__main__", "server.sandbox_child", "streaming.demo.__main__"}
"""Programs: what they import is imported anyway."""
VERBS = ("match", "fullmatch", "search", "findall", "finditer", "sub", "split")


def modules() -> Iterator[str]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__")


Use = tuple[str, str, re.Pattern[Any]]
"""Where a pattern stands, what is done with it, and itself."""


def uses() -> Iterator[Use]:
    """Of those that modules keep, and of those that are written where they are used."""
    kept: dict[str, tuple[str, re.Pattern[Any]]] = {}
    trees = {}
    for name in modules():
        if name in PROGRAMS:
            continue
        module = importlib.import_module(name)
        trees[name] = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for attribute, value in vars(module).items():
            if isinstance(value, re.Pattern):
                kept[f"{name}.{attribute}"] = attribute, value
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or node.attr not in VERBS:
                continue
            owner = ast.unparse(node.value)
            if f"{name}.{owner}" in kept:
                yield f"{name}.{owner}", node.attr, kept[f"{name}.{owner}"][1]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{v}" for v in VERBS}:
                text, verb = node.args[0], ast.unparse(node.func)[3:]
                if isinstance(text, ast.Constant):
                    yield f"{name} {text.value!r}", verb, re.compile(text.value)


def beginnings(pattern: re.Pattern[Any]) -> set[str]:
    """What leads to each of a pattern's repetitions."""
    parser: Any = re._parser  # type: ignore[attr-defined]
    found: set[str] = set()

    def walk(items: Any, before: str) -> str:
        for code, given in items:
            kind = str(code)
            if kind == "LITERAL":
                before += chr(given)
            elif kind == "NOT_LITERAL":
                before += "a" if given != ord("a") else "b"
            elif kind == "ANY":
                before += "a"
            elif kind == "IN":
                before += member(given)
            elif kind.endswith(("REPEAT", "REPEAT_POSSESSIVE")):
                least, most, body = given
                found.add(before)
                inside = walk(body, before)
                if most > 3:
                    found.add(inside)
                before = inside if least else before
            elif kind == "SUBPATTERN":
                before = walk(given[-1], before)
            elif kind == "ATOMIC_GROUP":
                before = walk(given, before)
            elif kind == "BRANCH":
                before, *_ = (walk(branch, before) for branch in given[1])
        return before

    flags = pattern.flags & ~re.DEBUG
    walk(parser.parse(pattern.pattern, flags), "")
    return found


def member(items: Any) -> str:
    """A character of a class."""
    (code, given), *_ = items
    kind = str(code)
    if kind == "LITERAL":
        return chr(given)
    if kind == "RANGE":
        return chr(given[0])
    if kind == "CATEGORY":
        return {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "0"}.get(str(given), "a")
    return "a"


def hostile(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    """A beginning and then one thing again and again, or the two of them again and again."""
    text = (
        pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    )
    pumps = {"a", "0", " ", "\n"} | {each for each in text if each in "<>:/;,\"'=&@\\{"}
    for begin, pump in product(beginnings(pattern), pumps):
        yield (begin + pump * length)[:length]
        yield (begin + pump * length)[:length] + "\0"
        if begin:
            yield ((begin + pump) * (length // (len(begin) + 1) + 1))[:length]


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise when so much of the processor was used."""

    def over(_: int, __: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def run(verb: str, pattern: re.Pattern[Any], text: Any) -> None:
    if verb in {"match", "fullmatch", "search"}:
        getattr(pattern, verb)(text)
    else:
        deque(pattern.finditer(text), maxlen=0)


@pytest.mark.timeout(300)
@pytest.mark.attack("X35")
def test_no_pattern_takes_longer_than_its_text_is_long() -> None:
    """Each does what it is used for; one that repeats in a repetition would not end here."""
    slow = {}
    for name, verb, pattern in set(uses()):
        for text in hostile(pattern, SHORT.get(name, LONG)):
            given = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")
            try:
                with limited(SECONDS):
                    run(verb, pattern, given)
            except TimeoutError:
                slow[name, verb] = text[:40]
                break
    assert not slow
