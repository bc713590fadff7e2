"""A real server and a real Chromium for the tests in this folder."""

import os

import pytest

from tests.browser.server import CHROMIUM, FLAGS, running_server, watched_page
from tests.browser.waiting import PATIENCE


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI must not skip the browser tests: install Chromium.")
        pytest.skip("Chromium is not installed.")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The base URL of one server for all browser tests; new runs go to a folder of its own."""
    folder = tmp_path_factory.mktemp("server")
    with running_server(folder / "home", folder / "server.log") as url:
        yield url


@pytest.fixture
def page(chromium, server):
    with watched_page(chromium, server) as watched:
        yield watched


@pytest.fixture
def dark_page(chromium, server):
    with watched_page(chromium, server, color_scheme="dark") as watched:
        yield watched
