"""The live decoder under the hand, in Chromium."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from genlab.data.images import load_split
from genlab.explore.latent import decode, latent_means
from genlab.runs.folder import find_run
from genlab.runs.models import load_model
from tests.browser.waiting import eventually, resting

PIXELS = """canvas => Array.from(
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
).filter((_, i) => i % 4 === 0)"""
Z = [round(0.15 * (i - 8), 2) for i in range(20)]


def open_sliders(page, **link) -> None:
    """Open the page by a link; wait until it shows an image and has told Python its view."""
    page.goto("/sliders?" + "&".join(f"{name}={value}" for name, value in link.items()))
    expect(page.locator(".now[data-decode-ms]")).to_be_visible()
    expect(page.locator(".stage .spoken")).not_to_be_empty()
    resting(page)


def pixels(canvas) -> np.ndarray:
    return np.array(canvas.evaluate(PIXELS))


def now(page) -> np.ndarray:
    """The large image, (784,) from 0 to 255."""
    return pixels(page.locator(".now canvas"))


def slider(page, dimension: int):
    return page.get_by_role("slider", name=f"z{dimension}", exact=True)


def shown_value(page, dimension: int) -> float:
    text = page.locator(f".slider[data-dimension='{dimension}'] output").inner_text()
    return float(text.replace("−", "-"))


def link(page) -> dict[str, str]:
    return dict(part.split("=") for part in page.url.partition("?")[2].split("&"))


def test_dragging_a_slider_redraws_with_no_message_until_the_hand_rests(page):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_sliders(page, run="vae-fashion")
    resting(page, sent)
    box = slider(page, 17).bounding_box()
    y = box["y"] + box["height"] / 2
    seen, before, url = [now(page)], len(sent), page.url
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    for share in np.linspace(0.3, 0.9, 13):
        page.mouse.move(box["x"] + share * box["width"], y)
        eventually(page, lambda: np.any(now(page) != seen[-1]))
        seen.append(now(page))
    page.wait_for_timeout(400)  # the hand holds still, but holds on
    assert len(sent) == before
    page.mouse.up()
    expect(page).not_to_have_url(url)
    resting(page, sent)
    assert len(sent) == before + 1


def test_an_answer_of_python_does_not_pull_back_a_hand_that_has_moved_on(page):
    open_sliders(page, run="vae-fashion", z="_".join(["0"] * 20))
    slider(page, 17).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(270)  # the message is on its way; its answer comes while keys are pressed
    for _ in range(24):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(25)
    resting(page)
    assert shown_value(page, 17) == pytest.approx(2.5, abs=0.011)
    assert link(page)["z"].split("_")[17] == "2.5"
    assert slider(page, 17).evaluate("input => input.getRootNode().activeElement === input")


@pytest.mark.parametrize(("run", "label"), [("vae-fashion", None), ("cvae-fashion", 3)])
def test_a_link_restores_z_label_and_start_and_shows_what_torch_decodes(page, run, label):
    wanted = {"run": run, "z": "_".join(f"{z:g}" for z in Z), "start": "17"}
    open_sliders(page, **wanted, **({} if label is None else {"label": label}))
    image = decode(load_model(find_run(run)), np.float32(Z), label or 0)[0].reshape(-1)
    assert np.abs(now(page) - np.rint(255 * image)).max() <= 1
    original = load_split("fashion", "test").images[17].reshape(-1)
    assert np.array_equal(pixels(page.locator(".original canvas")), original)
    assert link(page).items() >= wanted.items()
    if label is not None:
        pressed = page.locator(".labels .tile[aria-pressed=true]")
        assert pressed.count() == 1
        assert pressed.evaluate("tile => [...tile.parentElement.children].indexOf(tile)") == label


def test_the_nll_on_show_is_that_of_torch(page):
    from torch import from_numpy
    from torch.distributions import Bernoulli

    run = find_run("vae-fashion")
    open_sliders(page, run=run.name, start=17)
    x = load_split("fashion", "test").images[17].reshape(-1) / np.float32(255)
    mean = from_numpy(decode(load_model(run), latent_means(run)[17])[0].reshape(-1))
    nll = -Bernoulli(mean, validate_args=False).log_prob(from_numpy(x)).sum().item()
    entropy = Bernoulli(from_numpy(x)).entropy().sum().item()
    bar = {
        kind: float(page.locator(f".bar.{kind} output").inner_text()) for kind in ("at", "floor")
    }
    assert bar["at"] == pytest.approx(nll, abs=0.1)
    assert bar["floor"] == pytest.approx(entropy, abs=0.1)


def test_the_same_z_gives_ten_different_pictures_under_ten_labels(page):
    open_sliders(page, run="cvae-fashion", z="_".join(["0"] * 20))
    tiles = page.locator(".labels .tile canvas")
    page.locator(".labels").scroll_into_view_if_needed()
    pictures = {tuple(pixels(tiles.nth(label))) for label in range(10)}
    assert len(pictures) == 10
    page.get_by_role("button", name="Bag", exact=True).click()
    eventually(page, lambda: np.array_equal(now(page), pixels(tiles.nth(8))))


def test_keys_move_a_slider_and_delete_takes_it_back_to_the_start(page):
    open_sliders(page, run="vae-fashion")
    first, value = now(page), shown_value(page, 17)
    slider(page, 17).focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("Shift+ArrowLeft")
    eventually(page, lambda: shown_value(page, 17) == pytest.approx(value + 0.49, abs=0.011))
    eventually(page, lambda: np.any(now(page) != first))
    page.keyboard.press("Delete")
    # a link's z has three decimals, the mean has all
    eventually(page, lambda: np.abs(now(page) - first).max() <= 1)
    assert shown_value(page, 17) == value


def test_the_wheel_moves_only_the_slider_that_has_the_focus(page):
    open_sliders(page, run="vae-fashion")
    value = shown_value(page, 17)
    slider(page, 17).hover()
    page.mouse.wheel(0, -50)
    page.wait_for_timeout(300)
    assert shown_value(page, 17) == value
    slider(page, 17).focus()
    slider(page, 17).hover()
    page.mouse.wheel(0, -50)
    eventually(page, lambda: shown_value(page, 17) == pytest.approx(value + 0.1, abs=0.011))


def test_a_seed_always_draws_the_same_z(page):
    open_sliders(page, run="vae-fashion")
    pictures = []
    for seed in ("5", "6", "5"):
        page.get_by_label("seed").fill(seed)
        page.get_by_label("seed").press("Enter")
        resting(page)
        pictures.append(now(page))
    assert np.array_equal(pictures[0], pictures[2])
    assert np.any(pictures[0] != pictures[1])
    open_sliders(page, run="vae-fashion", seed=5, start=0)
    assert np.array_equal(now(page), pictures[0])


def test_the_picker_shows_images_of_one_class_and_starts_from_the_one_pressed(page):
    open_sliders(page, run="cvae-fashion")
    labels = load_split("fashion", "test").labels
    page.get_by_label("Start from test image: class").select_option("Bag")
    thumbs = page.locator(".picker").first.locator(".thumb")
    names = [thumbs.nth(i).get_attribute("aria-label") for i in range(thumbs.count())]
    assert len(names) == 9
    assert all(name.endswith(", Bag") for name in names)
    thumbs.nth(3).click()
    expect(page).to_have_url(re.compile(f"start={np.flatnonzero(labels == 8)[3]}&"))
    expect(page.get_by_role("button", name="Bag", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_the_walk_plays_and_pauses_where_it_is(page):
    open_sliders(page, run="vae-fashion", start=0, other=1, tab="walk")
    walk = page.get_by_role("tabpanel", name="Walk between two images")
    walk.get_by_role("button", name="Play").click()
    eventually(page, lambda: float(walk.get_attribute("data-t")) > 0.1)
    walk.get_by_role("button", name="Pause").click()
    resting(page)
    t = float(walk.get_attribute("data-t"))
    assert 0.1 < t < 1
    ends = pixels(page.locator(".original canvas"))
    assert np.any(now(page) != ends)
    page.wait_for_timeout(400)
    assert float(walk.get_attribute("data-t")) == t


def test_a_walk_without_motion_goes_from_stop_to_stop(page):
    page.emulate_media(reduced_motion="reduce")
    open_sliders(page, run="vae-fashion", start=0, other=1, tab="walk")
    walk = page.get_by_role("tabpanel", name="Walk between two images")
    walk.get_by_role("button", name="Play").click()
    seen = set()
    eventually(page, lambda: seen.add(float(walk.get_attribute("data-t"))) or len(seen) > 2)
    assert all(abs(11 * t - round(11 * t)) < 0.01 for t in seen)


def test_both_ways_lead_from_the_start_to_the_other_image(page):
    open_sliders(page, run="vae-fashion", start=0, other=1, tab="walk")
    page.get_by_role("tabpanel").scroll_into_view_if_needed()
    resting(page)
    run = find_run("vae-fashion")
    ends = np.rint(255 * decode(load_model(run), latent_means(run)[[0, 1]])).reshape(2, -1)
    strips = page.locator(".way .strip")
    middles = []
    for way in range(2):
        tiles = strips.nth(way).locator("canvas")
        assert tiles.count() == 12
        assert np.abs(pixels(tiles.first) - ends[0]).max() <= 1
        assert np.abs(pixels(tiles.last) - ends[1]).max() <= 1
        middles.append(pixels(tiles.nth(6)))
    assert np.any(middles[0] != middles[1])


def test_the_cursor_of_the_plane_decodes_what_is_under_it(page):
    open_sliders(page, run="vae2d-mnist")
    expect(page.locator(".plane[data-complete]")).to_be_visible()
    box = page.locator(".surface").bounding_box()
    place = [box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"]]
    page.mouse.move(*place)
    page.mouse.down()
    page.mouse.move(place[0] + 0.25 * box["width"], place[1] - 0.125 * box["height"], steps=5)
    page.mouse.up()
    resting(page)
    edge = 3 * 24 / 23  # the outermost tiles' centres stand at +-3
    assert shown_value(page, 0) == pytest.approx(0.5 * edge, abs=0.03)
    assert shown_value(page, 1) == pytest.approx(0.25 * edge, abs=0.03)
    page.keyboard.press("ArrowUp")
    resting(page)
    z = [float(part) for part in link(page)["z"].split("_")]
    assert z[1] == pytest.approx(0.25 * edge + 0.1, abs=0.03)
    image = decode(load_model(find_run("vae2d-mnist")), np.float32(z))[0].reshape(-1)
    assert np.abs(now(page) - 255 * image).max() <= 1.5


def test_the_view_survives_a_visit_to_another_page(page):
    open_sliders(page, run="vae2d-mnist", z="1_-1.5", start=3)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Checkpoints").click()
    expect(page.locator(".now")).to_have_count(0)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Latent sliders").click()
    expect(page.locator(".now[data-decode-ms]")).to_be_visible()
    assert [shown_value(page, d) for d in (0, 1)] == [1, -1.5]
    assert link(page)["z"] == "1_-1.5"


def test_weights_without_a_decoder_are_named_in_place_of_the_canvas(page):
    header = b'{"__metadata__":{}}'
    body = len(header).to_bytes(8, "little") + header
    page.route("**/*.safetensors", lambda route: route.fulfill(status=200, body=body))
    page.goto("/sliders?run=vae-fashion")
    expect(page.get_by_role("alert").filter(has_text="no decoder")).to_be_visible()


def test_the_first_screen_holds_image_sliders_and_a_strip(page):
    open_sliders(page, run="cvae-fashion")
    for part in (".now canvas", ".sliders", ".labels .tile:last-child"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 900, part
    assert page.locator(".now canvas").bounding_box()["width"] >= 300


def test_the_dark_theme_has_light_text_on_dark(dark_page):
    open_sliders(dark_page, run="cvae-fashion")
    root = dark_page.locator(".genlab-root:has(.now)")
    colour = root.evaluate("node => getComputedStyle(node).color")
    assert min(int(part) for part in re.findall(r"\d+", colour)[:3]) > 180


def test_every_formula_of_the_maths_is_set(page):
    open_sliders(page, run="vae-fashion")
    page.get_by_text("The maths").click()
    expect(page.locator(".katex-display")).to_have_count(3)
    assert page.locator(".katex-error").count() == 0
