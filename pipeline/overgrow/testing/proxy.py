"""A TCP proxy that misbehaves on demand: between a worker and its target, its source, Kafka Connect.

Guarantees: what passes is passed in order and unchanged; a connection of which bytes were held back is reset when the
fault ends, as a real peer would find it, never resumed with a hole; the same seed gives the same delays. It listens on
loopback in a thread of its own. Kafka is no use behind it: a broker tells its clients where to find it, past the proxy.
For tests; the product never imports it.

    refuse       nobody listens, open connections are reset
    reset        every open connection is reset now; new ones are served
    half_open    one direction is taken and never passed on ("up": what the client says, "down": what it is answered)
    black_hole   both directions; connections are accepted and hear nothing
    latency      each piece waits, in both directions, up to twice the seconds given
    slow         so many bytes a second, in each direction of each connection
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

LOOPBACK = "127.0.0.1"
PIECE = 16 * 1024
ANSWER_SECONDS = 10.0
LINGER_0 = struct.pack("ii", 1, 0)  # close() sends RST

Direction = Literal["up", "down"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How bytes travel. `held`: directions in which none arrives."""

    held: frozenset[Direction] = frozenset()
    latency: float = 0.0
    bytes_per_second: float = 0.0


FAIR = Weather()


class Proxy:
    """Used as a context; its methods may be called from any thread and have taken effect when they return."""

    def __init__(self, host: str, port: int, *, seed: int = 0) -> None:
        """`host`, `port`: where connections go."""
        self._upstream = (host, port)
        self._random = random.Random(seed)  # noqa: S311 - the same delays every time
        self._weather = FAIR
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_SECONDS)
        self._loop.close()

    @property
    def open(self) -> int:
        """How many connections it carries."""
        return len(self._links)

    def heal(self) -> None:
        """Serve as if nothing had been; what was held back is lost with its connections."""
        self._call(self._change(FAIR))

    def reset(self) -> None:
        """Reset every open connection."""
        self._call(self._reset(lambda _: True))

    def refuse(self) -> None:
        """Listen no more, and reset what is open, until `heal`."""
        self._call(self._refuse())

    def half_open(self, direction: Direction) -> None:
        """Swallow one direction until `heal`."""
        self._call(self._change(Weather(held=frozenset({direction}))))

    def black_hole(self) -> None:
        """Swallow both directions until `heal`."""
        self._call(self._change(Weather(held=frozenset({"up", "down"}))))

    def latency(self, seconds: float) -> None:
        """Delay each piece by a random time of `seconds` on average."""
        self._call(self._change(Weather(latency=seconds)))

    def slow(self, bytes_per_second: float) -> None:
        """Throttle."""
        self._call(self._change(Weather(bytes_per_second=bytes_per_second)))

    def _call(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(ANSWER_SECONDS)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _change(self, weather: Weather) -> None:
        self._weather = weather
        await self._listen()
        if not weather.held:
            await self._reset(lambda link: bool(link.holed))

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset(lambda _: True)

    async def _reset(self, which: Callable[[_Link], bool]) -> None:
        for link in [one for one in self._links if which(one)]:
            link.reset()
            self._links.discard(link)

    async def _close(self) -> None:
        await self._refuse()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=ANSWER_SECONDS / 2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_connection(*self._upstream)
        except OSError:
            _abort(writer)
            return
        link = _Link(writer, upstream[1])
        self._links.add(link)
        link.pumps = asyncio.gather(
            self._pump(link, "up", reader, upstream[1]), self._pump(link, "down", upstream[0], writer)
        )
        await asyncio.wait({link.pumps})
        await link.gone()
        if link.pumps.cancelled() or link.pumps.exception():
            link.reset()
        self._links.discard(link)
        link.close()

    async def _pump(
        self, link: _Link, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while piece := await reader.read(PIECE):
            weather = self._weather
            if weather.latency:
                await asyncio.sleep(self._random.uniform(0, 2 * weather.latency))
            if weather.bytes_per_second:
                await asyncio.sleep(len(piece) / weather.bytes_per_second)
            if direction in link.holed or direction in self._weather.held:
                link.holed.add(direction)  # what follows a swallowed piece must not arrive either
                continue
            writer.write(piece)
            await writer.drain()
        if direction not in link.holed and direction not in self._weather.held:
            writer.write_eof()


class _Link:
    """One connection's two ends. `holed`: the directions in which bytes were swallowed."""

    def __init__(self, client: asyncio.StreamWriter, upstream: asyncio.StreamWriter) -> None:
        self._ends = (client, upstream)
        self._released = asyncio.Event()
        self.pumps: asyncio.Future[Any] | None = None
        self.holed: set[Direction] = set()

    async def gone(self) -> None:
        """Return when one end may learn that the other has gone: not through a hole."""
        if self.holed:
            await self._released.wait()

    def reset(self) -> None:
        self._released.set()
        if self.pumps is not None:
            self.pumps.cancel()
        for end in self._ends:
            _abort(end)

    def close(self) -> None:
        for end in self._ends:
            end.close()


def _abort(writer: asyncio.StreamWriter) -> None:
    theirs: socket.socket | None = writer.get_extra_info("socket")
    if theirs is not None and theirs.fileno() >= 0:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    writer.transport.abort()
