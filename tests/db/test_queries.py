from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any, Literal, get_args, get_origin, get_type_hints

import asyncpg
import msgspec
import pytest
from asyncpg.exceptions import PostgresError

import db
from db.queries import Query, Rows, Sql, Value, _blocks, compiled
from tests.support import postgres

MODULES = [module.name for module in pkgutil.iter_modules(db.__path__, "db.")]
for _name in MODULES:
    importlib.import_module(_name)
QUERIES = {f"{query.noun}.{query.name}": query for query in Query.known}
FILES = [file for file in (resources.files("db") / "sql").iterdir() if file.name.endswith(".sql")]
# What the driver makes of the types that our queries answer.
KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "bytea": (bytes,),
    "float4": (float,),
    "float8": (float,),
    "int2": (int,),
    "int4": (int,),
    "int8": (int,),
    "text": (str,),
    "json": (str,),
    "timestamptz": (datetime,),
}


@dataclass(frozen=True)
class Prepared:
    """What PostgreSQL makes of a query."""

    parameters: int
    columns: list[Any]


@pytest.fixture(scope="module", params=[pytest.param(None, id="embedded"), *postgres.OTHERS])
def prepared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Prepared | PostgresError]]:
    """Every query, prepared against the migrated tables."""
    server: AbstractContextManager[str]
    if request.param is None:
        server = nullcontext(request.getfixturevalue("postgres_url"))
    else:
        server = postgres.server(tmp_path_factory.mktemp("other"), request.param)
    with server as url:
        if request.param is not None:
            postgres.make_template(url)
        yield asyncio.run(prepare_all(postgres.on_database(url, postgres.TEMPLATE)))


async def prepare_all(dsn: str) -> dict[str, Prepared | PostgresError]:
    found: dict[str, Prepared | PostgresError] = {}
    connection = await asyncpg.connect(dsn)
    for name, query in QUERIES.items():
        try:
            statement = await connection.prepare(query.sql)
        except PostgresError as error:
            found[name] = error
        else:
            found[name] = Prepared(
                len(statement.get_parameters()), list(statement.get_attributes())
            )
    await connection.close()
    return found


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_every_query_suits_the_tables_and_its_row(
    prepared: dict[str, Prepared | PostgresError], name: str
) -> None:
    query, found = QUERIES[name], prepared[name]
    assert isinstance(found, Prepared), found
    assert found.parameters == len(query.parameters)
    columns = [column for column in found.columns if column.type.name != "void"]
    if isinstance(query, Rows):
        assert [column.name for column in columns] == list(query.row.__struct_fields__)
        assert [wrong for wrong in map(mismatch(query.row), columns) if wrong] == []
    elif isinstance(query, Value):
        assert len(columns) == 1
        assert suits(columns[0].type.name, query.kind), columns[0].type.name
    else:
        assert columns == []


def mismatch(row: type[msgspec.Struct]) -> Any:
    """Tells of a column whose type is not that of its field."""
    hints = get_type_hints(row)

    def check(column: Any) -> str:
        kind = column.type.name
        return "" if suits(kind, hints[column.name]) else f"{column.name}: {kind}"

    return check


def suits(kind: str, hint: Any) -> bool:
    """Whether a value of PostgreSQL's type is one of the hint's."""
    if kind.endswith("[]"):
        return getattr(hint, "__origin__", hint) in {list, tuple}
    if kind in {"json", "jsonb"} and is_struct(hint):
        return True
    if get_origin(hint) is Literal:  # whose words a check of the table has
        return kind == "text"
    wanted = [part for part in get_args(hint) or (hint,) if part is not type(None)]
    return any(made in wanted for made in KINDS.get(kind, (str,)))


def is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_every_named_block_is_declared_by_a_module(file: Any) -> None:
    names = re.findall(r"^-- name: (\w+)\s*$", file.read_text(encoding="utf-8"), re.MULTILINE)
    noun = file.name.removesuffix(".sql")
    assert names
    assert len(names) == len(set(names))
    assert sorted(f"{noun}.{name}" for name in names if f"{noun}.{name}" not in QUERIES) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_every_part_is_used(file: Any) -> None:
    text = file.read_text(encoding="utf-8")
    noun = file.name.removesuffix(".sql")
    parts = set(re.findall(r"^-- part: (\w+)\s*$", text, re.MULTILINE))
    used = set(re.findall(r"\{(\w+)\}", text))
    for other in FILES:
        used |= set(re.findall(rf"\{{{noun}\.(\w+)\}}", other.read_text(encoding="utf-8")))
    assert parts - used == set()


def test_a_part_of_another_file_is_named_with_its_file() -> None:
    columns = _blocks("tracks").parts["columns"]
    assert columns in _blocks("shares").names["songs"]


@pytest.mark.parametrize(
    ("text", "sql", "parameters"),
    [
        ("select :one, :two", "select $1, $2", ("one", "two")),
        ("select :one, :two, :one", "select $1, $2, $1", ("one", "two")),
        ("select :one::int, now()::text", "select $1::int, now()::text", ("one",)),
        ("select ':one', 'it''s :two', :three", "select ':one', 'it''s :two', $1", ("three",)),
        ("select 1 -- as :one\n, :two", "select 1 -- as :one\n, $1", ("two",)),
        ("select a[1:2], :b_2", "select a[1:2], $1", ("b_2",)),
        ("select 1", "select 1", ()),
    ],
)
def test_parameters_are_numbered_in_the_order_they_appear(
    text: str, sql: str, parameters: tuple[str, ...]
) -> None:
    assert compiled(text) == (sql, parameters)


def test_a_missing_and_an_unknown_parameter_are_named() -> None:
    query = next(query for query in QUERIES.values() if query.parameters)
    with pytest.raises(TypeError, match=re.escape(query.parameters[0])):
        query.values({})
    with pytest.raises(TypeError, match="surplus"):
        query.values(dict.fromkeys((*query.parameters, "surplus")))


def test_a_block_that_does_not_exist_is_an_error_at_import() -> None:
    noun = FILES[0].name.removesuffix(".sql")
    with pytest.raises(KeyError, match="no_such_block"):
        Sql(noun).command("no_such_block")
