"""Takes from a process what a decoder of strangers' bytes does not need.

Linux: resource limits, no new privileges, and a seccomp filter for all threads that answers EPERM. Elsewhere
only the limits hold, and that is what is said. Source: seccomp(2), prctl(2), linux/filter.h, linux/seccomp.h.
"""

import ctypes
import platform
import resource
import struct
import sys

MEMORY_BYTES = 8 << 30
"""Address space, not memory: OpenVINO reserves far more than it uses."""
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER = 1
_FOR_ALL_THREADS = 1

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _REFUSE, _NOT_THERE, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000

# Numbers of the x86-64 and the generic (aarch64) table. Source: arch/x86/entry/syscalls/syscall_64.tbl,
# include/uapi/asm-generic/unistd.h.
_NETWORK = {
    # socket connect accept bind listen socketpair accept4
    "x86_64": (41, 42, 43, 49, 50, 53, 288),
    "aarch64": (198, 203, 202, 200, 201, 199, 242),
}
_FILES = {
    # open creat openat openat2 truncate rename mkdir rmdir link unlink symlink chmod chown lchown mknod mount
    # and their *at forms; chdir chroot name_to_handle_at open_by_handle_at io_uring_setup
    "x86_64": (
        *(2, 85, 257, 437, 76, 82, 83, 84, 86, 87, 88, 90, 92, 94, 133, 165),
        *(264, 316, 258, 265, 263, 266, 268, 260, 259, 80, 161, 303, 304, 425, 89, 267),
    ),
    "aarch64": (56, 437, 45, 276, 38, 34, 37, 35, 36, 53, 54, 33, 40, 49, 51, 264, 265, 425, 78),
}
_PROGRAMS = {
    # execve execveat fork vfork ptrace process_vm_readv process_vm_writev kill bpf perf_event_open
    "x86_64": (59, 322, 57, 58, 101, 310, 311, 62, 321, 298),
    "aarch64": (221, 281, 117, 270, 271, 129, 280, 241),
}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def enter_sandbox() -> tuple[str, ...]:
    """Give up what is not needed, for good.

    Called once everything is loaded. Returns what is forbidden from now on, of "memory", "network", "files" and
    "programs"; what the platform cannot enforce is missing.
    """
    limit("RLIMIT_CORE", 0)
    limit("RLIMIT_FSIZE", 0)
    held = ["memory"] if limit("RLIMIT_AS", MEMORY_BYTES) else []
    if sys.platform != "linux":
        return tuple(held)
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    machine = platform.machine()
    if machine in _ARCHITECTURES and library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        instructions = _filter(machine)
        buffer = ctypes.create_string_buffer(instructions)
        program = _Program(len(instructions) // 8, ctypes.addressof(buffer))
        number = 317 if machine == "x86_64" else 277
        asked = (number, _SECCOMP_SET_MODE_FILTER, _FOR_ALL_THREADS, ctypes.byref(program))
        if library.syscall(*asked) == 0:
            held += ["network", "files", "programs"]
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


def _filter(machine: str) -> bytes:
    """The filter's instructions: what is not named is allowed."""
    refused = sorted({*_NETWORK[machine], *_FILES[machine], *_PROGRAMS[machine]})
    code = [
        _step(_LOAD, _ARCHITECTURE_AT),
        _step(_EQUAL, _ARCHITECTURES[machine], yes=1),
        _step(_RETURN, _KILL),  # a call of another table, such as 32 bit, would pass by its other number
        _step(_LOAD, _NUMBER_AT),
        _step(_EQUAL, _CLONE3, no=1),
        _step(_RETURN, _NOT_THERE),  # its flags lie in memory; the C library then takes clone
    ]
    for number in refused:
        code += [_step(_EQUAL, number, no=1), _step(_RETURN, _REFUSE)]
    code += [
        _step(_EQUAL, _CLONE[machine], no=3),
        _step(_LOAD, _FIRST_ARGUMENT_AT),
        _step(_ANY_BIT, _CLONE_THREAD, yes=1),  # threads may be made, processes not
        _step(_RETURN, _REFUSE),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
