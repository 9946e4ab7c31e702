"""What is typed never becomes a statement: every parameter of every endpoint is tried."""

from __future__ import annotations

import re
from typing import Any

import asyncpg
import pytest

from db import smart, smart_rules
from db.queries import Query
from subsonic.endpoint import ENDPOINTS
from tests.subsonic.samples import BODIES
from tests.support.api import Api, Params

TEXT = "x'; drop table users; -- \" %_\\ $1 :user {title} ') or (1=1 /* \x00 \u202e"
HUGE = "9" * 40
_FIXED = re.compile(
    r"BEGIN( ISOLATION LEVEL [A-Z ]+)?( READ ONLY)?;|COMMIT;|ROLLBACK;|SAVEPOINT \w+;"
    r"|ROLLBACK TO \w+;|RELEASE SAVEPOINT \w+;|select 1"
)
"""What the driver says by itself, and the pool."""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Everything that the driver is given to run, but what is made of fixed fragments alone."""
    seen: set[str] = set()
    made: set[str] = set()
    own: Any = asyncpg.Connection
    execute, direct, make = own._execute, own.execute, smart_rules.statement

    async def noted(self: Any, query: str, *args: Any, **more: Any) -> Any:
        if query not in made:
            seen.add(query)
        return await execute(self, query, *args, **more)

    async def noted_direct(self: Any, query: str, *args: Any, **more: Any) -> Any:
        seen.add(query)
        return await direct(self, query, *args, **more)

    def fragments(rules: smart_rules.Rules) -> smart_rules.Statement:
        found = make(rules)
        made.add(found.sql)
        return found

    monkeypatch.setattr(own, "_execute", noted)
    monkeypatch.setattr(own, "execute", noted_direct)
    monkeypatch.setattr(smart, "statement", fragments)
    return seen


@pytest.mark.attack("X30")
async def test_every_statement_is_one_of_those_that_are_written_down(
    api: Api, samples: dict[str, Params], statements: set[str]
) -> None:
    """A text with a meaning and a number beyond all bounds, in each parameter in turn."""
    broken = []
    for name, endpoint in ENDPOINTS.items():
        given = samples.get(name, {})
        for field in endpoint.fields():
            for hostile in (TEXT, HUGE):
                answer = await api.call(
                    name, "json", given | {field.encode_name: hostile}, BODIES.get(name)
                )
                body = await answer.read()
                if answer.status >= 500 or b"Something went wrong" in body:
                    broken.append((name, field.encode_name, hostile))
    known = {query.sql for query in Query.known}
    strange = {text for text in statements - known if not _FIXED.fullmatch(text)}
    assert not strange
    assert statements & known
    assert broken == []
