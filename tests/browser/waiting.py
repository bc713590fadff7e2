"""Wait for what a page does in its own time: a busy machine is slow, and is not wrong for it."""

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds that anything may take, in all tests of this folder
# Timers and frames of the page itself: a busy browser that delays the page's delays these as well
BEAT = """() => new Promise((done) => setTimeout(() => requestAnimationFrame(() =>
  requestAnimationFrame(() => done(
    document.querySelector("[data-testid=stApp]")?.dataset.testScriptState))), 200))"""


def eventually(page, holds: Callable[[], bool]) -> None:
    """Ask until `holds()`; fail where it never does."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"still not so after {PATIENCE:.0f} seconds"
        page.wait_for_timeout(50)


def resting(page, sent: list | None = None) -> None:
    """Wait until the script has run, no timer of the page has set it off again, and, with the list
    of messages that the page has sent, none has been added."""
    end, calm, before = time.monotonic() + 2 * PATIENCE, 0, None
    while calm < 2:
        assert time.monotonic() < end, "the page did not come to rest"
        state = page.evaluate(BEAT)
        now = None if sent is None else len(sent)
        calm = calm + 1 if state == "notRunning" and now == before else 0
        before = now
