"""Signatures against the worked examples of the RFCs, and what is chosen of several offers."""

import base64

import pytest

from builders import CountingRng
from watchkeep.domain.camera import Secret
from watchkeep.sources.rtsp.sign_in import SignIn


class FixedRng:
    """Gives the client nonce of RFC 7616 section 3.9.1, or as near as hex can."""

    def token(self, size_bytes: int) -> bytes:
        return bytes(range(size_bytes))


def signed(*challenges: str, user: str = "Mufasa", password: str = "Circle Of Life") -> str:
    sign_in = SignIn(user, Secret(password), rng=FixedRng())
    assert sign_in.learn(challenges)
    return sign_in.header("GET", "/dir/index.html")["Authorization"]


def test_digest_without_qop_is_that_of_rfc_2069_as_most_cameras_want_it() -> None:
    # RFC 2617 section 3.5's example without its qop: MD5(HA1:nonce:HA2), worked by hand with md5sum.
    header = signed('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')

    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in header
    assert "qop" not in header


def test_digest_with_qop_counts_its_requests() -> None:
    sign_in = SignIn("Mufasa", Secret("Circle of Life"), rng=FixedRng())
    sign_in.learn(['Digest realm="r", nonce="n", qop="auth-int,auth", algorithm=SHA-256, opaque="o\\"p"'])

    first, second = (sign_in.header("PLAY", "rtsp://x")["Authorization"] for _ in range(2))

    assert "nc=00000001" in first
    assert "nc=00000002" in second
    assert 'opaque="o\\"p"' in first
    assert "algorithm=SHA-256" in first
    assert "qop=auth," in first


def test_the_strongest_offer_is_taken_and_an_unknown_one_passed_over() -> None:
    offers = [
        'Basic realm="r"',
        'Digest realm="r", nonce="a"',
        'Digest realm="r", nonce="b", algorithm=SHA-256',
    ]

    assert 'nonce="b"' in signed(*offers)
    assert 'nonce="a"' in signed('Digest realm="r", nonce="z", algorithm=SHA-512-256', *offers[:2])


def test_basic_is_taken_when_nothing_better_is_offered() -> None:
    header = signed('Basic realm="r"', user="ada", password="p@:/ #?")

    assert base64.b64decode(header.removeprefix("Basic ")) == b"ada:p@:/ #?"


def test_an_offer_that_nobody_knows_signs_nothing() -> None:
    sign_in = SignIn("ada", Secret("x"), rng=CountingRng())

    assert not sign_in.learn(["Negotiate", 'Digest realm="r", nonce="n", algorithm=TOKEN'])
    assert sign_in.header("PLAY", "rtsp://x") == {}


@pytest.mark.parametrize(
    ("text", "is_stale"), [("stale=TRUE", True), ('stale="true"', True), ("stale=false", False)]
)
def test_a_stale_nonce_is_told_from_a_wrong_password(text: str, is_stale: bool) -> None:
    sign_in = SignIn("ada", Secret("x"), rng=CountingRng())
    sign_in.learn([f'Digest realm="r", nonce="n", {text}'])

    assert sign_in.is_stale is is_stale
