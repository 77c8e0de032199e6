"""What a person types for an address."""

import pytest

from watchkeep.domain.errors import Invalid
from watchkeep.sources.address import checked_address, place_of, with_credentials


def test_user_and_password_are_kept_apart_from_the_address() -> None:
    address = checked_address("rtsp://ada:p%40ss%2Fword@192.168.1.20:8554/stream1?channel=2")

    assert address.url == "rtsp://192.168.1.20:8554/stream1?channel=2"
    assert address.user == "ada"
    assert address.password.reveal() == "p@ss/word"
    assert "p@ss" not in repr(address)


def test_an_at_sign_in_a_password_does_not_end_it() -> None:
    address = checked_address("rtsp://ada:p@ss@192.168.1.20/")

    assert (address.url, address.password.reveal()) == ("rtsp://192.168.1.20/", "p@ss")


def test_credentials_go_back_encoded_for_the_socket_alone() -> None:
    address = checked_address("rtsp://ada:%23%3A%40%2F@camera.example/live")

    assert with_credentials(address) == "rtsp://ada:%23%3A%40%2F@camera.example/live"
    assert place_of(address) == "camera.example"


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://192.168.1.20/",
        "rtsps://camera.example:322/a/b",
        "rtsp://[fd00::20]:554/live",
        "rtsp://10.0.0.4",
        "http://192.168.1.20/live.ts",
        "https://camera.example:8443/video?channel=2",
        "file:///var/lib/clips/one%20two.mp4",
    ],
)
def test_plain_addresses_are_taken_as_they_are(text: str) -> None:
    assert checked_address(text).url == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must begin with rtsp://"),
        ("ftp://192.168.1.20/", "must begin with rtsp://"),
        ("concat:/etc/passwd", "must begin with rtsp://"),
        ("rtsp://", "names no host"),
        ("rtsp:///path", "names no host"),
        ("rtsp://192.168.1.20:99999/", "cannot be read"),
        ("rtsp://192.168.1.20:0/", "port 0"),
        ("rtsp://192.168.1.20:port/", "cannot be read"),
        ("rtsp://[::1/", "cannot be read"),
        ("rtsp://ada:pa#ss@192.168.1.20/", "%23"),
        ("rtsp://192.168.1.20/a b", "blanks"),
        ("rtsp://192.168.1.20/a\r\nTeardown", "blanks"),
        ("rtsp://192.168.1.20/" + "a" * 3000, "too long"),
        ("rtsp://a%0d%0ab:x@192.168.1.20/", "control characters"),
        ("rtsp://127.0.0.1/", "leads to this machine"),
        ("http://127.0.0.1/", "leads to this machine"),
        ("http://169.254.169.254/latest", "own link"),
        ("rtsp://127.1.2.3:8554/", "leads to this machine"),
        ("rtsp://[::1]/", "leads to this machine"),
        ("rtsp://[::ffff:127.0.0.1]/", "leads to this machine"),
        ("rtsp://0.0.0.0/", "leads to this machine"),
        ("rtsp://169.254.169.254/", "own link"),
        ("rtsp://[fe80::1]/", "own link"),
        ("rtsp://localhost/", "leads to this machine"),
        ("rtsp://LOCALHOST./", "leads to this machine"),
        ("rtsp://a.localhost/", "leads to this machine"),
        ("rtsp://127.1/", "four numbers"),
        ("rtsp://2130706433/", "four numbers"),
        ("rtsp://0x7f.0.0.1/", "four numbers"),
        ("rtsp://017700000001/", "four numbers"),
        ("file://clip.mp4", "three slashes"),
        ("file:///a/../etc/shadow", "ordinary file"),
        ("file:///dev/video0", "ordinary file"),
        ("file:///%2e%2e/etc/shadow", "ordinary file"),
    ],
)
def test_other_addresses_are_refused_with_the_cure(text: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        checked_address(text, allow_loopback_ports={18554})

    assert "pa#ss" not in str(refused.value) + str(refused.value.fields)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_simulator_may_be_on_this_machine(host: str) -> None:
    url = f"rtsp://{host}:18554/door"

    assert checked_address(url, allow_loopback_ports={18554}).url == url
