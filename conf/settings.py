"""Every setting an operator can give, with its default and its meaning.

The text below a field is its manual: `docs/configuration.md` is generated from it, and a test keeps
the two in step. Sizes are bytes, times are seconds, rates are kbit/s unless a name says otherwise.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Seconds = Annotated[float, Meta(ge=0)]
BitRate = Annotated[int, Meta(ge=8, le=1411)]


class Secret(str):
    """A string that does not print itself; `str.__str__` is for the one place that needs it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(********)" if self else "Secret()"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One named group of settings."""


class Server(Section, frozen=True, kw_only=True):
    """Where the server listens and how many processes answer."""

    listen: str = "0.0.0.0:5000"
    """Address and port, `HOST:PORT`; an IPv6 address stands in brackets, `[::]:5000`."""
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    """Processes that share the port. One is right for a household; each further one costs about 50 MB."""
    public_url: str = ""
    """The address that people use from outside, such as `https://music.example.org`; empty: as asked."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of reverse proxies whose `X-Forwarded-*` headers are believed."""
    max_request_bytes: Positive = 16 * 1024 * 1024
    """Largest request body. Playlists of thousands of songs come as one form."""
    max_url_bytes: Positive = 2 * 1024 * 1024
    """Longest request line. Some apps send thousands of song ids in the address."""
    memory_bytes: Count = 0
    """Memory a process may have; 0: three quarters of the machine's. What would need more, such as a hostile file, fails."""
    sandbox_bytes: Count = 0
    """Memory a process may have that reads tags and pictures; 0: a quarter of the machine's, 256 MB to 1 GB."""
    connections_per_address: Count = 256
    """Connections that one address (of IPv6, one /64 network) may have open; trusted proxies are not counted. 0: no limit."""
    shutdown_grace: Seconds = 5.0
    """How long running streams may go on after a request to stop."""


class Data(Section, frozen=True, kw_only=True):
    """Where Dulcian keeps what is its own."""

    dir: Path = Path("~/.local/share/dulcian")
    """The data folder: embedded database, secret key. Back it up; never on a network file system."""
    cache_dir: Path | None = None
    """Resized covers and transcoded songs; empty: `cache` in the data folder. Safe to delete at any time."""
    cache_bytes: Count = 2 * 1024 * 1024 * 1024
    """How large the cache may grow; the least recently used files go first. 0 keeps nothing."""
    min_free_bytes: Count = 256 * 1024 * 1024
    """The cache stops growing when the disk has less than this left."""


class Database(Section, frozen=True, kw_only=True):
    """The PostgreSQL server. Without a URL an embedded one is started in the data folder."""

    url: Secret = Secret("")
    """`postgresql://user:password@host:port/name` of a server 15 to 18; empty: the embedded server."""
    password: Secret = Secret("")
    """Password for the URL, where it should not stand in it (`DULCIAN_DATABASE__PASSWORD_FILE`)."""
    pool_size: Annotated[int, Meta(ge=2, le=200)] = 4
    """Connections per process at most; unused ones are closed after a minute."""
    wait: Seconds = 30.0
    """How long to wait at start for the server to answer."""
    statement_timeout: Seconds = 60.0
    """A statement of a request that runs longer than this is ended. Scans are not limited."""
    bin_dir: Path | None = None
    """Folder with `initdb` and `postgres` for the embedded server; empty: those of the installed package."""
    shared_buffers: str = "32MB"
    """Buffer memory of the embedded server (a PostgreSQL size); 32MB suits a 1 GB Raspberry Pi."""
    max_connections: Annotated[int, Meta(ge=10, le=500)] = 40
    """Connections that the embedded server accepts."""


class MusicFolder(Section, frozen=True, kw_only=True):
    """One folder of music."""

    path: Path
    """The folder. Dulcian only reads in it."""
    name: str = ""
    """What apps call it; empty: the folder's own name."""


