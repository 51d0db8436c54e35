"""A real server on a real port that plays a script, or calls a function for each request."""

from __future__ import annotations

import contextlib
import functools
import inspect
import select
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
from ._call import REQUEST_TIMEOUT, Call, encode_head
from ._plan import Plan, check_steps, checked_history, checked_script, events_after, make_plan
from ._play_on_socket import serve
from ._refusals import Refusals
from ._request_body import MalformedRequest
from ._requests import UnexpectedRequest, describe_request
from ._script import History, Script, Steps

Answer = Callable[[Call], Steps | None]

MAX_CALLS = 1000
"""How many requests a server that is not strict keeps in `calls`: it may run for days."""

MAX_KEPT = 64 * 2**20
"""How many bytes the bodies of these requests have together."""

MAX_CONNECTIONS = 500
"""How many connections are served at once. Each takes a thread, and two descriptors of often 1024."""

SHUTDOWN_TIMEOUT = 10.0
"""Seconds for functions to return after their connections were dropped."""


class SSEServer:
    """An HTTP server on a port of 127.0.0.1, as a context manager (`with` or `async with`).

    Each connection carries one request, which is answered in its own thread; then the connection is
    closed. The end of the context stops the server: it drops the connections, joins the threads, and
    raises the first error of a function, or `UnexpectedRequest`. After such an error, all requests are
    answered with status 410 and the error as text, so that no client retries forever.

    A client cannot occupy the server: a request that is not complete after 30 seconds is answered with
    status 408, one with a body of more than 16 MiB with 413, one with headers of more than 64 KiB with 431,
    and one on a connection beyond 500 that are open with 503.

    Args:
        answer: a script, whose first connection answers the first request, and so on; or a function,
            which is called with each `Call` and either answers it or returns the steps to play. Default:
            each request gets the events of `history` after its Last-Event-ID, and 204 if there are none.
        history: the events for `History` steps; each has an ID.
        context: TLS settings; if given, the server speaks https.
        tls: whether to speak https with a new certificate; needs trustme.
        port: the port to listen on; 0 for any free port.
        strict: whether the first error is raised at the end, as described above. If not, a request that
            fails is answered with status 500 and the error, later requests are answered as usual, and
            nothing is raised: for a demo server. Only the last 1000 of its `calls` are kept, and fewer if
            their bodies have more than 64 MiB together.

    Raises:
        OSError: at the start, if the port is in use.
        MalformedRequest: at the end, if a client sent something that is not a request, or is too large or
            too slow; quotes it.
        TimeoutError: at the end, if a function does not return within ten seconds; names its request.
        sse_core.InvalidArgument: a step cannot be played; the message names it.
        ImportError: `tls` is given, and trustme is not installed.
        UnexpectedRequest: at the end, if there were more requests than the script has connections.

    Attributes:
        calls: the requests received, in order.
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
            self._answer: Answer = self._unseen_history
        elif callable(answer):
            self._answer = answer
        else:
            self._answer = functools.partial(self._next_connection, checked_script(answer))
        self._context = context
        self._client_context: ssl.SSLContext | None = None
        if tls:
            if context is not None:
                raise InvalidArgument("tls", "cannot be given together with a context")
            from ._certificate import contexts

            self._context, self._client_context = contexts()
        self._listener: socket.socket | None = None
        self._requested_port = port
        self._port = 0
        self._strict = strict
        self._lock = threading.Lock()
        # Each open connection, with a duplicate of its descriptor. The duplicate can drop the connection also
        # after TLS has wrapped the original, which detaches it.
        self._connections: dict[socket.socket, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        # The first error, which is raised at the end.
        self._error: BaseException | None = None
        self._stopping = threading.Event()
        self.calls: list[Call] = []
        # Requests so far; `calls` may have fewer.
        self._count = 0

    @property
    def url(self) -> str:
        """The URL of the server, with scheme, host and port, without a path.

        Raises:
            sse_core.IllegalState: the server was not started yet.
        """
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """The port that the server listens on, or listened on.

        Raises:
            sse_core.IllegalState: the server was not started yet.
        """
        if not self._port:
            raise IllegalState("the server has no port yet; start it first: with SSEServer(...) as server")
        return self._port

    @property
    def client_context(self) -> ssl.SSLContext | None:
        """TLS settings of a client that trusts the certificate made for `tls=True`; otherwise None."""
        return self._client_context

    @property
    def open_connections(self) -> int:
        """The number of connections that the server has not closed yet."""
        with self._lock:
            return len(self._connections)

    def stop(self) -> None:
        """Drop all connections, and accept no more. Any thread may call this."""
        with self._lock:
            self._stopping.set()
            for handle in self._connections.values():
                with contextlib.suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)
        # Closing a listener does not wake a blocked `accept`, but shutting it down does.
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        if self._port:
            raise IllegalState("a server can be started only once; make another SSEServer")
        # Not in __init__: a server that is never started would leave its socket open.
        self._listener = socket.create_server(("127.0.0.1", self._requested_port), backlog=128)
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
        # Raise the error of the test, which is often a consequence, with a note about that of the server.
        error.add_note("the server raised:\n" + "".join(format_exception(self._error)))

    def _join(self) -> None:
        deadline = time.monotonic() + SHUTDOWN_TIMEOUT
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        blocked = ", ".join(thread.name for thread in self._threads if thread.is_alive())
        if blocked:
            message = f"still running {SHUTDOWN_TIMEOUT:g} seconds after the server stopped: {blocked}"
            self._keep_error(TimeoutError(message))

    async def __aenter__(self) -> Self:
        # __aexit__ needs anyio. If it is missing, raise before the server runs, because __aexit__ could not
        # stop it.
        with require("async with SSEServer", "anyio", extra="asyncio"):
            import anyio.to_thread  # noqa: F401
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        import anyio.to_thread

        # In a worker thread, because a function of the user may need the event loop before it can return.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.__exit__, kind, error, traceback)

    def _accept(self, listener: socket.socket) -> None:
        fields = [("Content-Type", "text/plain"), ("Retry-After", "1"), ("Connection", "close")]
        text = f"{MAX_CONNECTIONS} connections are open, and this server accepts no more at once\n"
        with Refusals(listener, encode_head(503, fields, "utf-8") + text.encode()) as refusals:
            while True:
                try:
                    refusals.wait()
                    connection, _ = listener.accept()
                    if self.open_connections < MAX_CONNECTIONS:
                        self._start_thread(connection)
                    elif self._context is None:
                        refusals.add(connection)
                    else:
                        # A response would need the TLS handshake.
                        connection.close()
                except (OSError, RuntimeError) as error:
                    if self._stopping.is_set():
                        return
                    # The process may be out of file descriptors or threads. Continue: clients are waiting.
                    self._keep_error(error)
                    self._stopping.wait(0.01)

    def _start_thread(self, connection: socket.socket) -> None:
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
            # From here on, the thread closes what it uses.
            undo.pop_all()

    def _serve(self, connection: socket.socket) -> None:
        drop = functools.partial(self._drop, connection)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is None:
                self._handle(connection, drop)
            else:
                connection.settimeout(REQUEST_TIMEOUT)
                with self._context.wrap_socket(connection, server_side=True) as encrypted:
                    self._handle(encrypted, drop)
                    _send_close_notify(encrypted)
        except OSError:
            # The client closed the connection, or the server stops. Neither is an error.
            pass
        except BaseException as error:  # noqa: BLE001  # raised at the end of the context
            self._keep_error(error)
        finally:
            self._drop(connection)
            connection.close()

    def _drop(self, connection: socket.socket) -> None:
        with self._lock:
            handle = self._connections.pop(connection, None)
            if handle is not None:
                handle.close()

    def _handle(self, connection: socket.socket, drop: Callable[[], None]) -> None:
        call = Call(connection, drop)
        try:
            if not call.read_request():
                return
        except MalformedRequest as error:
            self._keep_error(error)
            serve(_text_plan(error.status, f"{error}\n"), call)
            call.linger()
            return
        with self._lock:
            call.number = self._count
            self._count += 1
            self.calls.append(call)
            if not self._strict:
                self._forget_old_calls()
        # Shown in a debugger, and in the TimeoutError if the function does not return.
        threading.current_thread().name = f"request {call.number + 1}, {call.method} {call.path}"
        plan = self._plan_or_error(call)
        if plan is not None:
            serve(plan, call)

    def _forget_old_calls(self) -> None:
        del self.calls[:-MAX_CALLS]
        excess = sum(len(call.body) for call in self.calls) - MAX_KEPT
        while excess > 0 and len(self.calls) > 1:
            excess -= len(self.calls.pop(0).body)

    def _plan_or_error(self, call: Call) -> Plan | None:
        if self._error is None:
            try:
                return self._plan_for(call)
            except BaseException as error:  # noqa: BLE001  # raised at the end of the context
                # An OSError of the call means that the client is gone, which is not the function's fault.
                if error is call.loss:
                    return None
                self._keep_error(error)
                if not self._strict:
                    return None if call.is_answered else _error_plan(error, 500)
        return None if call.is_answered or self._error is None else _error_plan(self._error)

    def _plan_for(self, call: Call) -> Plan | None:
        # Any, because a user's function may return anything.
        steps: Any = self._answer(call)
        if steps is None:
            return None
        if inspect.iscoroutine(steps):
            steps.close()
            raise InvalidArgument(
                "answer", "expected a plain function, which is called in a thread, not an async one"
            )
        check_steps(steps, f"the answer to request {call.number + 1}")
        return make_plan(steps, call.last_event_id, self._history)

    def _keep_error(self, error: BaseException) -> None:
        if not self._strict:
            return
        with self._lock:
            # Only the first: the others are often its consequences.
            self._error = self._error or error

    def _unseen_history(self, call: Call) -> Steps:
        return [History()] if events_after(call.last_event_id, self._history) else [204]

    def _next_connection(self, script: Sequence[Steps], call: Call) -> Steps:
        if call.number < len(script):
            return script[call.number]
        calls = self.calls[: call.number + 1]
        lines = [describe_request(each.method, each.path, each.last_event_id) for each in calls]
        raise UnexpectedRequest(len(script), lines)


def _error_plan(error: BaseException, status: int = 410) -> Plan:
    """Return a response with the error as text.

    No client retries status 410, so the test ends and shows the error.
    """
    return _text_plan(status, "".join(format_exception(error)))


def _text_plan(status: int, text: str) -> Plan:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return make_plan([status, headers, text.encode("utf-8", "replace")])


def _send_close_notify(connection: ssl.SSLSocket) -> None:
    """Say that the response ends here.

    Without a close_notify, a client takes a body without a length or chunks as truncated (RFC 9112, 9.8).
    """
    # ValueError: the connection was closed already.
    with contextlib.suppress(OSError, ValueError):
        connection.setblocking(False)
        try:
            connection.unwrap()
        except ssl.SSLWantWriteError:
            # The client has not read everything yet.
            select.select([], [connection], [], SHUTDOWN_TIMEOUT)
            connection.unwrap()
