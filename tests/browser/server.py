"""Start a real GenLab server and open pages in a real Chromium: for tests and benchmarks."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
# WebGL on machines without a GPU; and no calls home from the browser itself
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Streamlit asks for its health route relative to a deep link first, and forgets a page's pictures
# when a visitor leaves it, even those that the browser has not fetched yet; both log a 404
HARMLESS = re.compile(r"/_stcore/(health|host-config)|/media/[0-9a-f]+\.(png|jpg)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def home_of(home: Path):
    """New runs and jobs of this process go to a server's home meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_HOME", str(home))
        yield


@contextmanager
def running_server(home: Path, log: Path, **environment: str):
    """A fresh GenLab server with its own GENLAB_HOME; yields its base URL."""
    port = free_port()
    env = os.environ | {"GENLAB_HOME": str(home), "OMP_NUM_THREADS": "1"} | environment
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with open(log, "w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")


@contextmanager
def watched_page(chromium, server: str, **context):
    """A page that fails on console errors, page errors and tracebacks on the page."""
    options = {"viewport": {"width": 1400, "height": 900}, "base_url": server} | context
    frame = chromium.new_context(**options)
    frame.set_default_timeout(1000 * PATIENCE)
    page, errors = frame.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def note(message) -> None:
        where = message.location.get("url", "")
        if message.type == "error" and not HARMLESS.search(message.text + where):
            errors.append(f"{message.text} ({where})")

    page.on("console", note)
    try:
        yield page
        assert page.get_by_test_id("stException").count() == 0
        assert not errors, errors
    finally:
        frame.close()
