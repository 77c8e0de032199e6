"""The port and the names of the page; the suites themselves are tried in tests/system."""

import socket
import ssl

import pytest

from watchkeep.domain.errors import Conflict, Unavailable
from watchkeep.runtime.config import Web
from watchkeep.runtime.units import ListenAddress
from watchkeep.runtime.web import address_of, certificate_names, is_answering, require_free, tls_context


def test_an_occupied_port_is_one_sentence_with_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Conflict, match=f"web.listen 127.0.0.1:{port} cannot be used"):
            require_free(ListenAddress(host="127.0.0.1", port=port), "web.listen")


def test_a_free_port_answers_nobody_yet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = ListenAddress(host="127.0.0.1", port=taken.getsockname()[1])
        assert is_answering(listen)

    require_free(listen, "web.listen")
    assert not is_answering(listen)


def test_a_context_with_other_suites_is_refused() -> None:
    # The tests' own OpenSSL has not read our file, so it would offer AES-128 too.
    with pytest.raises(Unavailable, match="not serving: TLS would offer"):
        tls_context(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))


def test_the_certificate_is_good_for_names_that_people_use() -> None:
    web = Web(listen=ListenAddress(host="192.0.2.7", port=8443), names=("recorder.local",))

    names = certificate_names(web)
    assert names[0] == "recorder.local"
    assert {"localhost", "127.0.0.1", "192.0.2.7"} <= set(names)
    assert "0.0.0.0" not in certificate_names(Web(listen=ListenAddress(host="0.0.0.0", port=1)))


@pytest.mark.parametrize(
    ("host", "names", "address"),
    [
        ("127.0.0.1", (), "https://localhost:8443/"),
        ("0.0.0.0", (), "https://localhost:8443/"),
        ("192.0.2.7", (), "https://192.0.2.7:8443/"),
        ("0.0.0.0", ("recorder.local",), "https://recorder.local:8443/"),
        ("2001:db8::7", (), "https://[2001:db8::7]:8443/"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, names: tuple[str, ...], address: str) -> None:
    assert address_of(Web(listen=ListenAddress(host=host, port=8443), names=names)) == address
