import socket
from collections.abc import Iterator

import pytest

from watchkeep.sources.simulator.connection import Connection


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(5)
    with ours, theirs:
        yield ours, theirs


def read_all(theirs: socket.socket, connection: Connection, size_bytes: int) -> bytes:
    received = b""
    while len(received) < size_bytes:
        received += theirs.recv(65536)
        connection.flush()
    return received


def test_what_waits_is_sent_as_it_was_though_the_clip_is_stamped_anew(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    connection = Connection(pair[0], nonce="n", limit_bytes=10_000_000)
    packets = bytearray(b"first" * 400_000)

    connection.send(memoryview(packets))
    assert connection.has_waiting
    packets[:] = b"again" * 400_000
    connection.send(b"answer")

    assert read_all(pair[1], connection, 2_000_006) == b"first" * 400_000 + b"answer"
    assert not connection.has_waiting


def test_more_than_the_bound_breaks_the_connection(pair: tuple[socket.socket, socket.socket]) -> None:
    connection = Connection(pair[0], nonce="n", limit_bytes=1000)

    connection.send(bytes(1_000_000))

    assert connection.is_finished
    assert connection.fault == "does not read"


def test_a_closing_connection_is_finished_when_nothing_waits(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    connection = Connection(pair[0], nonce="n", limit_bytes=10_000_000)
    connection.send(bytes(1_000_000))
    connection.is_closing = True

    assert not connection.is_finished
    read_all(pair[1], connection, 1_000_000)
    assert connection.is_finished


def test_the_other_sides_end_is_a_fault(pair: tuple[socket.socket, socket.socket]) -> None:
    connection = Connection(pair[0], nonce="n", limit_bytes=1000)
    pair[1].close()

    connection.receive()

    assert connection.fault == "closed by the client"
