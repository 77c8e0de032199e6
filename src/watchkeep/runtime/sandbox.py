"""Takes from a process what a decoder of strangers' bytes does not need.

Linux: resource limits, no new privileges, and a seccomp filter for all threads, which answers EPERM to every
call that is not on its list. Elsewhere only the limits hold, and that is what is said.
Source: seccomp(2), prctl(2), linux/filter.h, linux/seccomp.h.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

MEMORY_BYTES = 8 << 30
"""Address space, not memory: OpenVINO reserves far more than it uses."""
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER = 1
_FOR_ALL_THREADS = 1

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _NOT_THERE, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_OTHER_TABLE = 0x40000000
"""From here on x86-64 numbers the calls of the x32 table, which would pass by the list's meaning."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """One architecture's numbers. Source: arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h."""

    audit: int
    seccomp: int
    clone: int
    tgkill: int
    network: tuple[int, ...]
    allowed: tuple[int, ...]


_CLONE3 = 435
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        seccomp=317,
        clone=56,
        tgkill=234,
        network=(41, 42, 49, 425),  # socket connect bind io_uring_setup
        allowed=(
            # read write close fstat poll lseek pread64 readv writev select pselect6 ppoll
            *(0, 1, 3, 5, 7, 8, 17, 19, 20, 23, 270, 271),
            # mmap mprotect munmap brk mremap madvise mlock munlock membarrier
            *(9, 10, 11, 12, 25, 28, 149, 150, 324),
            # rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall
            *(13, 14, 15, 131, 219),
            # sched_yield nanosleep getpid exit gettid futex sched_setaffinity sched_getaffinity
            # set_tid_address clock_gettime clock_getres clock_nanosleep exit_group set_robust_list getcpu
            # rseq
            *(24, 35, 39, 60, 186, 202, 203, 204, 218, 228, 229, 230, 231, 273, 309, 334),
            # uname gettimeofday getrusage sysinfo times getrandom
            *(63, 96, 98, 99, 100, 318),
        ),
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        seccomp=277,
        clone=220,
        tgkill=131,
        network=(198, 203, 200, 425),
        allowed=(
            *(63, 64, 57, 80, 62, 67, 65, 66, 72, 73),
            *(222, 226, 215, 214, 216, 233, 228, 229, 283),
            *(134, 135, 139, 132, 128),
            *(124, 101, 172, 93, 178, 98, 122, 123, 96, 113, 114, 115, 94, 99, 168, 293),
            *(160, 169, 165, 179, 153, 278),
        ),
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def cut_off() -> bool:
    """Have no network and no home folder, before a library is loaded that would use them.

    OpenVINO reports each import to its maker's statistics, ONNX Runtime keeps a database of what it will
    report.

    Returns:
        Whether the kernel refuses the network.
    """
    os.environ["HOME"] = os.devnull
    return _filter_calls(_all_but_network)


def end_with_parent() -> bool:
    """Be killed when the thread that started this process ends, even while hanging or stopped.

    Returns:
        Whether the kernel does it.
    """
    if sys.platform != "linux":
        return False
    return int(ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)) == 0


def enter_sandbox() -> tuple[str, ...]:
    """Give up what is not needed, for good.

    Called once everything is loaded; descriptors that are open stay usable.

    Returns:
        What is forbidden from now on, of "memory" (more than a limit), "network", "files" (opening or
        changing any) and "programs" (starting, signalling or looking into any); what the platform cannot
        enforce is missing.
    """
    limit("RLIMIT_CORE", 0)
    held = ["memory"] if limit("RLIMIT_AS", MEMORY_BYTES) else []
    if _filter_calls(lambda machine: _only(machine, pid=os.getpid())):
        held += ["network", "files", "programs"]
    else:
        # Where files can be opened, they at least cannot grow; nor can a log on standard error.
        limit("RLIMIT_FSIZE", 0)
    return tuple(held)


def limit(name: str, value: int) -> bool:
    """Lower a resource limit, never raise it; False where the platform has none of that name."""
    kind = getattr(resource, name, None)
    if kind is None:
        return False
    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (ceiling, ceiling))
    return True


def _filter_calls(instructions_for: Callable[[_Machine], list[bytes]]) -> bool:
    """Have the kernel refuse calls from now on; False where it cannot. Filters add up."""
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    instructions = instructions_for(machine)
    buffer = ctypes.create_string_buffer(b"".join(instructions))
    program = _Program(len(instructions), ctypes.addressof(buffer))
    asked = (machine.seccomp, _SECCOMP_SET_MODE_FILTER, _FOR_ALL_THREADS, ctypes.byref(program))
    return int(library.syscall(*asked)) == 0


def _all_but_network(machine: _Machine) -> list[bytes]:
    return [*_begin(machine), *_answer(machine.network, _REFUSE), _step(_RETURN, _ALLOW)]


def _only(machine: _Machine, *, pid: int) -> list[bytes]:
    """What is on the list, threads but no processes, and signals to oneself, for abort()."""
    return [
        *_begin(machine),
        *_answer((_CLONE3,), _NOT_THERE),  # its flags lie in memory; the C library then takes clone
        *_answer(machine.allowed, _ALLOW),
        _step(_EQUAL, machine.clone, no=4),
        _step(_LOAD, _FIRST_ARGUMENT_AT),
        _step(_ANY_BIT, _CLONE_THREAD, yes=1),
        _step(_RETURN, _REFUSE),
        _step(_RETURN, _ALLOW),
        _step(_EQUAL, machine.tgkill, no=3),
        _step(_LOAD, _FIRST_ARGUMENT_AT),
        _step(_EQUAL, pid, no=1),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, _REFUSE),
    ]


def _begin(machine: _Machine) -> list[bytes]:
    """Load the call's number, once it is sure which table it is of: of another, it means another call."""
    return [
        _step(_LOAD, _ARCHITECTURE_AT),
        _step(_EQUAL, machine.audit, yes=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        _step(_AT_LEAST, _OTHER_TABLE, no=1),
        _step(_RETURN, _KILL),
    ]


def _answer(numbers: tuple[int, ...], answer: int) -> list[bytes]:
    return [step for number in numbers for step in (_step(_EQUAL, number, no=1), _step(_RETURN, answer))]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
