"""The GAN theatre in Chromium: films in step, the cursor, and generators that run in the page."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from safetensors.numpy import load

from genlab.data.images import load_split
from genlab.explore.film_view import lockstep
from genlab.explore.gan_layers import GENERATORS, generate, generator_layers
from genlab.explore.training_neighbour import nearest_training
from genlab.jobs.queue import change, submit
from genlab.runs.film import film_path, load_film, pack_film
from genlab.runs.folder import load_tensors
from genlab.runs.models import load_model
from genlab.ui.gan_arrays import generator_bytes, generator_url
from tests.browser.server import home_of, running_server, watched_page
from tests.browser.waiting import eventually, resting
from tests.gan_runs import probe_summary, some_film, write_gan_run

ONE = some_film()  # updates 0, 10, 25, 50, 100, 250, 500, batches of 64
OTHER = some_film(updates=(0, 40, 300), batch=128, seed=1)
PIXELS = """canvas => Array.from(
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
)"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("theatre") / "home"


@pytest.fixture(scope="module")
def runs(home):
    with home_of(home):
        films = {"one": ONE, "other": OTHER}
        found = {
            name: write_gan_run(name, film=film, seed=seed, summary=probe_summary())
            for seed, (name, film) in enumerate(films.items())
        }
        for architecture in GENERATORS:
            found[architecture] = write_gan_run(f"of-{architecture}", architecture=architecture)
    return found


@pytest.fixture(scope="module")
def theatre_server(home, runs):
    with running_server(home, home.parent / "server.log") as url:
        yield url


@pytest.fixture
def page(chromium, theatre_server):
    with watched_page(chromium, theatre_server) as watched:
        yield watched


def open_theatre(page, **link) -> None:
    page.goto("/gan?" + "&".join(f"{name}={value}" for name, value in link.items()))
    expect(page.locator(".theatre[data-at]")).to_be_visible()
    resting(page)


def colours(canvas) -> np.ndarray:
    """(H, W, 4) from 0 to 255."""
    width, height = canvas.evaluate("canvas => [canvas.width, canvas.height]")
    return np.array(canvas.evaluate(PIXELS), np.uint8).reshape(height, width, 4)


