"""nginx as a reverse proxy: plain HTTP/1.1, and TLS with HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trustme

from tests.real_servers.ports import port
from tests.sse_transports.waiting import DEADLINE, eventually

SETTINGS = """
{user}
daemon off;
pid nginx.pid;
error_log error.log;
# After a reload, the old workers end their streams.
worker_shutdown_timeout 50ms;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{plain} reuseport;
        listen 127.0.0.1:{tls} ssl http2 reuseport;
        ssl_certificate certificate.pem;
        ssl_certificate_key key.pem;
        add_header X-Protocol $server_protocol always;
        add_header X-Connection $connection always;
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
        # nginx's defaults: HTTP/1.0 to the upstream, and buffers, unless the response turns them off.
        location /buffered/ {{
            proxy_pass http://127.0.0.1:{upstream}/;
        }}
    }}
}}
"""


class Nginx:
    """A running nginx.

    Attributes:
        url: its URL for HTTP/1.1. Below `/buffered`, nginx buffers the responses.
        tls_url: its URL for TLS, with HTTP/2 for clients that ask for it.
    """

    def __init__(
        self, folder: Path, plain: int, tls: int, upstream: int, certificate: trustme.LeafCert
    ) -> None:
        self.url = f"http://127.0.0.1:{plain}"
        self.tls_url = f"https://127.0.0.1:{tls}"
        self._ports = (plain, tls)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        settings = SETTINGS.format(user=_user(), plain=plain, tls=tls, upstream=upstream)
        (folder / "nginx.conf").write_text(settings)
        (folder / "key.pem").write_bytes(certificate.private_key_pem.bytes())
        (folder / "certificate.pem").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))

    def start(self) -> None:
        """Return when it accepts connections."""
        command = [
            _program(),
            "-p",
            str(self._folder),
            "-c",
            "nginx.conf",
            "-e",
            str(self._folder / "error.log"),
        ]
        with (self._folder / "output").open("ab") as output:
            # In a new process group, so that its workers can be killed with it.
            self._process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        eventually(self._is_ready, "nginx is ready")

    def reload(self) -> None:
        """Reload the settings: new workers start, and the old ones finish."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop its processes for a while: the kernel accepts connections, and there are no responses."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it cleanly, if it runs."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it and its workers."""
        self._end(signal.SIGKILL)
        # A worker may live a moment longer than its master, and accept connections without responding.
        eventually(lambda: not any(map(_is_listening, self._ports)), "all workers of nginx have ended")

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, number)
            process.wait(DEADLINE)

    def _is_ready(self) -> bool:
        assert self._process is not None
        log = self._folder / "error.log"
        assert self._process.poll() is None, f"nginx has ended: {log.read_text()}"
        return all(map(_is_listening, self._ports))


def _is_listening(number: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", number), DEADLINE).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        # nginx is ending right now: the next check will find it gone.
        return True
    return True


def _program() -> str:
    # Debian installs it in /usr/sbin, which is only in an administrator's PATH.
    path = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin"
    program = shutil.which("nginx", path=path)
    assert program is not None, "nginx is not installed: these tests need it (Debian: nginx-light)"
    return program


def _user() -> str:
    """Return the setting that keeps nginx, if started by root, from changing its user."""
    if os.geteuid() != 0:
        return ""
    # Another user could not read a folder that pytest makes.
    return f"user {pwd.getpwuid(0).pw_name} {grp.getgrgid(os.getegid()).gr_name};"


@contextmanager
def nginx_proxy(upstream: int, folder: Path, authority: trustme.CA) -> Iterator[Nginx]:
    """Run nginx in front of the server on port `upstream`, with all its files in `folder`."""
    with ExitStack() as stack:
        plain, tls = stack.enter_context(port()), stack.enter_context(port())
        nginx = Nginx(folder, plain, tls, upstream, authority.issue_cert("127.0.0.1"))
        stack.callback(nginx.stop)
        nginx.start()
        yield nginx
