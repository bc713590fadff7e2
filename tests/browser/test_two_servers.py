"""Two GenLab servers on one GENLAB_HOME: they share runs, jobs and one worker."""

import os
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.server import ROOT, running_server, watched_page


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The URLs of two servers on one home with a worker."""
    folder = tmp_path_factory.mktemp("two")
    home = folder / "home"
    home.mkdir()
    env = os.environ | {"GENLAB_HOME": str(home), "OMP_NUM_THREADS": "1"}
    work = [sys.executable, "-m", "genlab", "work"]
    with open(folder / "worker.log", "w") as log:
        worker = subprocess.Popen(work, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            with (
                running_server(home, folder / "one.log") as one,
                running_server(home, folder / "other.log") as other,
            ):
                yield one, other
        finally:
            worker.terminate()
            worker.wait(10)


def test_a_job_started_on_one_server_is_watched_and_stopped_on_the_other(chromium, two):
    one, other = two
    with watched_page(chromium, one) as page:
        page.goto("/train?hidden=8&latent_dim=2&batch_size=16&epochs=200")
        start = page.get_by_role("button", name="Start", exact=True)
        start.click()
        expect(page.get_by_role("button", name="Stop").first).to_be_visible()
        # the same browser at the other server's address: cookies do not tell ports apart
        page.goto(f"{other}/train?jobs=1")
        stop = page.get_by_role("button", name="Stop").first
        expect(stop).to_be_visible()
        stop.click()
        expect(page.get_by_text("stopped").first).to_be_visible()
        for server in two:  # and its run is on both
            page.goto(f"{server}/checkpoints")
            expect(page.get_by_role("button", name="vae-fashion-2", exact=True)).to_be_visible()