def tiles(canvas, columns: int, count: int) -> np.ndarray:
    """The greys within the frames of tiles, (count, 784)."""
    page = colours(canvas)[..., 0]
    cells = [(33 * (n // columns) + 2, 33 * (n % columns) + 2) for n in range(count)]
    return np.stack([page[y : y + 28, x : x + 28].ravel() for y, x in cells])


def screens(page) -> list:
    return page.locator(".screen .picture canvas").all()


def at(page) -> int:
    return int(page.locator(".theatre").get_attribute("data-at"))


def expect_at(page, moment: int) -> None:
    expect(page.locator(".theatre")).to_have_attribute("data-at", str(moment))


def moment_and_frame(page) -> list[int]:
    """The cursor and the first screen's frame, read in one go."""
    return page.locator(".theatre").evaluate(
        "hall => [hall, hall.querySelector('.screen canvas')]"
        ".map((part) => Number(part.dataset.at ?? part.dataset.frame))"
    )


def link(page) -> dict[str, str]:
    return dict(part.split("=") for part in page.url.partition("?")[2].split("&"))


@pytest.mark.parametrize(("clock", "moment"), [("updates", 45), ("images", 45 * 128)])
def test_each_run_shows_its_newest_frame_at_the_cursor(page, clock, moment):
    open_theatre(page, runs="one~other", at=moment, clock=clock)
    moments, shown = lockstep([ONE, OTHER], clock)
    step = np.searchsorted(moments, moment, side="right") - 1
    for screen, film, frames in zip(screens(page), (ONE, OTHER), shown, strict=True):
        assert (tiles(screen, 8, 64) == film.frames["images"][frames[step]]).all()


def test_a_tile_is_framed_by_what_the_discriminator_said(page):
    open_theatre(page, runs="one", at=100)
    opinions = ONE.frames["opinions"][4]
    rings = colours(screens(page)[0])[::33, ::33].reshape(64, 4).astype(int)
    red_less_blue = rings[:, 0] - rings[:, 2]
    assert (np.diff(red_less_blue[np.argsort(opinions)]) <= 0).all()  # orange to blue
    assert red_less_blue[opinions.argmin()] > 150
    assert red_less_blue[opinions.argmax()] < -150
    page.get_by_label("tiles framed by D’s opinion").uncheck()
    expect(page.locator(".transport.plain")).to_be_visible()
    assert colours(screens(page)[0])[0, 0, 3] == 0


def test_the_keys_step_and_play(page):
    open_theatre(page, runs="one~other", at=0)
    play = page.get_by_role("button", name="Play or pause (Space)")
    page.locator(".theatre").focus()
    for key, moment in [
        *(("ArrowRight", stop) for stop in (10, 25, 40)),
        ("ArrowLeft", 25),
        ("End", 500),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        expect_at(page, moment)
    page.keyboard.press("Space")
    expect(play).to_have_text("Pause")
    expect(page.locator(".theatre")).not_to_have_attribute("data-at", "0")
    page.keyboard.press("Space")
    expect(play).to_have_text("Play")
    held = at(page)
    assert 0 < held < 500
    page.wait_for_timeout(500)
    assert at(page) == held


def test_a_film_played_to_its_end_stops_there(page):
    open_theatre(page, runs="other", at=0, speed=8)
    page.get_by_role("button", name="Play or pause (Space)").click()
    expect(page.locator(".theatre")).to_have_attribute("data-at", "300")
    expect(page.get_by_role("button", name="Play or pause (Space)")).to_have_text("Play")
    expect(page).not_to_have_url(re.compile(r"[?&]at="))


def test_dragging_over_a_curve_scrubs_and_tells_python_once_at_rest(page):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_theatre(page, runs="one~other", at=0)
    resting(page, sent)
    before, seen = len(sent), []
    box = page.locator("[data-chart=losses] .plot").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 60, y)
    page.mouse.down()
    for share in np.linspace(0.2, 1.0, 9):
        page.mouse.move(box["x"] + share * box["width"], y)
        page.wait_for_timeout(60)
        seen.append(moment_and_frame(page))
    expect_at(page, 500)
    page.wait_for_timeout(400)  # the hand holds still, but holds on
    assert len(sent) == before
    moments, frames = zip(*seen, strict=True)
    assert list(moments) == sorted(moments)
    assert len(set(moments)) > 2
    assert list(frames) == [np.searchsorted(ONE.updates, m, side="right") - 1 for m in moments]
    page.mouse.up()
    eventually(page, lambda: len(sent) > before)
    resting(page, sent)
    assert len(sent) == before + 1


def test_the_link_brings_back_cursor_tile_and_clock(page):
    open_theatre(page, runs="one~other", at=0)
    page.get_by_label("Runs keep step by").select_option("images")
    page.locator(".theatre").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    box = screens(page)[0].bounding_box()
    page.mouse.click(box["x"] + 4.5 / 8 * box["width"], box["y"] + 2.5 / 8 * box["height"])
    expect(page).to_have_url(re.compile("clock=images.*tile=20"))
    moment = int(link(page)["at"])
    assert moment in ONE.images_seen or moment in OTHER.images_seen
    expect_at(page, moment)
    frames = [s.get_attribute("data-frame") for s in screens(page)]
    page.goto(page.url)
    expect(page.locator(".theatre[data-at]")).to_be_visible()
    expect_at(page, moment)
    assert [s.get_attribute("data-frame") for s in screens(page)] == frames


def test_one_noise_is_shown_through_time_and_leads_to_its_frames(page):
    open_theatre(page, runs="one", tile=37)
    strip = page.locator(".history .picture canvas")
    assert (tiles(strip, 7, 7) == ONE.frames["images"][:, 37]).all()
    box = strip.bounding_box()
    strip.click(position={"x": 2.5 / 7 * box["width"], "y": box["height"] / 2})
    expect_at(page, 25)
    opinion = ONE.frames["opinions"][2, 37]
    expect(page.locator(".history .row .note")).to_have_text(f"update 25: D says {opinion:.2f}")


def test_the_numbers_of_the_frame_stand_beside_those_of_real_images(page):
    open_theatre(page, runs="one", at=60)
    figures = page.locator(".figures")
    frechet = figures.locator("[data-figure=frechet]")
    expect(frechet.locator("b")).to_have_text(f"{ONE.scores['frechet'][3]:.1f}")
    expect(frechet.locator(".note")).to_have_text("real 3.5")
    recent = ONE.trace["d_real"].astype(np.float16)[40:60].astype(float).mean()
    shown = float(figures.locator("[data-figure=d_real] b").inner_text())
    assert shown == pytest.approx(recent, abs=0.006)


def in_page(page, run, z: np.ndarray, simd: bool) -> np.ndarray:
    """What the page's own code makes of noises (N, Z): (N, 784)."""
    with home_of(run.path.parents[1]):
        url = generator_url(run)
    script = """async ([url, noises, simd]) => {
      const module = performance.getEntriesByType("resource")
        .find(({ name }) => name.endsWith("/gan_generator.js")).name;
      const { buildGenerator } = await import(module);
      const buffer = await (await fetch(new URL(url, document.baseURI))).arrayBuffer();
      const generator = buildGenerator(buffer, simd);
      return noises.map((z) => Array.from(generator.generate(Float32Array.from(z))));
    }"""
    return np.array(page.evaluate(script, [url, z.tolist(), simd]))


@pytest.mark.parametrize("architecture", list(GENERATORS))
def test_the_browser_makes_what_torch_makes(page, runs, rng, architecture):
    run = runs[architecture]
    open_theatre(page, runs=run.name)
    z = rng.standard_normal((2, 8)).astype(np.float32)
    made = in_page(page, run, z, simd=True)
    with torch.no_grad():
        wanted = load_model(run).eval().generate(torch.from_numpy(z)).numpy()
    assert np.abs(made - wanted).max() < 1 / 255  # weights travel as float16
    tensors = load(generator_bytes(run))
    rounded = [
        replace(layer, weight=tensors[f"{n}.weight"].astype(np.float32))
        if layer.weight is not None
        else layer
        for n, layer in enumerate(generator_layers(run.config["model"], load_tensors(run)))
    ]
    assert np.abs(made - generate(rounded, z)).max() < 1e-4
    assert np.abs(made - in_page(page, run, z, simd=False)).max() < 1e-4


def greys(canvas) -> np.ndarray:
    return colours(canvas)[..., 0].ravel().astype(int)


def test_the_middle_of_the_plane_is_the_tile_and_a_drag_moves_away(page, runs):
    open_theatre(page, runs="one", tile=11)
    page.locator(".desk").scroll_into_view_if_needed()
    expect(page.locator(".surface[data-complete]")).to_be_visible()
    now = page.locator(".plane .beside > canvas")
    layers = generator_layers(runs["one"].config["model"], load_tensors(runs["one"]))
    z = load_film(runs["one"]).fixed["noise"][[11]]
    assert np.abs(greys(now) - 255 * generate(layers, z)[0]).max() < 2
    still = greys(now)
    box = page.locator(".surface").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.2 * box["height"], steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("[?&]x="))
    eventually(page, lambda: (greys(now) != still).any())
    assert (float(link(page)["x"]), float(link(page)["y"])) == pytest.approx((6.4, 4.8), abs=0.1)
    page.get_by_role("button", name="Back to the tile").click()
    expect(page.locator(".plane .note").first).to_contain_text("0.0 from noise 11")
    eventually(page, lambda: (greys(now) == still).all())


def test_a_walk_leads_from_one_noise_to_the_other(page, runs):
    open_theatre(page, runs="one", tile=2, other=50, tab="walk", t=0, way="straight")
    page.locator(".desk").scroll_into_view_if_needed()
    now = page.locator(".walk > canvas")
    expect(now).to_have_attribute("width", "28")
    layers = generator_layers(runs["one"].config["model"], load_tensors(runs["one"]))
    noise = ONE.fixed["noise"]
    slider = page.get_by_label("Place on the walk, 0 at the first noise, 1 at the second")
    for t in (0.0, 0.5, 1.0):
        slider.fill(str(t))
        expect(page.locator(f".walk[data-t='{t:.3f}']")).to_be_visible()
        z = (1 - t) * noise[[2]] + t * noise[[50]]
        assert np.abs(greys(now) - 255 * generate(layers, z)[0]).max() < 2


def test_new_samples_stand_above_their_nearest_training_images(page):
    open_theatre(page, runs="one", tab="samples", seed=3)
    page.locator(".desk").scroll_into_view_if_needed()
    expect(page.locator(".samples[data-seed='3']")).to_be_visible()
    pairs = page.locator(".pair").all()
    made = np.stack([greys(pair.locator("canvas").first) for pair in pairs])
    near = np.stack([greys(pair.locator("canvas").last) for pair in pairs])
    found = nearest_training("mnist", made.astype(np.uint8))
    train = load_split("mnist", "train").images.reshape(-1, 784)
    assert (near == train[found.index]).all()
    assert len(np.unique(made, axis=0)) == 12
    page.get_by_role("button", name="Draw twelve new ones").click()
    expect(page.locator(".samples[data-seed='4']")).to_be_visible()
    eventually(page, lambda: (greys(pairs[0].locator("canvas").first) != made[0]).any())


def test_the_films_are_saved_as_a_gif(page):
    open_theatre(page, runs="one~other")
    page.get_by_role("button", name="Save as a film or a picture").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save", exact=True).click()
    content = saved.value.path().read_bytes()
    with Image.open(io.BytesIO(content)) as film:
        assert film.n_frames >= 8  # 0, 10, 25, 40, 50, 100, 250, 300, 500, some of them alike
    assert saved.value.suggested_filename == "gan-all-noises-one-other.gif"


def test_a_run_in_training_plays_as_its_frames_arrive_and_becomes_a_run(page, home):
    with home_of(home):
        job = submit("fresh", {"family": "gan", "dataset": "mnist"}, state="running")
        job.folder.mkdir(parents=True)
        open_theatre_of_a_job(page, job)
        expect(page.locator(".screen .billing .note")).to_contain_text("training")
        for updates in [(0,), (0, 10), (0, 10, 25)]:
            film_path(job.folder).write_bytes(pack_film(some_film(updates=updates)))
            newest = str(len(updates) - 1)
            expect(screens_of(page).first).to_have_attribute("data-frame", newest)
        assert at(page) == 25  # the cursor stayed at the end
        write_gan_run("fresh", film=some_film(updates=(0, 10, 25, 50)))
        change(job.id, state="done")
    expect(page.locator(".screen .billing b")).to_have_text("fresh")
    expect(screens_of(page).first).to_have_attribute("data-frame", "3")
    resting(page)
    assert link(page)["runs"] == "fresh"


def screens_of(page):
    return page.locator(".screen .picture canvas")


def open_theatre_of_a_job(page, job) -> None:
    page.goto(f"/gan?runs=job-{job.id}")
    expect(page.locator(".theatre")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_curves_are_drawn_in_either_light(chromium, theatre_server, scheme):
    with watched_page(chromium, theatre_server, color_scheme=scheme) as page:
        open_theatre(page, runs="one~other")
        for name in ("losses", "opinions", "frechet", "modes", "coverage", "classes"):
            ink = colours(page.locator(f"[data-chart={name}] canvas"))[..., 3]
            assert ink.max() == 255, name


def test_without_motion_the_film_goes_from_frame_to_frame(chromium, theatre_server):
    with watched_page(chromium, theatre_server, reduced_motion="reduce") as page:
        open_theatre(page, runs="one", at=0)
        page.get_by_role("button", name="Play or pause (Space)").click()
        seen = set()
        eventually(page, lambda: seen.add(at(page)) or len(seen) >= 3)
        assert seen <= set(ONE.updates.tolist())