class Library(Section, frozen=True, kw_only=True):
    """What is scanned, and how carefully."""

    folders: tuple[MusicFolder, ...] = ()
    """The music folders, each with `path` and, if wanted, `name`; `--music DIR` adds one."""
    scan_on_start: bool = True
    """Look for changes when the server starts."""
    scan_interval: Seconds = 3600.0
    """How often to look for changes; 0 not by the clock."""
    scan_at: tuple[str, ...] = ()
    """Times of the day at which to look for changes, as `03:30`; what was missed is made up for."""
    watch: Literal["auto", "on", "off"] = "auto"
    """Scan changed folders within seconds; `auto` does so where the system tells of changes: not on networks."""
    scan_workers: Count = 0
    """Processes that read tags; 0: one less than the processor has cores, at least one."""
    removal_threshold: Percent = 30
    """A scan that would drop more than this part of a folder's songs stops and says so (an unplugged disk)."""
    duplicates: Literal["show", "merge"] = "show"
    """Several files of one recording (the same album as FLAC and as MP3) in one music folder: `merge` lists the best of them alone, and streams whichever fits an app's limits; from the next scan on, and back as well: nothing is lost."""
    keep_missing_days: Count = 0
    """After how many days a missing song is forgotten, stars and all; 0 never."""
    ignored_articles: tuple[str, ...] = (
        "The",
        "El",
        "La",
        "Los",
        "Las",
        "Le",
        "Les",
        "Die",
        "Der",
        "Das",
    )
    """Words in front of a name that sorting passes over."""
    ignored_names: tuple[str, ...] = (
        ".*", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found",
    )  # fmt: skip
    """Names of files and folders that a scan passes over (shell patterns)."""
    cover_names: tuple[str, ...] = (
        "cover", "folder", "front", "album", "albumart", "*front*", "embedded",
    )  # fmt: skip
    """An album's picture, best first: file names with or without suffix (shell patterns), and `embedded` for pictures in the tags."""
    artist_pictures: str = ""
    """A folder in a music folder, such as `Artists`, with pictures named after artists (`Ada.jpg`); `artist.jpg` in an artist's own folder needs none."""
    artist_separators: tuple[str, ...] = ("; ", " feat. ", " ft. ", " featuring ")
    """What separates artists in a single-valued tag. `/` and `&` are left out: they stand in names."""
    unsplit_artists: tuple[str, ...] = ()
    """Artists whose names hold a separator and must stay whole."""
    genre_separators: tuple[str, ...] = (";", ",", "/")
    """What separates genres in a single-valued tag."""


class Streaming(Section, frozen=True, kw_only=True):
    """How much one user may be sent, unless the page of the user or `dulcian user limit` says otherwise. Each process and each node counts for itself."""

    streams_per_user: Count = 0
    """Songs, videos and archives at the same time; one more is answered 429 with Retry-After. 0: no limit. A paused player may count as one; apps load ahead."""
    rate_per_user: Count = 0
    """kbit/s over all streams of a user; 0: no limit. After a rest ten seconds' worth goes at once."""


class Transcoding(Section, frozen=True, kw_only=True):
    """Songs made smaller for slow connections."""

    mode: Literal["on", "cache-only", "off"] = "on"
    """`on`; `cache-only`: only what was transcoded before; `off`: the original file always."""
    default_format: Literal["mp3", "opus", "aac"] = "mp3"
    """What a song becomes when an app asks for a lower rate and names no format."""
    default_bit_rate: BitRate = 192
    """The rate when an app names a format and no rate."""
    workers: Count = 0
    """Transcodes at the same time; 0: one per processor core."""
    per_user: Positive = 6
    """Transcodes one user may have running or waiting, unless their page says otherwise; one more is answered 429 with Retry-After, and originals still go."""
    queue: Count = 16
    """Transcodes that may wait for a free worker; one more is answered 429 with Retry-After."""
    replay_gain: Literal["off", "track", "album"] = "off"
    """Make transcodes equally loud, song by song or album by album, for players that cannot; originals stay as they are."""


class Loudness(Section, frozen=True, kw_only=True):
    """How loud songs are that have no ReplayGain in their tags, for apps that play all equally loud."""

    mode: Literal["on", "off"] = "on"
    """`on`: measure them, each once, while nothing is transcoded or scanned; a Raspberry Pi needs some ten hours of one core for 10,000 songs, and its disks stay awake meanwhile."""
    budget: Annotated[int, Meta(ge=1, le=100)] = 25
    """Percent of one processor core to use for it."""


class Covers(Section, frozen=True, kw_only=True):
    """Pictures."""

    max_size: Annotated[int, Meta(ge=64, le=4096)] = 1600
    """Largest side, in pixels, of a picture that is made on request."""
    quality: Annotated[int, Meta(ge=1, le=95)] = 85
    """JPEG quality of resized pictures."""
    max_source_bytes: Positive = 32 * 1024 * 1024
    """Larger picture files are passed over."""
    max_source_pixels: Positive = 64_000_000
    """Pictures with more pixels are passed over, before they are decoded."""


