"""The theatres under the hand: frame intervals of GAN films and registrations, generators' times.

    pip install -r requirements-dev.txt
    python -m benchmarks.theatre [--seconds 5] [--json]

Scrub: four films of 98 frames and 42,000 updates each, their losses drawn in full; in every
animation frame the cursor moves by one frame. Intervals are those between animation frames, at rest
too; draw is the time that the page's own code takes of one. The browser composes the page without
WebGL here, as on a machine without a GPU. Generators: each architecture of the GAN models,
untrained, one noise at a time as a dragging hand asks for it, with and without vectors.
Registration: EM on two clouds of 2,000 points each with its lines, played over and over.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from tests.browser.server import CHROMIUM, FLAGS, running_server

ARCHITECTURES = ("mlp", "dcgan-course", "dcgan-32", "dcgan-28")
PLAIN = [flag for flag in FLAGS if "gl" not in flag and "swiftshader" not in flag]
UPDATES = (0, 10, 25, 50, 100, 250, 500, *(470 * epoch for epoch in range(2, 93)))
SCRUB = """
async (seconds) => {
  const root = [...document.querySelectorAll('*')].flatMap((e) => e.shadowRoot ?? [])
    .find((shadow) => shadow.querySelector('.theatre'));
  const slider = root.querySelector('input.scrub');
  const theatre = root.querySelector('.theatre');
  const frame = () => new Promise(requestAnimationFrame);
  const rest = [], intervals = [], draws = [];
  let before = await frame();
  for (let i = 0; i < 120; i += 1) {
    const now = await frame();
    rest.push(now - before);
    before = now;
  }
  const end = performance.now() + 1000 * seconds;
  for (let place = 0; performance.now() < end; place += 1) {
    slider.value = String(place % (Number(slider.max) + 1));
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    const now = await frame();
    intervals.push(now - before);
    before = now;
    draws.push(Number(theatre.dataset.drawMs));
  }
  return { rest, intervals: intervals.slice(5), draws: draws.slice(5) };
}
"""
PLAY = """
async (seconds) => {
  const root = [...document.querySelectorAll('*')].flatMap((e) => e.shadowRoot ?? [])
    .find((shadow) => shadow.querySelector('.theatre')).querySelector('.genlab-root');
  const play = [...root.querySelectorAll('button')].find((b) => b.textContent.includes('Play'));
  const frame = () => new Promise(requestAnimationFrame);
  const intervals = [], draws = [];
  const end = performance.now() + 1000 * seconds;
  let before = await frame();
  while (performance.now() < end) {
    if (root.dataset.playing !== 'true') play.click();
    const now = await frame();
    intervals.push(now - before);
    before = now;
    draws.push(Number(root.dataset.frameMs));
  }
  return { intervals: intervals.slice(5), draws: draws.slice(5) };
}
"""
REGISTRATION = "/registration?points=2000&steps=30&sigma=fit&pi=mixture&model=rigid&at=0"
GENERATE = """
async (url) => {
  const module = performance.getEntriesByType('resource')
    .find(({ name }) => name.endsWith('/gan_generator.js')).name;
  const { buildGenerator } = await import(module);
  const buffer = await (await fetch(new URL(url, document.baseURI))).arrayBuffer();
  const found = {};
  for (const simd of [true, false]) {
    const generator = buildGenerator(buffer, simd);
    const z = new Float32Array(generator.latentDim).fill(0.5);
    const times = [];
    for (let i = 0; i < (simd ? 60 : 20); i += 1) {
      z[0] = i / 60;
      const begun = performance.now();
      generator.generate(z);
      times.push(performance.now() - begun);
    }
    found[simd ? 'vectors' : 'plain'] = times.slice(5);
  }
  return found;
}
"""


def write_runs(home: Path) -> None:
    os.environ["GENLAB_HOME"] = str(home)
    from tests.gan_runs import some_film, write_gan_run

    for seed, architecture in enumerate(ARCHITECTURES):
        latent_dim = 128 if architecture == "dcgan-32" else 96
        film = some_film(updates=UPDATES, latent_dim=latent_dim, seed=seed)
        write_gan_run(
            f"film-{architecture}",
            architecture=architecture,
            latent_dim=latent_dim,
            film=film,
            seed=seed,
        )


def spread(times: list[float]) -> dict[str, float]:
    """Median, 95th percentile and largest of some milliseconds."""
    middle, late = np.percentile(times, [50, 95])
    return {
        "median": round(float(middle), 2),
        "p95": round(float(late), 2),
        "most": round(max(times), 2),
        "over_20_ms": round(float(np.mean(np.array(times) > 20.0)), 3),
    }


def measure(server: str, chromium, seconds: float) -> dict:
    from genlab.runs.folder import find_run
    from genlab.ui.gan_arrays import generator_url

    names = [f"film-{architecture}" for architecture in ARCHITECTURES]
    page = chromium.new_page(viewport={"width": 1400, "height": 1000}, base_url=server)
    page.goto("/gan?runs=" + "~".join(names))
    page.wait_for_selector(".theatre[data-at]", timeout=60_000)
    page.wait_for_timeout(2000)
    found = {"scrub": {k: spread(v) for k, v in page.evaluate(SCRUB, seconds).items()}}
    for name, architecture in zip(names, ARCHITECTURES, strict=True):
        url = generator_url(find_run(name))
        times = page.evaluate(GENERATE, url)
        found[architecture] = {kind: spread(values) for kind, values in times.items()}
    page.goto(REGISTRATION)
    page.wait_for_selector(".genlab-root[data-time]:has(.theatre)", timeout=60_000)
    page.wait_for_timeout(2000)
    found["registration"] = {k: spread(v) for k, v in page.evaluate(PLAY, seconds).items()}
    page.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of scrubbing")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "home"
        write_runs(home)
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=PLAIN)
        with running_server(home, Path(folder) / "server.log") as server:
            found = measure(server, chromium, asked.seconds)
        chromium.close()
    if asked.json:
        print(json.dumps(found))
        return
    for part, figures in found.items():
        for name, spreads in figures.items():
            print(f"{part:14s}{name:12s}", "  ".join(f"{k} {v:g}" for k, v in spreads.items()))


if __name__ == "__main__":
    main()
