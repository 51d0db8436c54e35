"""Chromium, driven over WebDriver. It sends no requests of its own and ends with the tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.common.proxy import Proxy
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.webdriver import WebDriver
from urllib3.exceptions import HTTPError

from tests.sse_transports.waiting import DEADLINE, eventually

FLAGS = (
    "--headless",
    # The sandbox refuses to run as root and in most containers.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # The browser ends when this pipe is closed, so together with the driver.
    "--remote-debugging-pipe",
    # The servers of the tests are on this machine: ignore proxy settings of the environment.
    "--no-proxy-server",
    "--disable-quic",
    # No requests of its own.
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
COMMAND_TIMEOUT = 60
"""Seconds for any command, including scripts that wait for many streams."""


@contextmanager
def chromium(*, log_network: bool = False) -> Iterator[WebDriver]:
    """Start Chromium with a profile of its own, and end it.

    Args:
        log_network: whether to log the network events of the developer tools, for `dispatched.py`.
    """
    # A killed browser may still be writing files while the folder is removed.
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with _chromedriver(folder) as address:
            driver = _session(address, folder / "profile", log_network=log_network)
            try:
                yield driver
            finally:
                _quit(driver)


@contextmanager
def new_tab(driver: WebDriver) -> Iterator[WebDriver]:
    """Open a new tab; at the end, close it with all its connections and delete its cookies."""
    first_tab = driver.current_window_handle
    driver.switch_to.new_window("tab")
    try:
        yield driver
    finally:
        driver.delete_all_cookies()
        driver.close()
        driver.switch_to.window(first_tab)


def _session(address: str, profile: Path, *, log_network: bool) -> WebDriver:
    options = Options()
    if log_network:
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.binary_location = _program("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    direct = Proxy({"proxyType": "direct"})
    settings = ClientConfig(remote_server_addr=address, proxy=direct, timeout=COMMAND_TIMEOUT)
    driver = WebDriver(command_executor=address, options=options, client_config=settings)
    driver.set_script_timeout(COMMAND_TIMEOUT)
    return driver


def _quit(driver: WebDriver) -> None:
    try:
        driver.quit()
    except (WebDriverException, HTTPError):
        # It does not respond; its processes are killed in any case.
        driver.command_executor.close()  # type: ignore[union-attr]


@contextmanager
def _chromedriver(folder: Path) -> Iterator[str]:
    """Run the driver on a free port, in a process group of its own that includes the browser."""
    command = [*_kill_with_parent(), _program("chromedriver"), "--port=0"]
    # Crash reports go to the user's configuration and other files to /tmp, whatever the profile is.
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), "TMPDIR": str(folder)}
    output = folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=environment,
            start_new_session=True,
        )

    def port() -> str | None:
        log = output.read_text(errors="replace")
        assert process.poll() is None, f"chromedriver has ended: {log}"
        found = re.search(r"started successfully on port (\d+)", log)
        return found[1] if found else None

    try:
        eventually(lambda: port() is not None, "chromedriver listens")
        yield f"http://127.0.0.1:{port()}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(DEADLINE)


def _kill_with_parent() -> list[str]:
    """Return a command prefix that makes the system kill a program when its parent process dies."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _program(name: str) -> str:
    program = shutil.which(name)
    assert program is not None, (
        f"{name} is not installed: `make chromium` installs it (Debian: chromium-driver)"
    )
    return program
