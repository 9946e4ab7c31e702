"""What a process gives up before it reads what strangers wrote.

None of it is needed for reading: should a parser be made to do its file's will, it can write no
file, speak to nobody, start no program and touch no other process. Where the kernel lacks one of
these, the others hold.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import struct
import sys
from collections.abc import Iterator

_BESIDE = 512 * 1024 * 1024
"""Address space for programs and libraries, which are no memory of the process alone."""
_MOST_FILES = 64
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1
_NUMBER, _ARCHITECTURE = 0, 4
_X32 = 0x40000000
_REFUSED = {
    # Network; programs; memory and signals of others; ways around.
    "x86_64": (0xC000003E, (
        41, 42, 43, 49, 50, 53, 288, 59, 322, 101, 310, 311, 62, 200, 129, 297, 424, 434, 438, 57, 58,
        272, 308, 425, 426, 427,
    )),
    "aarch64": (0xC00000B7, (
        198, 199, 200, 201, 202, 203, 242, 221, 281, 117, 270, 271, 129, 130, 138, 240, 424, 434, 438,
        97, 268, 425, 426, 427,
    )),
}  # fmt: skip
"""By machine: how the kernel calls it, and the numbers of the calls that are refused.

socket, connect, accept, bind, listen, socketpair, accept4; execve, execveat; ptrace, process_vm_readv
and _writev; kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal, pidfd_open,
pidfd_getfd; fork, vfork (threads stay possible); unshare, setns; io_uring_setup, _enter, _register.
"""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def confine(memory: int) -> None:
    """Keep to so many bytes of memory, and to reading. Not to be undone."""
    _limit(resource.RLIMIT_DATA, memory)
    _limit(resource.RLIMIT_AS, memory + _BESIDE)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _MOST_FILES)
    if sys.platform == "linux":
        _refuse_calls()


def _limit(kind: int, most: int) -> None:
    """For good; never more than there was before."""
    _, hard = resource.getrlimit(kind)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _refuse_calls() -> None:
    prctl = ctypes.CDLL(None).prctl
    prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    known = _REFUSED.get(platform.machine())
    if known is None or sys.maxsize < 2**32:
        return
    code = b"".join(_instructions(*known))
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)


def _instructions(architecture: int, refused: tuple[int, ...]) -> Iterator[bytes]:
    """The filter, in the language of BPF: jumps are told as instructions to pass over."""
    count = len(refused)
    yield _one(_LOAD, _ARCHITECTURE)
    yield _one(_EQUAL, architecture, no=count + 3)
    yield _one(_LOAD, _NUMBER)
    yield _one(_AT_LEAST, _X32, yes=count + 1)
    for place, number in enumerate(refused):
        yield _one(_EQUAL, number, yes=count - place)
    yield _one(_RETURN, _ALLOW)
    yield _one(_RETURN, _REFUSE)


def _one(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
