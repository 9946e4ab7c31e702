"""The whole web application: what is beside the protocol and the pages."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs
from yarl import URL

from conf.settings import Metrics, Secret, Settings
from db.database import Database
from db.folder import Claim
from server.app import HEALTH, build, runner
from server.sandbox import Sandbox
from subsonic.app import AUTHENTICATOR
from tests.support import shelf
from tests.support.api import Api
from tests.support.shelf import Shelf

Client = TestClient[web.Request, web.Application]
Serve = Callable[[Settings], Awaitable[Client]]


@pytest.fixture
async def serve(database: Database) -> AsyncIterator[Serve]:
    """Serves with some settings."""
    clients: list[Client] = []
    sandbox = Sandbox(1)

    async def start(settings: Settings) -> Client:
        app = build(settings, database, sandbox)
        clients.append(TestClient(TestServer(app)))
        await clients[-1].start_server()
        app[HEALTH].started = True
        return clients[-1]

    yield start
    for client in clients:
        await client.close()
    await sandbox.close()


@pytest.fixture
async def client(serve: Serve, settings: Settings) -> AsyncIterator[Client]:
    """On a data folder that is held, as a server does."""
    claim = Claim(settings.data.dir)
    claim.take()
    yield await serve(settings)
    claim.release()


async def health(client: Client, path: str = "/health") -> tuple[int, Any]:
    response = await client.get(path)
    return response.status, await response.json()


async def figures(client: Client) -> dict[str, float]:
    text = await (await client.get("/metrics")).text()
    samples = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in samples}


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_a_server_that_can_work_is_ready(client: Client, path: str) -> None:
    """Every check is named."""
    checks = {"server": "ok", "database": "ok", "disk": "ok"}
    assert await health(client, path) == (200, {"status": "ok", "checks": checks})


async def test_readiness_follows_start_and_stop(client: Client) -> None:
    """Red before, green between, red from the first moment of stopping; alive all the time."""
    state = client.app[HEALTH]
    state.started = False
    status, body = await health(client)
    assert (status, body["checks"]["server"]) == (503, "starting")
    state.started = True
    assert (await health(client))[0] == 200
    state.stopping = True
    status, body = await health(client)
    assert (status, body["checks"]["server"]) == (503, "stopping")
    assert await health(client, "/health/live") == (200, {"status": "ok"})


@pytest.mark.attack("X75")
async def test_without_a_database_the_server_lives_but_is_not_ready(
    client: Client, database: Database
) -> None:
    """Nothing that is said of it is secret."""
    await database.pool.close()
    status, body = await health(client)
    assert (status, body["checks"]["database"]) == (503, "unavailable")
    assert (await health(client, "/health/live"))[0] == 200


async def test_a_node_without_the_key_of_the_database_is_not_ready_and_says_so(
    client: Client, database: Database
) -> None:
    """To apps it does not say that a password is wrong; with the key it is well again."""
    await database.users.add("ann", "sesame seeds")
    await database.pool.execute("insert into secret_keys values ('another')")
    await database.pool.execute("update credentials set sealed_by = 'another'")
    await database.pool.execute("delete from secret_keys where name <> 'another'")
    signed = {"u": "ann", "p": "sesame seeds", "v": "1.16.1", "c": "test", "f": "json"}
    root = (await (await client.get("/rest/ping", params=signed)).json())["subsonic-response"]
    assert root["error"]["code"] == 0
    assert "lacks the key" in root["error"]["message"]
    status, body = await health(client)
    assert status == 503
    assert "secret key" in body["checks"]["database"]
    key = database.sealing._store.load()[0].name
    await database.pool.execute("insert into secret_keys values ($1)", key)
    await database.pool.execute("update credentials set sealed_by = $1", key)
    await database.pool.execute("delete from secret_keys where name = 'another'")
    client.app[AUTHENTICATOR].forget()
    assert (await health(client))[0] == 200
    root = (await (await client.get("/rest/ping", params=signed)).json())["subsonic-response"]
    assert root["status"] == "ok"


async def test_a_lost_data_folder_is_noticed(client: Client, settings: Settings) -> None:
    """A disk may go."""
    for file in settings.data.dir.rglob("*"):
        if file.is_file():
            file.unlink()
    for place in sorted(settings.data.dir.rglob("*"), reverse=True):
        place.rmdir()
    settings.data.dir.rmdir()
    status, body = await health(client)
    assert (status, body["checks"]["disk"]) == (503, "data folder: No such file or directory")


async def test_no_answer_tells_versions(client: Client) -> None:
    """Neither ours, nor the library's, nor Python's."""
    for path in ("/health/live", "/nowhere", "/rest/ping", "/"):
        response = await client.get(path)
        assert response.headers["Server"] == "Dulcian"


async def test_not_even_an_answer_to_what_is_no_http(client: Client) -> None:
    """Such a request never reaches the application."""
    assert client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(b"NONSENSE\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b"400" in answer
    assert b"aiohttp" not in answer
    assert b"Python" not in answer


@pytest.mark.attack("X76")
async def test_requests_are_counted_by_endpoint(client: Client) -> None:
    """Only endpoints that exist have a name; what a client makes up is `other`."""
    for path in ("/rest/ping?u=a&c=madeUp", "/rest/madeUp?c=madeUp", "/madeUp"):
        await client.get(path)
    found = await figures(client)
    assert not [name for name in found if "madeUp" in name]
    assert found['dulcian_requests_total{endpoint="other",status="404"}'] == 1


async def test_figures_cover_what_an_operator_asks_for(client: Client) -> None:
    """Streams, transcodes, cache, scan, library, pool, process."""
    found = await figures(client)
    expected = {
        "dulcian_streams", "dulcian_transcodes_running", "dulcian_transcodes_queued",
        "dulcian_transcodes_stuck", "dulcian_transcodes_joined_total",
        "dulcian_cache_hits_total", "dulcian_sign_ins_refused_total",
        "dulcian_database_connections", "dulcian_database_connections_idle",
        'dulcian_scan_state{state="running"}', "dulcian_scan_running", "dulcian_scan_seen",
        "dulcian_scan_read", 'dulcian_library{what="songs"}',
        "process_resident_memory_bytes",
    }  # fmt: skip
    assert expected <= found.keys()


async def test_figures_tell_of_the_scan_that_runs_and_the_one_that_ended(
    client: Client, database: Database
) -> None:
    await database.pool.execute(
        "insert into scans (state, started, finished, seen) values"
        " ('done', to_timestamp(1000), to_timestamp(1012.5), 7)"
    )
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    await database.scans.progress(job.id, seen=30, read=20)
    found = await figures(client)
    assert {name: found[f"dulcian_scan_{name}"] for name in (
        "running", "seen", "read", "last_duration_seconds", "last_finished_timestamp_seconds",
    )} == {
        "running": 1, "seen": 30, "read": 20, "last_duration_seconds": 12.5,
        "last_finished_timestamp_seconds": 1012.5,
    }  # fmt: skip


async def test_refused_sign_ins_are_counted(client: Client, database: Database) -> None:
    """Somebody may be guessing."""
    await database.users.add("ann", "sesame")
    await client.get("/rest/ping?u=ann&p=wrong&v=1.16.1&c=test")
    assert (await figures(client))["dulcian_sign_ins_refused_total"] == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer figures"}, 200),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Authorization": "Bearer figur\u00e9s"}, 403),
        ({}, 403),
    ],
)
async def test_with_a_token_only_its_bearer_reads_the_figures(
    serve: Serve, settings: Settings, headers: dict[str, str], status: int
) -> None:
    """Not even this machine without it."""
    metrics = Metrics(token=Secret("figures"))
    client = await serve(msgspec.structs.replace(settings, metrics=metrics))
    assert (await client.get("/metrics", headers=headers)).status == status


@pytest.mark.attack("X09")
async def test_guessing_the_token_has_to_wait_and_who_has_it_does_not(
    serve: Serve, settings: Settings
) -> None:
    metrics = Metrics(token=Secret("figures"))
    client = await serve(msgspec.structs.replace(settings, metrics=metrics))

    async def status(token: str) -> int:
        response = await client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        return response.status

    assert await status("figures") == 200
    assert [await status(f"guess {number}") for number in range(11)] == [403] * 10 + [429]
    assert await status("figures") == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
async def test_what_came_through_a_proxy_is_not_this_machine(client: Client, header: str) -> None:
    """Without a token the figures are for this machine alone."""
    assert (await client.get("/metrics")).status == 200
    assert (await client.get("/metrics", headers={header: "127.0.0.1"})).status == 403


async def test_figures_can_be_switched_off(serve: Serve, settings: Settings) -> None:
    """Then there is nothing at that address."""
    client = await serve(msgspec.structs.replace(settings, metrics=Metrics(enabled=False)))
    assert (await client.get("/metrics")).status == 404


async def test_figures_survive_the_database(client: Client, database: Database) -> None:
    """Just when they are needed."""
    await database.pool.close()
    assert "dulcian_streams" in await figures(client)


async def test_a_slow_request_is_logged_without_its_query(serve: Serve, settings: Settings) -> None:
    """0 logs every request of the API; pages and probes are not meant."""
    logging = msgspec.structs.replace(settings.logging, slow_request=0.0)
    client = await serve(msgspec.structs.replace(settings, logging=logging))
    with capture_logs() as events:
        await client.get("/rest/getOpenSubsonicExtensions?p=hunter2")
        await client.get("/rest/getLicense?u=ann&p=hunter2&v=1.16.1&c=x")
        await client.get("/health/live")
    slow = [event for event in events if event["event"] == "slow request"]
    assert {event["path"] for event in slow} <= {
        "/rest/getLicense",
        "/rest/getOpenSubsonicExtensions",
    }
    assert "hunter2" not in json.dumps(events)


@pytest.mark.attack("X70")
async def test_long_requests_are_taken(database: Database, settings: Settings) -> None:
    """Some apps send thousands of ids in the address."""
    sandbox = Sandbox(1)
    served = runner(build(settings, database, sandbox), settings)
    await served.setup()
    site = web.TCPSite(served, "127.0.0.1", 0)
    await site.start()
    port = served.addresses[0][1]
    query = "&".join(f"id=tr-{number}" for number in range(10_000))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /rest/ping?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    await served.cleanup()
    await sandbox.close()
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.attack("X70")
async def test_what_comes_packed_is_not_unpacked(database: Database, settings: Settings) -> None:
    """A few bytes could become gigabytes, before anybody has signed in."""
    await database.users.add("ann", "sesame")
    body = gzip.compress(b"u=ann&p=sesame&v=1.16.1&c=x&f=json")
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    sandbox = Sandbox(1)
    served = runner(build(settings, database, sandbox), settings)
    await served.setup()
    await web.TCPSite(served, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{served.addresses[0][1]}/rest/ping"
    async with ClientSession() as session, session.post(url, data=body, headers=kind) as response:
        assert 'code="10"' in await response.text()
    await served.cleanup()
    await sandbox.close()


async def test_the_picture_that_an_answer_names_opens_without_a_sign_in(
    stocked: Database, library: Shelf
) -> None:
    sandbox = Sandbox(1)
    async with TestClient(TestServer(build(library.settings, stocked, sandbox))) as client:
        api = Api(client, *shelf.GUEST)
        info = await api.get("getAlbumInfo2", id=await api.id_of("First", "album"))
        for size in ("small", "medium", "large"):
            url = URL(info[f"{size}ImageUrl"])
            assert url.origin() == client.make_url("/").origin()
            async with client.get(url.path) as response:
                assert response.status == 200
                assert response.content_type.startswith("image/")
                assert "Set-Cookie" not in response.headers
    await sandbox.close()


@pytest.mark.attack("X10")
async def test_the_header_of_a_proxy_opens_pages_and_signs_no_app_in(
    serve: Serve, settings: Settings, database: Database
) -> None:
    """Apps go around sign-in pages: a proxy lets them through, and must not vouch for them."""
    server = msgspec.structs.replace(settings.server, trusted_proxies=("127.0.0.1",))
    auth = msgspec.structs.replace(settings.auth, proxy_header="Remote-User")
    client = await serve(msgspec.structs.replace(settings, server=server, auth=auth))
    await database.users.add("ann", "password", admin=True)
    headers = {"Remote-User": "ann"}
    async with client.get("/users", headers=headers) as page:
        assert page.status == 200
    common = {"v": "1.16.1", "c": "test", "f": "json"}
    for given in ({}, {"u": "ann"}, {"u": "ann", "p": "wrong"}):
        async with client.get("/rest/ping", params=common | given, headers=headers) as answer:
            assert (await answer.json())["subsonic-response"]["status"] == "failed"
