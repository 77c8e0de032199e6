"""What the decoder's sandbox forbids, each tried in a process that has entered it."""

import platform
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="elsewhere the sandbox holds only the limit of memory, and says so",
)

PRELUDE = """
import ctypes, errno, mmap, os, select, signal, socket, subprocess, sys, threading, time
from multiprocessing import shared_memory
from watchkeep.runtime.sandbox import cut_off, enter_sandbox
own, other = socket.socketpair()
library = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"
parent = os.getppid()

def call(x86, arm, *arguments):
    if library.syscall(ctypes.c_long(x86 if X86 else arm), *map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")
"""
ENTER = 'assert enter_sandbox() == ("memory", "network", "files", "programs")\n'


def outcome(deed: str, *, enter: str = ENTER, folder: Path | None = None) -> tuple[int, str]:
    """Exit status and error output of a process that does the deed."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + enter + deed],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=60,
    )
    return done.returncode, done.stderr


FORBIDDEN = {
    "a connection": "call(42, 203, own.fileno(), 0, 0)",
    "a socket": "socket.socket(socket.AF_UNIX)",
    "a datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "a socket pair": "socket.socketpair()",
    "reading a file": "os.open('/etc/hostname', os.O_RDONLY)",
    "reading its own memory as a file": "os.open('/proc/self/mem', os.O_RDONLY)",
    "writing a file": "os.open('new', os.O_WRONLY | os.O_CREAT)",
    "opening by another call": "call(437, 437, -100, 0, 0, 0)",
    "opening relative to a folder": "os.open('new', os.O_WRONLY | os.O_CREAT, dir_fd=3)",
    "listing a folder": "os.listdir('/')",
    "looking whether a file is there": "os.stat('/etc/hostname')",
    "removing a file": "os.unlink('old')",
    "renaming a file": "os.rename('old', 'new')",
    "making a folder": "os.mkdir('folder')",
    "making a link": "os.symlink('old', 'new')",
    "changing rights": "os.chmod('old', 0o777)",
    "changing an owner": "os.chown('old', 0, 0)",
    "shortening a file": "os.truncate('old', 0)",
    "going elsewhere": "os.chdir('/')",
    "mounting": "call(165, 40, 0, 0, 0, 0, 0)",
    "a program": "os.execv(sys.executable, [sys.executable])",
    "a child": "os.fork()",
    "a child of another kind": "os.posix_spawn(sys.executable, [sys.executable], {})",
    "a child as subprocess makes it": "subprocess.run(['true'])",
    "killing the parent": "os.kill(parent, 0)",
    "killing a thread of the parent": "call(234, 131, parent, parent, 0)",
    "signalling with a value": "call(129, 138, parent, 0, 0)",
    "signalling by descriptor": "os.pidfd_open(parent)",
    "tracing the parent": "call(101, 117, 2, parent, 0, 0)",
    "reading the parent's memory": "call(310, 270, parent, 0, 0, 0, 0, 0)",
    "shared memory of the old kind": "call(29, 194, 0, 4096, 0o1600)",
    "a file in memory to run": "os.memfd_create('x')",
    "a queue to the kernel": "call(425, 425, 1, 0)",
    "another namespace": "call(272, 97, 0x10000000)",
    "a program in the kernel": "call(321, 280, 0, 0, 0)",
    "more rights for descriptors": "call(16, 29, 0, 0x5412, 0)",
    "another user": "os.setuid(0)",
    "a limit of another process": "call(302, 261, parent, 7, 0, 0)",
    "giving a descriptor away": "socket.send_fds(own, [b'x'], [0])",
}


@pytest.mark.parametrize("deed", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_the_sandbox_refuses(deed: str, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    trial = f"""
try:
    {deed}
except PermissionError as error:
    assert error.errno == errno.EPERM, error
else:
    sys.exit("it was allowed")
"""
    status, said = outcome(trial, folder=tmp_path)

    assert status == 0, said
    assert [each.name for each in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "old"


def test_what_the_decoder_needs_goes_on() -> None:
    deed = """
assert os.write(other.fileno(), b"x") == 1
assert select.select([own], [], [], 5)[0] and os.read(own.fileno(), 9) == b"x"
done = []
thread = threading.Thread(target=lambda: done.append(bytearray(1 << 26)))
thread.start(); thread.join()
assert len(done[0]) == 1 << 26
time.sleep(0.001); time.time(); os.urandom(8); os.getpid()
print("fine", file=sys.stderr)
"""
    status, said = outcome(deed)

    assert (status, said) == (0, "fine\n")


def test_memory_has_a_limit_and_no_core_is_left() -> None:
    deed = """
try:
    mmap.mmap(-1, 16 << 30)
except OSError as error:
    assert error.errno == errno.ENOMEM, error
else:
    sys.exit("it was allowed")
"""
    limits = """
import resource
from watchkeep.runtime.sandbox import limit
limit("RLIMIT_CORE", 0)
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
limit("RLIMIT_CORE", 1 << 20)
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert not limit("RLIMIT_OF_NO_PLATFORM", 0)
"""
    for each, enter in ((deed, ENTER), (limits, "")):
        status, said = outcome(each, enter=enter)
        assert status == 0, said


def test_a_process_that_is_told_to_abort_can() -> None:
    status, _ = outcome("os.abort()")

    assert status == -6


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other machines have one table of calls")
def test_a_call_of_another_table_kills() -> None:
    status, _ = outcome("library.syscall(ctypes.c_long(0x40000000 + 39))")

    assert status == -31  # SIGSYS


def test_without_the_sandbox_the_same_deeds_succeed(tmp_path: Path) -> None:
    """Otherwise the refusals above would prove nothing."""
    (tmp_path / "old").write_text("old")
    for name in (
        "a socket",
        "reading a file",
        "writing a file",
        "a child as subprocess makes it",
        "a file in memory to run",
    ):
        status, said = outcome(FORBIDDEN[name], enter="", folder=tmp_path)
        assert status == 0, said


def test_before_libraries_are_loaded_there_is_no_network_and_no_home_but_files_can_be_read() -> None:
    deed = """
open("/etc/hostname").close()
assert not os.path.isdir(os.path.expanduser("~"))
for make in (lambda: socket.socket(), lambda: socket.socket(socket.AF_UNIX), lambda: own.connect("/nowhere")):
    try:
        make()
    except PermissionError:
        continue
    sys.exit("it was allowed")
assert enter_sandbox() == ("memory", "network", "files", "programs")
os.write(other.fileno(), b"x")
"""
    status, said = outcome(deed, enter="assert cut_off()\n")

    assert status == 0, said


def test_who_hangs_does_not_outlive_the_parent(tmp_path: Path) -> None:
    child = (
        PRELUDE + "from watchkeep.runtime.sandbox import end_with_parent\nassert end_with_parent()\n" + ENTER
    )
    child += "os.write(1, b'ready')\ntime.sleep(600)"
    (tmp_path / "child.py").write_text(child)
    parent = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, sys.argv[1]], stdout=subprocess.PIPE)
assert child.stdout.read(5) == b"ready"
print(child.pid, flush=True)
time.sleep(600)
"""
    command = [sys.executable, "-c", parent, str(tmp_path / "child.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as middle:
        assert middle.stdout is not None
        orphan = psutil.Process(int(middle.stdout.readline()))
        orphan.suspend()

        middle.kill()

        try:
            orphan.wait(60)
        finally:
            with suppress(psutil.NoSuchProcess):
                orphan.kill()
