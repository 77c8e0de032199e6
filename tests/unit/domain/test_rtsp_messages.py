"""What programs and simulators say in RTSP, read and written."""

import pytest

from watchkeep.domain.errors import Invalid
from watchkeep.domain.rtsp_messages import Request, answer, body_length, read_request_head


def asked(url: str, **headers: str) -> Request:
    return Request(method="SETUP", url=url, headers=headers)


def test_a_requests_head_is_read_with_names_in_lower_case() -> None:
    request = read_request_head("PLAY rtsp://camera/door/ RTSP/1.0\r\nCSeq: 7\r\nX-Odd:a:b")

    assert request == Request(method="PLAY", url="rtsp://camera/door/", headers={"cseq": "7", "x-odd": "a:b"})


@pytest.mark.parametrize(
    ("url", "path", "section"),
    [
        ("rtsp://camera/door/main", "door/main", 0),
        ("rtsp://camera/door/main/", "door/main", 0),
        ("rtsp://camera/door/main/trackID=0", "door/main", 0),
        ("rtsp://camera/door/main/trackID=2/", "door/main", 2),
        ("rtsp://camera/front%20door/trackID=1", "front door", 1),
        ("rtsp://camera/door/trackID=12", "door/trackID=12", 0),
        ("*", "*", 0),
    ],
)
def test_an_address_names_a_stream_and_maybe_a_section(url: str, path: str, section: int) -> None:
    assert (asked(url).path, asked(url).section) == (path, section)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PLAY",
        "GET / HTTP/1.1",
        "PLAY rtsp://camera RTSP/2.0",
        "PLAY a b RTSP/1.0",
        "PLAY rtsp://[/ RTSP/1.0",
    ],
)
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_request_head(text)


def test_a_body_has_a_length_within_the_limit() -> None:
    assert body_length(asked("*"), limit_bytes=10) == 0
    assert body_length(asked("*", **{"content-length": "10"}), limit_bytes=10) == 10
    for length in ("11", "-1", "many"):
        with pytest.raises(Invalid):
            body_length(asked("*", **{"content-length": length}), limit_bytes=10)


def test_an_answer_says_reason_number_headers_and_body() -> None:
    said = answer(asked("*", cseq="12"), 401, {"WWW-Authenticate": ["one", "two"], "A": "b"}, b"why")

    assert said == (
        b"RTSP/1.0 401 Unauthorized\r\nCSeq: 12\r\nWWW-Authenticate: one\r\nWWW-Authenticate: two\r\nA: b\r\n"
        b"Content-Length: 3\r\n\r\nwhy"
    )
    assert answer(None, 599) == b"RTSP/1.0 599 Refused\r\n\r\n"
