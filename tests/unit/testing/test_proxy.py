"""The proxy on real sockets: what each fault does to a client and to what it talks to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from overgrow.testing.proxy import LOOPBACK, Proxy

SILENT = 0.2  # seconds in which an answer would have come many times over
PATIENT = 10.0


class Echo:
    """A server that answers in capitals and keeps what it heard."""

    def __init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard = bytearray()
        self.ended: list[str] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def until(self, heard: bytes) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: bytes(self.heard) == heard, PATIENT), self.heard

    def until_ended(self, how: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: how in self.ended, PATIENT), self.ended

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # an accept that waits would take one more
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                theirs, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[theirs], daemon=True).start()

    def _answer(self, theirs: socket.socket) -> None:
        with theirs:
            try:
                while piece := theirs.recv(65536):
                    with self._changed:
                        self.heard += piece
                        self._changed.notify_all()
                    theirs.sendall(piece.upper())
                how = "eof"
            except ConnectionResetError:
                how = "reset"
        with self._changed:
            self.ended.append(how)
            self._changed.notify_all()


@pytest.fixture
def echo() -> Iterator[Echo]:
    with closing(Echo()) as server:
        yield server


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(LOOPBACK, echo.port, seed=1) as one:
        yield one


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with closing(connect(proxy)) as one:
        assert ask(one, b"hello") == b"HELLO"
        yield one


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), timeout=PATIENT)


def ask(client: socket.socket, what: bytes) -> bytes:
    client.sendall(what)
    answer = b""
    while len(answer) < len(what):
        piece = client.recv(65536)
        assert piece, "the connection has ended"
        answer += piece
    return answer


def test_what_passes_is_unchanged_and_an_end_is_an_end(client: socket.socket, echo: Echo) -> None:
    text = bytes(range(97, 123)) * 40_000
    sender = threading.Thread(target=client.sendall, args=[text])
    sender.start()
    answer = b""
    while len(answer) < len(text):
        answer += client.recv(1 << 20)
    sender.join()
    assert answer == text.upper()
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    echo.until_ended("eof")


def test_reset_ends_what_is_open_and_serves_what_comes(client: socket.socket, proxy: Proxy, echo: Echo) -> None:
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    echo.until_ended("reset")
    assert proxy.open == 0
    with closing(connect(proxy)) as second:
        assert ask(second, b"again") == b"AGAIN"


def test_refuse_until_it_is_healed(client: socket.socket, proxy: Proxy) -> None:
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.heal()
    with closing(connect(proxy)) as second:
        assert ask(second, b"again") == b"AGAIN"


def test_half_open_down_is_heard_and_not_answered(client: socket.socket, proxy: Proxy, echo: Echo) -> None:
    proxy.half_open("down")
    client.sendall(b"commit")
    echo.until(b"hellocommit")
    client.settimeout(SILENT)
    with pytest.raises(TimeoutError):
        client.recv(1)
    proxy.heal()
    client.settimeout(PATIENT)
    with pytest.raises(ConnectionResetError):  # never an answer with a hole in it
        client.recv(1)


def test_half_open_up_says_nothing(client: socket.socket, proxy: Proxy, echo: Echo) -> None:
    proxy.half_open("up")
    client.sendall(b"lost")
    client.settimeout(SILENT)
    with pytest.raises(TimeoutError):
        client.recv(1)
    assert bytes(echo.heard) == b"hello"


def test_a_black_hole_accepts_and_hides_that_a_client_has_gone(client: socket.socket, proxy: Proxy, echo: Echo) -> None:
    proxy.black_hole()
    client.sendall(b"lost")
    with closing(connect(proxy)) as second:
        second.sendall(b"lost as well")
        second.settimeout(SILENT)
        with pytest.raises(TimeoutError):
            second.recv(1)
    client.close()
    assert (bytes(echo.heard), echo.ended) == (b"hello", [])
    proxy.heal()
    echo.until_ended("reset")
    with closing(connect(proxy)) as third:
        assert ask(third, b"again") == b"AGAIN"


def test_a_connection_that_lost_nothing_survives_a_hole(client: socket.socket, proxy: Proxy) -> None:
    proxy.black_hole()
    proxy.heal()
    assert ask(client, b"still here") == b"STILL HERE"


def test_latency_and_throttle_lose_nothing(client: socket.socket, proxy: Proxy) -> None:
    proxy.latency(0.01)
    assert ask(client, b"late") == b"LATE"
    proxy.slow(200_000)
    assert ask(client, b"slow" * 5_000) == b"SLOW" * 5_000


def test_an_upstream_that_is_away_is_a_reset() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))  # and does not listen: nobody else can, not even the proxy
        away = Proxy(LOOPBACK, taken.getsockname()[1])
        with away as proxy, closing(connect(proxy)) as client, pytest.raises(ConnectionResetError):
            client.recv(1)
