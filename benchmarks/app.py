"""How the app feels: first page, memory, drag to pixels, lasso to Python, in a real browser.

    pip install -r requirements-dev.txt
    python -m benchmarks.app [--rounds 5] [--json]

First page: from starting `streamlit run app.py` to the title of Home painted by a browser that
was open already. Memory: resident set of the server process with Home, Latent maps and Latent
sliders opened. Drag: from an input event on a slider to the frame that shows the new picture,
in the page itself. Lasso: from letting go to the words that Python writes about the choice.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.browser.server import CHROMIUM, FLAGS, running_server

DRAG = """
async (count) => {
  const roots = [...document.querySelectorAll('*')].flatMap((e) => e.shadowRoot ?? []);
  const find = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);
  const slider = find('input[type=range]').find((input) => +input.min <= -3);
  const canvas = find('canvas').reduce((a, b) => (a.clientWidth >= b.clientWidth ? a : b));
  const read = () => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const before = read().join();
    const started = performance.now();
    slider.value = String(-2.5 + (5 * i) / count);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    while (read().join() === before && performance.now() - started < 1000) await frame();
    times.push(performance.now() - started);
    await frame();
  }
  return times;
}
"""


def resident_mb(log_dir: str) -> float:
    """Memory of the Streamlit server that this process started, in megabytes."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            environ = (status.parent / "environ").read_bytes()
            command = (status.parent / "cmdline").read_bytes()
            text = status.read_text()
        except OSError:
            continue
        if log_dir.encode() in environ and b"streamlit" in command:
            return int(text.split("VmRSS:")[1].split()[0]) / 1024
    return float("nan")


def opened(page, path: str, ready: str) -> None:
    page.goto(path)
    page.get_by_text(ready).first.wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def lasso(page, shift: float) -> float:
    """Milliseconds from letting go of a lasso to the count that Python shows."""
    canvas = page.locator("canvas").first
    box = canvas.bounding_box()
    x, y, r = box["x"] + box["width"] * (0.45 + shift), box["y"] + box["height"] * 0.5, 70
    page.mouse.move(x - r, y - r)
    page.mouse.down()
    for dx, dy in ((r, -r), (r, r), (-r, r), (-r, -r)):
        page.mouse.move(x + dx, y + dy, steps=8)
    before = page.get_by_test_id("stMain").inner_text()
    started = time.perf_counter()
    page.mouse.up()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=stMain]').innerText !== before", arg=before
    )
    return 1000 * (time.perf_counter() - started)


def measure(browser, home: str) -> dict[str, float]:
    started = time.perf_counter()
    with running_server(Path(home) / "home", Path(home) / "server.log") as url:
        page = browser.new_context(viewport={"width": 1400, "height": 900}, base_url=url).new_page()
        opened(page, "/", "Where to start")
        first = time.perf_counter() - started
        opened(page, "/maps", "What to look for")
        page.wait_for_timeout(1500)
        releases = [lasso(page, shift) for shift in (-0.1, 0.0, 0.1)]
        opened(page, "/sliders", "What to look for")
        page.wait_for_timeout(1500)
        drags = page.evaluate(DRAG, 60)
        return {
            "first_page_s": first,
            "server_memory_mb": resident_mb(home),
            "drag_to_pixels_ms": statistics.median(drags),
            "drag_to_pixels_p95_ms": sorted(drags)[int(0.95 * len(drags))],
            "lasso_to_python_ms": statistics.median(releases),
        }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    from playwright.sync_api import sync_playwright

    rounds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(asked.rounds):
            with tempfile.TemporaryDirectory() as home:
                rounds.append(measure(browser, home))
    names = list(rounds[0])
    table = {name: [found[name] for found in rounds] for name in names}
    if asked.json:
        print(json.dumps(table, indent=1))
        return
    print(f"{asked.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| figure | median | min | max |")
    print("|---|---|---|---|")
    for name, values in table.items():
        print(
            f"| {name} | {statistics.median(values):.1f} | {min(values):.1f} | {max(values):.1f} |"
        )


if __name__ == "__main__":
    main()
