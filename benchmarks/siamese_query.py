"""How soon a picture has its neighbours on the Siamese page: over HTTP, and under the hand.

    pip install -r requirements-dev.txt
    python -m benchmarks.siamese_query [--rounds 3] [--json]

Every round starts a fresh server. Cold: the very first question after the start, over HTTP, with no
page open. Opened: from the click on a tab of a page that has been open for a few seconds to the
first neighbours in Chromium. Warm: 50 different drawings over one connection, each answered by the
network's and by the pixels' neighbours among 10,000 training images. Stroke: from the last movement
of a hand that draws in Chromium to the animation frame with the neighbours of the whole stroke. The
browser composes the page without WebGL, as on a machine without a GPU.
"""

import argparse
import http.client
import json
import os
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.theatre import PLAIN
from tests.browser.server import CHROMIUM, running_server

RUNS = ("siamese-mnist", "siamese2d-mnist")
WARM, STROKES = 50, 12
ASKED = "among=train&height=28&width=28"
WATCH = """
() => {
  const root = [...document.querySelectorAll('*')].flatMap((e) => e.shadowRoot ?? [])
    .find((shadow) => shadow.querySelector('.query'));
  window.moved = 0;
  window.painted = 0;
  root.addEventListener('pointermove', () => { window.moved = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => {
    window.painted = performance.now();
  })).observe(root.querySelector('.query'), { attributeFilter: ['data-ms'] });
}
"""


def drawings(count: int) -> list[bytes]:
    """Test digits in the four greys of a drawing, 28 x 28."""
    from genlab.data.images import load_split

    greys = load_split("mnist", "test").images[:count]
    return [(85 * np.round(image / 85.0)).astype(np.uint8).tobytes() for image in greys]


def asked(connection: http.client.HTTPConnection, url: str, body: bytes) -> float:
    """Milliseconds from a question to the last byte of its answer."""
    started = time.perf_counter()
    connection.request("POST", f"/{url}?{ASKED}", body)
    answer = connection.getresponse()
    content = answer.read()
    taken = 1000 * (time.perf_counter() - started)
    if answer.status != 200:
        raise SystemExit(f"{url}: {content.decode()[:200]}")
    return taken


def over_http(server: str, url: str) -> dict[str, list[float]]:
    connection = http.client.HTTPConnection(urlsplit(server).netloc)
    cold, *warm = (asked(connection, url, body) for body in drawings(WARM + 1))
    connection.close()
    return {"cold": [cold], "warm": warm}


def under_the_hand(server: str, chromium, name: str) -> dict[str, list[float]]:
    page = chromium.new_page(viewport={"width": 1400, "height": 900}, base_url=server)
    page.goto(f"/siamese?runs={name}")
    page.locator(".bench[data-threshold]").wait_for(timeout=60_000)
    page.wait_for_timeout(4000)  # somebody looks at the pairs first
    started = time.perf_counter()
    page.get_by_role("tab", name="Your pictures").click()
    page.locator(".query[data-answered]").wait_for(timeout=60_000)
    opened = 1000 * (time.perf_counter() - started)
    page.get_by_role("button", name="Draw", exact=True).click()
    page.locator(".sketch canvas").wait_for()
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    strokes = [stroke(page, number) for number in range(STROKES)]
    page.close()
    return {"opened": [opened], "stroke": strokes}


def stroke(page, number: int) -> float:
    """Draw one on a clean field; milliseconds from the last movement to the last answer's frame."""
    page.get_by_role("button", name="Clear", exact=True).click()
    page.locator(".tile").first.wait_for(state="detached")
    box = page.locator(".sketch canvas").bounding_box()
    x, y = (box["x"] + (0.3 + 0.03 * number) * box["width"], box["y"])
    page.mouse.move(x, y + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(x + 0.1 * box["width"], y + 0.8 * box["height"], steps=10)
    page.mouse.up()
    page.locator(".tile").nth(15).wait_for()
    page.wait_for_timeout(600)  # the answer to the whole stroke is the last one
    return page.evaluate("() => window.painted - window.moved")


def spread(times: list[float]) -> dict[str, float]:
    middle, late = np.percentile(times, [50, 95])
    found = {"median": middle, "p95": late, "most": max(times), "count": len(times)}
    return {name: round(float(value), 1) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    from genlab.runs.folder import find_run
    from genlab.ui.siamese_urls import query_url

    times: dict[str, dict[str, list[float]]] = {name: {} for name in RUNS}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=PLAIN)
        for name in RUNS * options.rounds:
            with tempfile.TemporaryDirectory() as folder:
                home, log = Path(folder) / "home", Path(folder) / "server.log"
                with running_server(home, log) as server:
                    found = over_http(server, query_url(find_run(name)))
                with running_server(home, log) as server:
                    found |= under_the_hand(server, chromium, name)
            for kind, values in found.items():
                times[name].setdefault(kind, []).extend(values)
        chromium.close()
    table = {n: {kind: spread(v) for kind, v in kinds.items()} for n, kinds in times.items()}
    if options.json:
        print(json.dumps(table))
        return
    print(f"{options.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; ms")
    for name, kinds in table.items():
        for kind, figures in kinds.items():
            print(f"{name:17s}{kind:8s}", "  ".join(f"{k} {v:g}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
