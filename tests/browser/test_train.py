"""The Train page in Chromium with a real worker: start, watch, leave, come back, stop."""

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.server import ROOT, running_server, watched_page
from tests.browser.waiting import eventually

KEY = "chalk"
# Small, and longer than any test: 500 updates an epoch
LONG = "/train?hidden=8&latent_dim=2&batch_size=16&epochs=200"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """The URL of a server with a teacher's key and a worker that ends with the tests."""
    folder = tmp_path_factory.mktemp("desk")
    home = folder / "home"
    home.mkdir()
    env = os.environ | {"GENLAB_HOME": str(home), "OMP_NUM_THREADS": "1"}
    work = [sys.executable, "-m", "genlab", "work"]
    with open(folder / "worker.log", "w") as log:
        worker = subprocess.Popen(work, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            with running_server(home, folder / "server.log", GENLAB_TEACHER_KEY=KEY) as url:
                yield url
        finally:
            worker.terminate()
            worker.wait(10)


def press(page, name: str, **how) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name=name, **how).first.click()


def open_train(page, address: str = "/train") -> None:
    page.goto(address)
    expect(page.get_by_role("heading", name="What to look for")).to_be_visible()


def updates(page) -> int:
    """The update that the page says the job is at."""
    line = page.get_by_text(re.compile(r"epoch \d+ of \d+ · update [\d,]+")).first
    expect(line).to_be_visible()
    return int(re.search(r"update ([\d,]+)", line.inner_text())[1].replace(",", ""))


def settled(page) -> int:
    """The update that a paused job stays at: the page may still have to hear of the last ones."""
    seen = []
    eventually(page, lambda: seen.append(updates(page)) or seen[-30:] == seen[-1:] * 30)
    return seen[-1]


def grown(page, beyond: int) -> None:
    """Wait for the page to show more updates, by itself."""
    eventually(page, lambda: updates(page) > beyond)


def painted_step(page) -> int:
    canvas = page.locator("canvas[aria-label='what it makes of them']")
    expect(canvas).to_be_visible()
    return int(canvas.get_attribute("data-step"))


def test_a_job_is_watched_left_shared_paused_and_stopped(chromium, desk):
    with watched_page(chromium, desk) as mine, watched_page(chromium, desk) as theirs:
        open_train(mine, LONG)
        press(mine, "Start")
        expect(mine).to_have_url(re.compile("jobs=1"))
        grown(mine, updates(mine))
        chart = mine.get_by_role("img", name=re.compile(r"^Losses: vae-fashion-2: neg_elbo"))
        expect(chart.first).to_be_visible()
        first = painted_step(mine)
        eventually(mine, lambda: painted_step(mine) > first)

        mine.reload()
        grown(mine, first)
        expect(chart.first).to_be_visible()

        open_train(theirs, "/train?jobs=1")
        grown(theirs, first)
        expect(theirs.get_by_text("Its owner and the teacher can stop it.")).to_be_visible()
        buttons = theirs.get_by_test_id("stMain").get_by_role("button")
        expect(buttons.filter(has_text=re.compile("Stop|Pause"))).to_have_count(0)
        press(theirs, "Teacher")
        theirs.get_by_label("Teacher's key").fill(KEY)
        theirs.get_by_role("button", name="Unlock").click()
        expect(buttons.filter(has_text="Pause")).to_be_visible()

        press(mine, "Pause")
        expect(buttons.filter(has_text="1 step")).to_be_visible()  # theirs: by itself
        expect(mine.get_by_role("button", name="1 step")).to_be_visible()
        held = settled(mine)
        press(mine, "1 step", exact=False)
        grown(mine, held)
        assert settled(mine) == held + 1

        press(mine, "Stop")
        # the run is there before its figures are
        expect(mine.get_by_text(re.compile("measuring|stopped")).first).to_be_visible()
        mine.goto("/checkpoints?run=vae-fashion-2")
        expect(mine.get_by_role("heading", name="vae-fashion-2", exact=True)).to_be_visible()


def test_an_identity_lives_in_the_browser_where_scripts_cannot_read_it(chromium, desk):
    with watched_page(chromium, desk) as page:
        open_train(page)
        cookie = next(c for c in page.context.cookies() if c["name"] == "genlab_visitor")
        assert re.fullmatch("[0-9a-f]{32}", cookie["value"])
        assert cookie["httpOnly"]
        assert "genlab_visitor" not in page.evaluate("document.cookie")
        press(page, "Teacher")
        expect(page.get_by_text("kept in this browser")).to_be_visible()
        assert cookie["value"] not in page.content()
