"""Requests as bytes, and answers out of bytes, whatever the camera sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeep.domain.errors import Invalid
from watchkeep.sources.rtsp.messages import (
    BODY_LIMIT_BYTES,
    HEAD_LIMIT_BYTES,
    Request,
    encode,
    read_response,
    response_length,
)

ANSWER = (
    b"RTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Length: 3\r\n"
    b"WWW-Authenticate: one\r\nwww-authenticate: two\r\n\r\nabc"
)


def test_a_request_is_written_as_the_rfc_shows_it() -> None:
    request = Request(method="DESCRIBE", url="rtsp://door/live", headers={"Accept": "application/sdp"})

    assert encode(request, {"CSeq": "2"}) == (
        b"DESCRIBE rtsp://door/live RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n"
    )


@pytest.mark.parametrize("text", ["x\r\nTEARDOWN", "x\ny", "x\0y"])
def test_what_a_camera_sent_cannot_smuggle_a_line_into_our_request(text: str) -> None:
    with pytest.raises(Invalid):
        encode(Request(method="PLAY", url="rtsp://door", headers={"Session": text}), {})


def test_an_answer_is_read_with_its_body_and_repeated_headers() -> None:
    assert response_length(ANSWER + b"$more") == len(ANSWER)

    response = read_response(ANSWER)

    assert (response.status, response.sequence, response.body) == (200, 4, b"abc")
    assert response.headers["www-authenticate"] == ("one", "two")
    assert response.header("nothing") == ""


@pytest.mark.parametrize("kept", range(len(ANSWER)))
def test_an_answer_that_is_not_whole_is_waited_for(kept: int) -> None:
    assert response_length(ANSWER[:kept]) is None


@pytest.mark.parametrize(
    "message",
    [
        b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * HEAD_LIMIT_BYTES,
        b"RTSP/1.0 200 OK\r\nContent-Length: " + str(BODY_LIMIT_BYTES + 1).encode() + b"\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: many\r\n\r\n",
    ],
    ids=["endless head", "endless body", "negative length", "no number"],
)
def test_an_answer_without_bounds_is_refused(message: bytes) -> None:
    with pytest.raises(Invalid):
        response_length(message)


@pytest.mark.parametrize(
    "message",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"RTSP/1.0 999 Odd\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"a:b\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_answer_is_refused(message: bytes) -> None:
    with pytest.raises(Invalid):
        read_response(message)


@given(st.binary(max_size=400))
def test_hostile_bytes_are_read_or_refused(hostile: bytes) -> None:
    message = b"RTSP/1.0 200 OK\r\n" + hostile
    try:
        length = response_length(message)
        if length is not None:
            read_response(message[:length])
    except Invalid:
        pass
