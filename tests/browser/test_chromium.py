"""The browser of these tests: each test has a new tab, and no process is left at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.webdriver import WebDriver
from urllib3.exceptions import HTTPError

from sse_transports.testing import Call, SSEServer
from tests.browser.chromium import chromium, new_tab
from tests.sse_transports.waiting import eventually

ROOT = Path(__file__).parents[2]

RUN_UNTIL_KILLED = """
from tests.browser.chromium import chromium
with chromium() as driver:
    print(driver.capabilities["chrome"]["userDataDir"], flush=True)
    input()
"""


def processes_with(profile: str) -> list[int]:
    """Return the living processes of the browser with this profile."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        # A zombie process has no arguments.
        if f"--user-data-dir={profile}" in arguments:
            found.append(int(folder.name))
    return found


def profile_of(driver: WebDriver) -> str:
    return str(driver.capabilities["chrome"]["userDataDir"])


def page(call: Call) -> None:
    head = [("Content-Type", "text/html"), ("Set-Cookie", "a=b")]
    call.respond(200, head, f"<!doctype html><title>{call.path}</title>".encode())


def test_tab_and_cookies_are_removed_after_a_test(chromium_session: WebDriver) -> None:
    tabs = chromium_session.window_handles
    with SSEServer(page) as server:
        for path in ("/one", "/two"):
            with new_tab(chromium_session) as browser:
                assert browser.current_url == "about:blank"
                browser.get(server.url + path)
                assert browser.title == path
                assert browser.execute_script("return document.cookie") == "a=b"
            assert chromium_session.window_handles == tabs
    assert [call.headers.get("cookie") for call in server.calls if call.path == "/two"] == [None]


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    with SSEServer(page) as server, chromium() as driver:
        driver.get(f"{server.url}/here")
        assert driver.title == "/here"


def test_no_process_is_left_when_a_test_fails() -> None:
    profiles = []

    def fail() -> None:
        with chromium() as driver:
            profiles.append(profile_of(driver))
            assert processes_with(profiles[0])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    eventually(lambda: not processes_with(profiles[0]), "Chromium ends")


def test_no_process_is_left_when_the_browser_is_killed() -> None:
    with chromium() as driver:
        profile = profile_of(driver)
        for process in processes_with(profile):
            # The others end with the first one, which may be faster than this loop.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with pytest.raises((WebDriverException, HTTPError)):
            driver.get("about:blank")
    eventually(lambda: not processes_with(profile), "Chromium ends")


def test_no_process_is_left_when_the_tests_are_killed() -> None:
    command = [sys.executable, "-c", RUN_UNTIL_KILLED]
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "TMPDIR": folder}
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as tests:
            assert tests.stdout is not None
            profile = tests.stdout.readline().decode().strip()
            assert processes_with(profile)
            tests.kill()
        eventually(lambda: not processes_with(profile), "Chromium ends")
