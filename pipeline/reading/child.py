"""What runs in the child that decodes: first the fences, then one call after the other.

Decoders are given files that were made to break them, and some do break (pdfium ends a 2 kB PDF with an
abort that Python cannot catch). So they run where a death costs one file: with a bound on memory, without
network and without the right to start another program.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import multiprocessing.connection
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from pipeline.errors import ServiceUnavailable, UnreadableFile
from pipeline.model import SourceFile
from pipeline.reading.decoded import Decoded, Unpacked, Window
from pipeline.reading.limits import Limits
from pipeline.reading.refusal import refusal

P = ParamSpec("P")
T = TypeVar("T")

REFUSED_EVENTS = frozenset(
    {
        "socket.connect",
        "socket.bind",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.getnameinfo",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "pty.spawn",
    }
)
"""Audit events (PEP 578) of the network and of other programs: Pillow, asked wrongly, runs Ghostscript."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Of ours and not the file's fault: the disk for temporary files is full."""
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_PDEATHSIG = 1
M_ARENA_MAX = -8
MOST_ARENAS = 2
"""Of malloc: each thread's own takes 64 MB of address space, which the bound on memory counts."""
RESERVED_BYTES = 512 * 1024 * 1024
"""Address space of an idle child with all libraries loaded, on top of which the bound counts."""


def decode(file: SourceFile, path: Path, spool_dir: Path, window: Window, limits: Limits) -> Decoded:
    """Decode a window of a file, its pictures written into `spool_dir`."""
    from pipeline.reading.open_file import open_file
    from pipeline.reading.spool import spool

    return spool(open_file(file, path, window, limits), file, spool_dir)


def unpack(file: SourceFile, path: Path, folder: Path, limits: Limits) -> Unpacked:
    """Unpack a ZIP into `folder`."""
    from pipeline.reading.archive import unpack_zip

    return unpack_zip(file, path, folder, limits)


def guarded(name: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | UnreadableFile:
    """What `function` gives or refuses; out of memory is told as such, on the upload called `name`.

    A refusal is given back, not raised: tracebacks of decoders quote what stands in a file.

    Raises:
        ServiceUnavailable: If the disk for temporary files is full.
    """
    try:
        return function(*args, **kwargs)
    except UnreadableFile as error:
        return UnreadableFile(error.code, error.message, error.page)
    except MemoryError:
        return memory_refusal(name)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise ServiceUnavailable("临时磁盘空间不足 / no room left for temporary files") from error
        return crash_refusal(name, error)
    except Exception as error:
        # The boundary: decoders raise of broken files what nobody foresaw, and a batch goes on. It is told
        # as the crash it is, with the place in the code, so that it never passes for an unreadable file.
        return crash_refusal(name, error)


def crash_refusal(name: str, error: BaseException | None = None) -> UnreadableFile:
    """The error for a file whose decoder died, or stumbled over `error`."""
    where = ""
    if error is not None:
        steps = traceback.extract_tb(error.__traceback__)
        where = f" [{type(error).__name__} {Path(steps[-1].filename).name}:{steps[-1].lineno}]"
    return refusal(
        "crashed",
        name,
        "文件使解码程序异常退出，可能已损坏；请重新扫描或重新导出后发送",
        f"the file made its decoder fail, it may be damaged; scan or export it again{where}",
    )


def memory_refusal(name: str) -> UnreadableFile:
    """The error for a file that takes more memory than it may."""
    return refusal(
        "memory_limit",
        name,
        "解码所需内存超过上限；请以较低分辨率重新扫描，或另存为普通 PDF 后发送",
        "decoding takes more memory than the limit; scan it at a lower resolution or save it as a plain PDF",
    )


def fence(limits: Limits) -> None:
    """Take from this process what a decoder does not need; called once, before any file."""
    _end_with_parent()
    _fall_silent()
    _bound_memory(limits)
    _leave_network()
    sys.addaudithook(_refuse_network)


def _end_with_parent() -> None:
    """No child survives the process that asked it, not even in a call that never ends.

    The fork server, from which we descend, lives for as long as one of its children does. The process that
    asks holds the other end of a pipe of ours: when that closes, the system sends a signal that is deadly
    unless it is handled, also to one stuck in native code.
    """
    parent = multiprocessing.parent_process()
    if sys.platform != "linux" or parent is None:
        return
    import fcntl

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(parent.sentinel, fcntl.F_GETFL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)
    if multiprocessing.connection.wait([parent.sentinel], timeout=0):
        os._exit(1)  # it was gone before we asked to be told


def _fall_silent() -> None:
    """Decoders write about broken files where the caller draws its progress."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _bound_memory(limits: Limits) -> None:
    if sys.platform == "win32":  # no such bound there: the deadline alone holds
        return
    import resource

    bound = limits.memory_bytes + RESERVED_BYTES
    with contextlib.suppress(ValueError, OSError):  # a stricter bound of the system stands
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold a patient's papers
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, MOST_ARENAS)


def _leave_network() -> None:
    """Go where no network is, if the kernel lets us; for root that needs no other name space of users.

    (In another one root may no longer read what belongs to other users.)
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if libc.unshare(CLONE_NEWNET) != 0:
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def _refuse_network(event: str, _arguments: object) -> None:
    if event in REFUSED_EVENTS:
        raise PermissionError(f"{event} is not allowed where files are decoded (pid {os.getpid()})")