class Jukebox(Section, frozen=True, kw_only=True):
    """Music from the speakers of this machine, with an app as the remote control."""

    output: Literal["off", "alsa", "pulse", "pipewire", "silent"] = "off"
    """What plays: the program `aplay`, `pacat` or `pw-cat` of the system; `silent` plays to nobody, for tests."""
    device: str = ""
    """Which of its devices, as that program names it; empty: the default one."""


class Auth(Section, frozen=True, kw_only=True):
    """Who may come in, and with what."""

    admin_user: str = ""
    """Name of the administrator that is made at the first start; short form `DULCIAN_ADMIN_USER`."""
    admin_password: Secret = Secret("")
    """That administrator's password; short form `DULCIAN_ADMIN_PASSWORD`. Later changes have no effect."""
    account_password_in_apps: bool = True
    """Apps may sign in with the account password (kept encrypted beside its hash), not only with device ones."""
    secret_key: Secret = Secret("")
    """Key that encrypts app credentials, 64 hex digits, equal on every node; empty: `secret.key` in the data folder. Two, with a space between them, while one takes the place of the other (`dulcian secrets rotate`)."""
    session_days: Positive = 30
    """How long the browser stays signed in."""
    session_idle_days: Positive = 14
    """How long, if it is not used meanwhile."""
    max_failures: Positive = 10
    """Wrong passwords for one name from one address before there is a wait, which doubles with each further one; six times as many for all names together."""
    longest_wait: Annotated[float, Meta(ge=1, le=86400)] = 300.0
    """How long the wait becomes at most."""
    failure_window: Seconds = 86400.0
    """After so long without a wrong password nothing is counted any more."""
    audit_days: Count = 90
    """How long it is kept who signed in from where, and who changed which account; 0: only in the log."""
    proxy_header: str = ""
    """A header such as `Remote-User`, in which a reverse proxy says who it has signed in; believed on the pages from `server.trusted_proxies`, from nobody else and never for apps."""
    proxy_create_users: bool = False
    """Whether people whom the proxy names get an account when they first come."""
    proxy_sign_out_url: str = ""
    """Where the proxy signs people out; *Sign out* leads there."""


class Oidc(Section, frozen=True, kw_only=True):
    """Signing in to the pages with an OpenID Connect provider. Apps use app passwords. See `docs/sign-in.md`."""

    preset: Literal["none", "google"] = "none"
    """What is known of a provider: its issuer, label and the claim that names people."""
    issuer: str = ""
    """The provider's address, exactly as it calls itself, such as `https://id.example.org`; empty: no such sign-in. Its host may lie in a private network."""
    client_id: str = ""
    """What the provider calls Dulcian. The address to allow there is `server.public_url` with `/login/oidc/callback`."""
    client_secret: Secret = Secret("")
    """The secret that belongs to it; empty for a public client."""
    label: str = ""
    """What the button says after *Sign in with*; empty: the provider's host."""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    """What the provider is asked to tell; some want `groups` here, too."""
    name_claim: str = ""
    """The claim that names a new account; empty: `preferred_username`, with Google `email`."""
    groups_claim: str = "groups"
    """The claim that lists somebody's groups; a dot leads further in, as in `realm_access.roles`."""
    roles: tuple[str, ...] = ()
    """What groups may, as `music-admins=admin` or `family=download share`. A role that stands here is given and taken by groups alone, at each sign-in."""
    allowed_groups: tuple[str, ...] = ()
    """Only people of these groups come in; empty: whoever the provider signs in."""
    allowed_domains: tuple[str, ...] = ()
    """Only people whose e-mail address the provider has verified in one of these domains."""
    create_users: bool = False
    """Whether people get an account when they first come; else they link the one they have, on its page."""
    link_by: Literal["nothing", "name", "email"] = "nothing"
    """What gives somebody an account that is there already, password or not: its name, its verified e-mail address, or nothing but its owner."""


