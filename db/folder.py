"""The data folder: made, checked, and held by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from db.errors import AlreadyRunningError, DataFolderError

MOUNTS = Path("/proc/self/mountinfo")
# Locks and flushes are not what they seem there: PostgreSQL may lose data.
_NETWORK = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "davfs2", "glusterfs", "gpfs", "lustre",
    "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2", "orangefs", "smb", "smb2", "smb3", "smbfs", "sshfs",
    "fuse.ceph", "fuse.ceph-fuse", "fuse.curlftpfs", "fuse.davfs", "fuse.davfs2", "fuse.gcsfuse",
    "fuse.glusterfs", "fuse.gvfsd-fuse", "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs",
    "fuse.sshfs",
})  # fmt: skip


def prepare(folder: Path, mounts: Path = MOUNTS) -> None:
    """Make the data folder, readable by its owner only; raises DataFolderError where that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(folder, error) from error
    if (kind := network_kind(folder, mounts)) is not None:
        raise DataFolderError(
            f"The data folder {folder} is on a network file system ({kind}), where PostgreSQL may "
            "lose data. Choose a folder on a local disk (--data), or use an external PostgreSQL "
            "server (database.url). Music may well be on the network."
        )


def network_kind(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that the folder is on; None on a local one."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # not Linux
        return None
    kind = _kind_at(folder.resolve(), lines)
    return kind if kind in _NETWORK else None


def _kind_at(folder: Path, lines: Iterable[str]) -> str:
    """The type of the innermost mount that holds the folder; of two at one place, the later."""
    best, kind = -1, ""
    for line in lines:
        fields, _, tail = line.partition(" - ")
        point = Path(_unescape(fields.split()[4]))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), tail.split()[0]
    return kind


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


class Claim:
    """The data folder held for this process, until it is released or the process ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "dulcian.lock"
        self._fd = -1

    def take(self) -> None:
        """Hold the folder, made if need be; raises AlreadyRunningError when another process does."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise refusal(self.folder, error) from error
        try:
            self._hold(fd)
        except OSError as error:
            os.close(fd)
            raise refusal(self.folder, error) from error
        except AlreadyRunningError:
            os.close(fd)
            raise
        self._fd = fd

    def release(self) -> None:
        """Let go; harmless when not held."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def is_taken(self) -> bool:
        """Whether a process holds the folder."""
        try:
            with self.file.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        except OSError as error:
            raise refusal(self.folder, error) from error
        return False

    def _hold(self, fd: int) -> None:
        for last in (False, False, True):
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if last:
                    raise AlreadyRunningError(_number(os.pread(fd, 32, 0)), self.folder) from None
                time.sleep(0.05)  # `is_taken` of another process takes no longer
            else:
                break
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        give(self.file, owner(self.folder))


def owner(place: Path) -> tuple[int, int]:
    """User and group that a file or folder belongs to."""
    found = place.stat()
    return found.st_uid, found.st_gid


def give(place: Path, to: tuple[int, int]) -> None:
    """Hand over what root made in a folder that is not root's, so that its owner can go on alone."""
    if os.geteuid() == 0:
        os.chown(place, *to)


def check_writable(folder: Path) -> None:
    """Raise OSError where a held data folder cannot be written any more. Writes nothing itself."""
    os.close(os.open(Claim(folder).file, os.O_WRONLY | os.O_CLOEXEC))


def is_private(place: Path) -> bool:
    """Whether nobody but the owner has any right; some file systems cannot say so."""
    return not stat.S_IMODE(place.stat().st_mode) & 0o077


def _number(text: bytes) -> int:
    return int(text) if text.strip().isdigit() else 0


def refusal(folder: Path, error: OSError) -> DataFolderError:
    """What the system's answer means for a data folder."""
    advice = {
        errno.EACCES: "Give this user the right to write there, or choose another (--data).",
        errno.EPERM: "Give this user the right to write there, or choose another (--data).",
        errno.EROFS: "That file system is read-only; choose another folder (--data).",
        errno.ENOSPC: "The disk is full: make room, or choose another folder (--data).",
        errno.EDQUOT: "The disk quota is used up: make room, or choose another folder (--data).",
        errno.ENOTDIR: "A file stands where a folder is needed; choose another (--data).",
        errno.EEXIST: "A file stands where a folder is needed; choose another (--data).",
    }.get(error.errno or 0, "Choose another folder (--data).")
    return DataFolderError(f"The data folder {folder} cannot be used: {error.strerror}. {advice}")
