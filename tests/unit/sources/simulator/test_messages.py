import base64
import hashlib

import pytest

from watchkeep.domain.camera import Secret
from watchkeep.domain.errors import Invalid
from watchkeep.domain.rtsp_messages import Request, answer
from watchkeep.sources.simulator.authentication import REALM, allows
from watchkeep.sources.simulator.messages import take_request

PLAY = b"PLAY rtsp://camera/door/trackID=0 RTSP/1.0\r\nCSeq: 7\r\nSession: abc\r\n\r\n"


def test_a_request_in_pieces_waits_for_its_end() -> None:
    received = bytearray(PLAY[:20])

    assert take_request(received) is None
    received += PLAY[20:]
    request = take_request(received)

    assert request == Request(
        method="PLAY", url="rtsp://camera/door/trackID=0", headers={"cseq": "7", "session": "abc"}
    )
    assert request.path == "door"
    assert not received


def test_receiver_reports_between_requests_are_dropped() -> None:
    received = bytearray(b"$\x01\x00\x04abcd" + PLAY + b"$\x01\x00\x04ab")

    request = take_request(received)

    assert request is not None
    assert take_request(received) is None
    assert received == b"$\x01\x00\x04ab"


def test_a_body_is_taken_with_its_request() -> None:
    received = bytearray(
        b"SET_PARAMETER rtsp://camera/door RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nabc\r\n" + PLAY
    )

    methods = [request.method for _ in range(2) if (request := take_request(received))]

    assert methods == ["SET_PARAMETER", "PLAY"]


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\r\n\r\n",
        b"PLAY x RTSP/1.0\r\nContent-Length: many\r\n\r\n",
        b"PLAY x RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
        b"PLAY x RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n",
        b"PLAY rtsp://[/ RTSP/1.0\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_request_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        take_request(bytearray(text))


def test_an_answer_repeats_the_requests_number() -> None:
    request = Request(method="OPTIONS", url="*", headers={"cseq": "12"})

    assert answer(request, 200, {"Public": "PLAY"}) == b"RTSP/1.0 200 OK\r\nCSeq: 12\r\nPublic: PLAY\r\n\r\n"


def signed(authorization: str) -> Request:
    return Request(method="DESCRIBE", url="rtsp://camera/door", headers={"authorization": authorization})


def digest(password: str, *, nonce: str = "n1", extra: str = "") -> str:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    middle = "n1:00000001:c:auth" if extra else nonce
    response = md5(f"{md5(f'guard:{REALM}:{password}')}:{middle}:{md5('DESCRIBE:rtsp://camera/door')}")
    return (
        f'Digest username="guard", realm="{REALM}", nonce="{nonce}", uri="rtsp://camera/door", '
        f'response="{response}"{extra}'
    )


@pytest.mark.parametrize(
    ("authorization", "is_right"),
    [
        ("Basic " + base64.b64encode(b"guard:s3cret:").decode(), True),
        ("Basic " + base64.b64encode(b"guard:wrong").decode(), False),
        ("Basic not base64", False),
        (digest("s3cret:"), True),
        (digest("s3cret:", extra=', qop=auth, nc=00000001, cnonce="c"'), True),
        (digest("wrong"), False),
        (digest("s3cret:", nonce="older"), False),
        ("Digest", False),
        ("Bearer abc", False),
        ("", False),
    ],
)
def test_only_the_right_password_signs_in(authorization: str, is_right: bool) -> None:
    assert allows(signed(authorization), "guard", Secret("s3cret:"), "n1") is is_right