class Ldap(Section, frozen=True, kw_only=True):
    """Passwords of an LDAP directory on the pages. Apps use app passwords. See `docs/sign-in.md`."""

    url: str = ""
    """`ldaps://host:port` or `ldap://host:port`; empty: no directory."""
    start_tls: bool = False
    """Begin TLS on an `ldap://` connection."""
    allow_plain: bool = False
    """Allow `ldap://` to another machine without TLS: whoever is between reads the passwords."""
    ca_file: Path | None = None
    """Certificates that are trusted for the directory; empty: those of the system."""
    bind_template: str = ""
    """The name (DN) to try somebody's password with, such as `uid={name},ou=people,dc=example,dc=org`; empty: search for it."""
    base_dn: str = ""
    """Where to search for people."""
    filter: str = "(uid={name})"
    """Whom to find; in Active Directory `(sAMAccountName={name})`."""
    bind_dn: str = ""
    """The account that may search; empty: nobody in particular."""
    bind_password: Secret = Secret("")
    """That account's password."""
    id_attribute: str = "entryUUID"
    """What never changes about somebody; in Active Directory `objectGUID`. `dn`: the whole name, where there is nothing better."""
    name_attribute: str = "uid"
    """What names a new account; in Active Directory `sAMAccountName`."""
    mail_attribute: str = "mail"
    """Where an e-mail address stands."""
    groups_attribute: str = "memberOf"
    """Where somebody's groups stand."""
    group_base_dn: str = ""
    """Where to search for groups, for directories in which only groups know their members."""
    group_filter: str = "(member={dn})"
    """Which groups are somebody's; `{dn}` is their name."""
    roles: tuple[str, ...] = ()
    """What groups may, as `music-admins=admin`, or with the whole DN of a group. A role that stands here is given and taken by groups alone, at each sign-in."""
    allowed_groups: tuple[str, ...] = ()
    """Only people of these groups come in; empty: everybody who is found."""
    create_users: bool = True
    """Whether people get an account when they first come."""
    link_by_name: bool = False
    """Whether somebody is given the account of the same name that is there already, and its password stays good."""
    timeout: Annotated[float, Meta(ge=0.5, le=60)] = 5.0
    """How long a sign-in waits for the directory."""


class Protocol(Section, frozen=True, kw_only=True):
    """How apps are answered."""

    lean_clients: tuple[str, ...] = ("DSub*", "Clementine*", "SubMusic*", "iSub*")
    """Apps (the parameter `c`, shell patterns) that get XML of Subsonic 1.16.1 without any addition."""


class Playlists(Section, frozen=True, kw_only=True):
    """Playlist files in the music folders (M3U, PLS, XSPF, and smart playlists as `.nsp`)."""

    owner: str = ""
    """Whose the playlists are that files make; empty: the first administrator."""
    public: bool = True
    """Whether everybody sees them; their owner can change it for each."""


class Podcasts(Section, frozen=True, kw_only=True):
    """Podcasts. Nothing is fetched before somebody adds one."""

    dir: Path | None = None
    """A folder for downloaded episodes alone; empty: `podcasts` in the data folder. Several nodes share it, or each plays only what it downloaded itself."""
    refresh_interval: Seconds = 21600.0
    """How often to look for new episodes; 0 only when asked."""
    download: Annotated[int, Meta(ge=0, le=100)] = 1
    """How many of a podcast's newest episodes are downloaded by themselves; 0: those that are asked for."""
    keep: Count = 10
    """How many of those stay, per podcast; 0 all. What somebody asked for stays until it is deleted."""
    max_episode_bytes: Positive = 1024 * 1024 * 1024
    """Larger episodes are not downloaded. None is when the disk would have less than `data.min_free_bytes`."""


class Outbound(Section, frozen=True, kw_only=True):
    """How Dulcian speaks to other servers."""

    allow_networks: tuple[str, ...] = ()
    """Private addresses or networks that may be asked all the same, such as `192.168.1.20` for a NAS."""
    timeout: Annotated[float, Meta(ge=1, le=600)] = 30.0
    """How long another server may be silent."""


class Logging(Section, frozen=True, kw_only=True):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines that are written."""
    format: Literal["auto", "console", "json"] = "auto"
    """`auto`: readable lines on a terminal, JSON otherwise."""
    slow_request: Seconds = 1.0
    """An API answer that takes longer is logged; 0 logs every request."""


class Metrics(Section, frozen=True, kw_only=True):
    """Figures for Prometheus at `/metrics`."""

    enabled: bool = True
    """Whether `/metrics` exists."""
    token: Secret = Secret("")
    """Bearer token for `/metrics`; empty: only this machine itself may read it."""


class Settings(Section, frozen=True, kw_only=True):
    """All settings."""

    server: Server = Server()
    data: Data = Data()
    database: Database = Database()
    library: Library = Library()
    streaming: Streaming = Streaming()
    transcoding: Transcoding = Transcoding()
    loudness: Loudness = Loudness()
    covers: Covers = Covers()
    jukebox: Jukebox = Jukebox()
    auth: Auth = Auth()
    oidc: Oidc = Oidc()
    ldap: Ldap = Ldap()
    protocol: Protocol = Protocol()
    playlists: Playlists = Playlists()
    podcasts: Podcasts = Podcasts()
    outbound: Outbound = Outbound()
    logging: Logging = Logging()
    metrics: Metrics = Metrics()
