"""A real server on a real port that does what a script says, or a function."""

from __future__ import annotations

import contextlib
import functools
import inspect
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from traceback import format_exception
from types import TracebackType
from typing import Any, Self

from sse_core import Event, IllegalState, InvalidArgument

from .._extras import require
from ._call import Call
from ._plan import Plan, behind, checked_history, checked_script, checked_steps, plan_of
from ._request_body import MalformedRequest
from ._requests import UnexpectedRequest, line_of
from ._script import History, Script, Steps
from ._serving import serve

Answer = Callable[[Call], Steps | None]

KEPT = 1000
"""How many requests are kept by a server that is not strict: nobody reads them, and it may run for days."""

LEAVING = 10.0
"""Seconds for functions to return, once their connections are cut."""


class SSEServer:
    """An HTTP server on a port of 127.0.0.1, as a context manager, for threads or for tasks.

    Each connection carries one request, which is answered in a thread of its own; then the connection
    is closed. Leaving the context stops the server: connections are cut, threads are joined, and the
    first error of a function, or a request too many, is raised. Until then that request and all later
    ones are answered with 410 and the error, so that no client retries for ever.

    Args:
        answer: a script, whose first connection answers the first request, and so on; or a function
            that is called with each `Call`, and answers it itself or returns the steps to take. Not
            given, each request gets what is new to it of the `history`, and 204 when nothing is.
        history: events, each with an ID, for steps that say `History`.
        context: TLS settings; given, the server speaks https.
        tls: whether to speak https with a certificate made for this; needs trustme.
        port: the port to listen on; 0 for any that is free.
        strict: whether the first error is kept for the end, as told above. If not, a request that
            fails is answered with 500 and the error, the next ones are answered as ever, and leaving
            raises nothing: for a server that people play with. Of its `calls`, the last 1000 are kept.

    Raises:
        OSError: when it is entered, if the port is taken.
        MalformedRequest: when it is left, if something came that is no request; quotes it.
        TimeoutError: when it is left, if a function goes on for ten seconds more; says which request.
        sse_core.InvalidArgument: a step that cannot be played; says which.
        ImportError: `tls` is asked for, and trustme is not installed.
        UnexpectedRequest: when it is left, if there were more requests than the script has
            connections.

    Attributes:
        calls: the requests it got, in order.
    """

    def __init__(
        self,
        answer: Script | Answer | None = None,
        *,
        history: Sequence[Event] = (),
        context: ssl.SSLContext | None = None,
        tls: bool = False,
        port: int = 0,
        strict: bool = True,
    ) -> None:
        if not 0 <= port <= 65535:
            raise InvalidArgument("port", f"expected a number from 0 to 65535, not {port!r}")
        self._history = checked_history(history)
        if answer is None:
            self._answer: Answer = self._what_is_new
        elif callable(answer):
            self._answer = answer
        else:
            self._answer = functools.partial(self._in_turn, checked_script(answer))
        self._context = context
        self._client_context: ssl.SSLContext | None = None
        if tls:
            if context is not None:
                raise InvalidArgument("tls", "given together with a context")
            from ._certificate import contexts

            self._context, self._client_context = contexts()
        self._listener: socket.socket | None = None
        self._asked_port = port
        self._port = 0
        self._strict = strict
        self._lock = threading.Lock()
        # Each with a second handle, because TLS takes the first one over.
        self._connections: dict[socket.socket, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        self._stopping = threading.Event()
        self.calls: list[Call] = []
        self._count = 0

    @property
    def url(self) -> str:
        """The address of the server, without a path and with its port.

        Raises:
            sse_core.IllegalState: the server was not entered yet.
        """
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port it listens on; when it is left, the one it listened on.

        Raises:
            sse_core.IllegalState: the server was not entered yet.
        """
        if not self._port:
            raise IllegalState("the server has no port yet; enter it first: with SSEServer(...) as server")
        return self._port

    @property
    def client_context(self) -> ssl.SSLContext | None:
        """TLS settings with which a client trusts a certificate that was made by `tls`; else None."""
        return self._client_context

    @property
    def open_connections(self) -> int:
        """How many connections the server has not closed yet."""
        with self._lock:
            return len(self._connections)

    def stop(self) -> None:
        """Cut all connections, and take no further ones. Any thread may call this."""
        with self._lock:
            self._stopping.set()
            for handle in self._connections.values():
                with contextlib.suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)
        # A listener does not wake from `accept` when it is closed, but when it is shut down.
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        if self._port:
            raise IllegalState("a server is entered once; make another SSEServer")
        # Not before: a server that is never entered is never left, and would leave its socket open.
        self._listener = socket.create_server(("127.0.0.1", self._asked_port), backlog=128)
        self._port = self._listener.getsockname()[1]
        accepting = threading.Thread(
            target=self._accept, args=(self._listener,), name="SSEServer", daemon=True
        )
        self._threads.append(accepting)
        accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._join()
        if self._listener is not None:
            self._listener.close()
        if self._error is None:
            return
        if error is None:
            raise self._error
        # What the client saw is often the consequence.
        error.add_note("the server had raised:\n" + "".join(format_exception(self._error)))

    def _join(self) -> None:
        deadline = time.monotonic() + LEAVING
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        blocked = ", ".join(thread.name for thread in self._threads if thread.is_alive())
        if blocked:
            self._fail(TimeoutError(f"not answered {LEAVING:g} seconds after the server stopped: {blocked}"))

    async def __aenter__(self) -> Self:
        # Leaving needs it: found out then, the server would go on.
        with require("async with SSEServer", "anyio", extra="asyncio"):
            import anyio.to_thread  # noqa: F401
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        import anyio.to_thread

        # A function of the user's may be waiting for the event loop, which so goes on.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.__exit__, kind, error, traceback)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
                self._take(connection)
            except (OSError, RuntimeError) as error:
                if self._stopping.is_set():
                    return
                # Out of descriptors or threads, say. Clients are waiting, who shall be told.
                self._fail(error)
                self._stopping.wait(0.01)

    def _take(self, connection: socket.socket) -> None:
        with self._lock, contextlib.ExitStack() as undo:
            undo.callback(connection.close)
            if self._stopping.is_set():
                return
            handle = connection.dup()
            undo.callback(handle.close)
            self._connections[connection] = handle
            undo.callback(self._connections.pop, connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)
            # It has begun, and cleans up itself.
            undo.pop_all()

    def _serve(self, connection: socket.socket) -> None:
        drop = functools.partial(self._drop, connection)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is None:
                self._call(connection, drop)
            else:
                with self._context.wrap_socket(connection, server_side=True) as encrypted:
                    self._call(encrypted, drop)
        except OSError:
            # The client went away, or the server stops: what a test may be about.
            pass
        except BaseException as error:  # noqa: BLE001  # raised in the thread that leaves the context
            self._fail(error)
        finally:
            self._drop(connection)
            connection.close()

    def _drop(self, connection: socket.socket) -> None:
        with self._lock:
            handle = self._connections.pop(connection, None)
            if handle is not None:
                handle.close()

    def _call(self, connection: socket.socket, drop: Callable[[], None]) -> None:
        call = Call(connection, drop)
        try:
            if not call.read_request():
                return
        except MalformedRequest as error:
            self._fail(error)
            serve(_refusal(error, 400), call)
            return
        with self._lock:
            call.number = self._count
            self._count += 1
            self.calls.append(call)
            if not self._strict:
                del self.calls[:-KEPT]
        # What a debugger shows too, and the error if it is never answered.
        threading.current_thread().name = f"request {call.number + 1}, {call.method} {call.path}"
        plan = self._plan(call)
        if plan is not None:
            serve(plan, call)

    def _plan(self, call: Call) -> Plan | None:
        if self._error is None:
            try:
                return self._asked(call)
            except BaseException as error:  # noqa: BLE001  # raised in the thread that leaves the context
                # That the client goes away is no error of the function; any other OSError is.
                if error is call.loss:
                    return None
                self._fail(error)
                if not self._strict:
                    return None if call.is_answered else _refusal(error, 500)
        return None if call.is_answered or self._error is None else _refusal(self._error)

    def _asked(self, call: Call) -> Plan | None:
        # Whatever a user's function returns.
        steps: Any = self._answer(call)
        if steps is None:
            return None
        if inspect.iscoroutine(steps):
            steps.close()
            raise InvalidArgument("answer", "an async function: it is called in a thread, and not awaited")
        checked_steps(steps, f"the answer to request {call.number + 1}")
        return plan_of(steps, call.last_event_id, self._history)

    def _fail(self, error: BaseException) -> None:
        if not self._strict:
            return
        with self._lock:
            # The others are often its consequence.
            self._error = self._error or error

    def _what_is_new(self, call: Call) -> Steps:
        return [History()] if behind(call.last_event_id, self._history) else [204]

    def _in_turn(self, script: Sequence[Steps], call: Call) -> Steps:
        if call.number < len(script):
            return script[call.number]
        asked = self.calls[: call.number + 1]
        lines = [line_of(each.method, each.path, each.last_event_id) for each in asked]
        raise UnexpectedRequest(len(script), lines)


def _refusal(error: BaseException, status: int = 410) -> Plan:
    text = "".join(format_exception(error)).encode("utf-8", "replace")
    # A client that retries the status would never end, and so never tell.
    return plan_of([status, {"Content-Type": "text/plain; charset=utf-8"}, text])
