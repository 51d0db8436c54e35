"""Chromium, driven over WebDriver: it starts quietly, and never outlives who started it."""

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
    # Its sandbox refuses to run for an administrator, and in most containers.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    # It ends when this pipe does, so with the driver.
    "--remote-debugging-pipe",
    # The servers of the tests are on this machine, whatever the environment says.
    "--no-proxy-server",
    "--disable-quic",
    # It asks nobody anything by itself.
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60
"""Seconds in which any command is answered, also that of a script that waits for many streams."""


@contextmanager
def chromium(*, watched: bool = False) -> Iterator[WebDriver]:
    """Start Chromium with a profile of its own, and end it.

    Args:
        watched: whether it keeps what its developer tools see, for `dispatched.py`.
    """
    # What a browser that is killed was still writing, may be in the way.
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with _chromedriver(folder) as address:
            driver = _session(address, folder / "profile", watched=watched)
            try:
                yield driver
            finally:
                _leave(driver)


@contextmanager
def page_of_its_own(driver: WebDriver) -> Iterator[WebDriver]:
    """Open a new tab, and close it with all its connections; its cookies go with it."""
    nobodys = driver.current_window_handle
    driver.switch_to.new_window("tab")
    try:
        yield driver
    finally:
        driver.delete_all_cookies()
        driver.close()
        driver.switch_to.window(nobodys)


def _session(address: str, profile: Path, *, watched: bool) -> WebDriver:
    options = Options()
    if watched:
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    options.binary_location = _program("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    direct = Proxy({"proxyType": "direct"})
    settings = ClientConfig(remote_server_addr=address, proxy=direct, timeout=PATIENCE)
    driver = WebDriver(command_executor=address, options=options, client_config=settings)
    driver.set_script_timeout(PATIENCE)
    return driver


def _leave(driver: WebDriver) -> None:
    try:
        driver.quit()
    except (WebDriverException, HTTPError):
        # It does not answer any more; its processes are ended in any case.
        driver.command_executor.close()  # type: ignore[union-attr]


@contextmanager
def _chromedriver(folder: Path) -> Iterator[str]:
    """Run the driver on a free port, in a process group that the browser will be in too."""
    command = [*_ending_with_us(), _program("chromedriver"), "--port=0"]
    # Whatever the profile is, notes on crashes are kept among the user's settings, and more in /tmp.
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
        said = output.read_text(errors="replace")
        assert process.poll() is None, f"chromedriver has ended: {said}"
        found = re.search(r"started successfully on port (\d+)", said)
        return found[1] if found else None

    try:
        eventually(lambda: port() is not None, "chromedriver listens")
        yield f"http://127.0.0.1:{port()}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(DEADLINE)


def _ending_with_us() -> list[str]:
    """Return what makes the system kill a program when the process that started it is gone, killed itself."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _program(name: str) -> str:
    program = shutil.which(name)
    assert program is not None, (
        f"{name} is not installed: `make chromium` installs it (Debian: chromium-driver)"
    )
    return program
