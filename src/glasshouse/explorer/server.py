"""The server of the explorer: on this machine alone, for its own page alone."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from glasshouse.errors import InputError
from glasshouse.explorer.content import page_files
from glasshouse.explorer.desk import Desk, First, Newest, first_scene
from glasshouse.explorer.protocol import LONGEST_QUESTION, Scene

HERE = "127.0.0.1"
"""The only address that is listened on."""

USUAL_PORT = 8471
"""The same each time, so that a page finds a server that was started again; else a free one."""

MOST_PAGES = 64
"""Pages that are answered at once; more are turned away."""

ALLOWED_CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Its own scripts, styles and pictures, and one socket to where it came from."""

SENT_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer."""

PageScope = MutableMapping[str, Any]
PageReceive = Callable[[], Awaitable[MutableMapping[str, Any]]]
PageSend = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class OwnPageOnly:
    """Turns away who names another host, and pages that came from elsewhere.

    A name that somebody else lets point to this machine is another host; a page from elsewhere says
    so in `Origin`, which a socket has to have.
    """

    def __init__(self, app: Any, port: int):
        self._app = app
        self._hosts = {f"{name}:{port}" for name in (HERE, "localhost")}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: PageScope, receive: PageReceive, send: PageSend) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        hosts, origins = (
            [value.decode("latin-1") for key, value in scope["headers"] if key == name]
            for name in (b"host", b"origin")
        )
        asks_for_socket = scope["type"] == "websocket"
        known = len(hosts) == 1 and hosts[0].lower() in self._hosts
        fits = all(origin.lower() in self._origins for origin in origins)
        if not known or not fits or (asks_for_socket and len(origins) != 1):
            if asks_for_socket:
                await send({"type": "websocket.close", "code": 1008, "reason": "not this page"})
                return
            response = Response("this is not the page of this server\n", 403, dict(SENT_ALWAYS))
            await response(scope, receive, send)
            return

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = {**SENT_ALWAYS, "Content-Security-Policy": ALLOWED_CONTENT}
                own = {name: text.format(host=hosts[0].lower()) for name, text in own.items()}
                pairs = [(k.lower().encode(), v.encode()) for k, v in own.items()]
                message = {**message, "headers": [*message.get("headers", []), *pairs]}
            await send(message)

        await self._app(scope, receive, with_headers)


class Visits:
    """The conversations with pages."""

    def __init__(self, desk: Desk, first: First):
        self._desk, self._first, self._open = desk, first, 0

    async def attend(self, page: WebSocket) -> None:
        """One page, until it leaves."""
        await page.accept()
        if self._open >= MOST_PAGES:
            await page.close(1013, f"{MOST_PAGES} pages are open already: close some")
            return
        self._open += 1
        newest = Newest()
        tasks = [
            asyncio.ensure_future(x) for x in (self._read(page, newest), self._say(page, newest))
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._open -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, page: WebSocket, newest: Newest) -> None:
        while True:
            message = await page.receive()
            if message["type"] == "websocket.disconnect":
                return
            text, data = message.get("text"), message.get("bytes")
            newest.put(data or b"" if text is None else text)

    async def _say(self, page: WebSocket, newest: Newest) -> None:
        """A page that does not read holds up itself alone: one answer of its is under way."""
        try:
            await self._desk.converse(self._first, newest, page.send_bytes)
        except (WebSocketDisconnect, RuntimeError, OSError):  # it has left
            return


def application(
    first: First, port: int, desk: Desk | None = None, words: Path | None = None
) -> OwnPageOnly:
    """The server as an ASGI application, for the page at this port; `words` are translations."""
    visits = Visits(Desk() if desk is None else desk, first)

    def route(path: str, content: bytes, kind: str) -> Route:
        async def give(request: Any) -> Response:
            return Response(content, media_type=kind)

        return Route(path, give, methods=["GET"])

    routes: list[Any] = [route(path, *file) for path, file in page_files(words).items()]
    routes.append(WebSocketRoute("/socket", visits.attend))
    return OwnPageOnly(Starlette(routes=routes), port)


def listening(port: int | None) -> socket.socket:
    """A socket on this machine: at this port, or at the usual one, or where one is free.

    **Raises:** `InputError` where the port that was asked for is taken.
    """
    for tried in (USUAL_PORT, 0) if port is None else (port,):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HERE, tried))
        except OSError as error:
            found.close()
            if tried and port is not None:
                raise InputError(
                    f"--port {port} cannot be listened on ({error.strerror}): leave it out for "
                    "one that is free"
                ) from error
            continue
        return found
    raise InputError("no port of this machine can be listened on")


class Running:
    """A server in a thread of its own; the process ends when it likes, and it with it.

    **Arguments:** `scene`, the first one, or what makes it: the page is there before; `words`, a
    folder with translations.
    """

    def __init__(self, scene: Scene | First, port: int | None = None, words: Path | None = None):
        self._socket = listening(port)
        self._socket.listen()  # from now on who comes waits, and is not turned away
        self.port: int = self._socket.getsockname()[1]
        self.desk = Desk()
        config = uvicorn.Config(
            application(first_scene(scene), self.port, self.desk, words),
            http="h11",
            loop="asyncio",
            ws="websockets-sansio",
            ws_max_size=LONGEST_QUESTION,
            ws_per_message_deflate=False,  # it is this machine
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            limit_concurrency=4 * MOST_PAGES,
            h11_max_incomplete_event_size=16 * 1024,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"http://{HERE}:{self.port}/"

    def wait(self) -> None:
        """Until it ends by itself, which it does not."""
        self._thread.join()

    def stop(self) -> None:
        """End it and every conversation."""
        self.desk.close()
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()
