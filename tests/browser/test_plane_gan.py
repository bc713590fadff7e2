"""GAN in the plane under the hand, in Chromium."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from genlab.explore.plane_film import Frame, frames
from genlab.explore.plane_gan import PlaneConfig
from genlab.explore.plane_ink import read_heights, read_painting, ready_drawings
from genlab.plots.palette import CLASS_COLOURS
from tests.browser.waiting import eventually, resting

QUICK = {"updates": 250, "hidden": 8, "batch": 32}
PIXELS = """canvas => [canvas.width, ...canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data]"""


def open_plane(page, **link) -> None:
    """Open the tab by a link to a small training, and wait for its pictures."""
    parameters = {"target": "ring"} | QUICK | link
    page.goto("/gan?show=plane&" + "&".join(f"plane_{n}={v}" for n, v in parameters.items()))
    expect(page.locator(".theatre .panel").first).to_be_visible()
    expect(root(page)).to_have_attribute("data-time", re.compile(".+"))  # drawn once


def next_film(page, act) -> None:
    """Do something that trains anew, and wait for its film."""
    before = root(page).get_attribute("data-version")
    act()
    expect(root(page)).not_to_have_attribute("data-version", before)


def link(page) -> dict[str, str]:
    parts = (part.split("=") for part in page.url.partition("?")[2].split("&"))
    return {name.removeprefix("plane_"): value for name, value in parts}


def root(page):
    return page.locator(".genlab-root:has(.theatre)")


def moment(page) -> float:
    return float(root(page).get_attribute("data-time"))


def expect_moment(page, time: float) -> None:
    expect(root(page)).to_have_attribute("data-time", f"{time:g}")


def legend(page, panel: int, chart: int = 0) -> list[float]:
    """The numbers beside the names of a chart's lines."""
    chart = page.locator(".panel").nth(panel).locator(".chart").nth(chart)
    texts = chart.locator(".keys b").all_inner_texts()
    return [float(text.replace("−", "-")) for text in texts if text]


def picture(page, panel: int, square: int) -> np.ndarray:
    """(H, W, 3) of one of a panel's pictures."""
    canvas = page.locator(".panel").nth(panel).locator(".pictures canvas").nth(square)
    width, *values = canvas.evaluate(PIXELS)
    return np.array(values).reshape(-1, width, 4)[..., :3]


def frame_of(loss: str, time: float, **settings) -> Frame:
    config = PlaneConfig(loss=loss, **({"target": "ring"} | QUICK | settings))
    return next(frame for frame in frames(config) if frame.time == time)


def test_both_panels_show_the_figures_that_python_computes_at_the_moment_of_the_link(page):
    open_plane(page, at=8, right="non-saturating", chart="jsd")
    expect_moment(page, 8)
    for panel, loss in enumerate(("minimax", "non-saturating")):
        frame = frame_of(loss, 8)
        assert legend(page, panel) == pytest.approx([frame.value, frame.best], abs=0.001)
        assert legend(page, panel, chart=1) == pytest.approx([frame.jsd], abs=0.001)


def rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def test_the_heat_map_is_blue_where_d_says_real_and_orange_where_it_says_fake(page):
    """Every cell against the colour that its opinion has on a white page."""
    open_plane(page, at=250, layers="", beside="optimum")
    opinion = frame_of("minimax", 250).discriminator.reshape(40, 40)[::-1]  # the top row first
    sure = 0.72 * np.abs(2.0 * opinion - 1.0)[..., None] ** 0.85
    full = np.where(opinion[..., None] < 0.5, rgb(CLASS_COLOURS[1]), rgb(CLASS_COLOURS[0]))
    expected = 255.0 + (full - 255.0) * sure
    shown = picture(page, 0, 0)
    at = ((np.arange(40) + 0.5) / 40 * len(shown)).astype(int)
    errors = np.abs(shown[np.ix_(at, at)] - expected).max(axis=2)
    assert np.ptp(expected) > 40  # there is something to see
    assert np.median(errors) < 4
    assert np.mean(errors > 16) < 0.2  # beneath the line, and where the map is steep


def test_d_s_step_leaves_the_fakes_and_g_s_step_leaves_d(page):
    open_plane(page, at=0, layers="fakes", beside="made")
    start = [picture(page, 0, square) for square in (0, 1)]
    page.get_by_role("button", name="D step").click()
    expect(page.locator(".where")).to_have_text("update 1, after D’s step")
    after_d = [picture(page, 0, square) for square in (0, 1)]
    page.get_by_role("button", name="G step").click()
    expect(page.locator(".where")).to_have_text("update 1, after G’s step")
    after_g = [picture(page, 0, square) for square in (0, 1)]
    assert np.any(after_d[0] != start[0])  # D's map has changed,
    assert np.array_equal(after_d[1], start[1])  # the densities have not;
    assert np.any(after_g[1] != after_d[1])  # then the fakes move.


def test_a_film_plays_without_a_message_until_it_is_paused(page):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_plane(page, at=0)
    resting(page, sent)
    before = len(sent)
    page.get_by_label("Speed").select_option("¼×")
    page.get_by_role("button", name="Play").click()
    seen = set()
    eventually(page, lambda: seen.add(moment(page)) or len(seen) > 5)
    assert len(sent) == before
    page.get_by_role("button", name="Pause").click()
    expect(page).to_have_url(re.compile("plane_at=[1-9]"))
    assert len(sent) == before + 1
    told = float(link(page)["at"])
    eventually(page, lambda: moment(page) == pytest.approx(told, abs=0.01))


def test_a_film_without_a_moment_in_its_link_plays_from_the_start_to_the_end(page):
    open_plane(page, seed=1)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_label("Speed").select_option("4×")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect_moment(page, 250)


def test_without_motion_the_end_stands_still(page):
    page.emulate_media(reduced_motion="reduce")
    open_plane(page)
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect_moment(page, 250)


def test_dragging_over_a_curve_moves_all_panels_and_the_link(page):
    open_plane(page, at=0)
    box = page.locator(".panel").nth(1).locator(".chart canvas").first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 60, y)
    page.mouse.down()
    middle = box["x"] + 40 + (box["width"] - 48) / 2
    page.mouse.move(middle, y, steps=5)
    page.mouse.up()
    resting(page)
    assert moment(page) == pytest.approx(125, abs=4)
    assert float(link(page)["at"]) == moment(page)
    frame = frame_of("minimax", moment(page))
    assert legend(page, 0)[0] == pytest.approx(frame.value, abs=0.001)


def test_keys_step_scrub_and_play(page):
    open_plane(page, at=0)
    bar = page.get_by_label("Moment of the training")
    bar.focus()
    for key, time in (("ArrowRight", 0.5), ("ArrowRight", 1), ("d", 1.5), ("g", 2), ("d", 2.5)):
        page.keyboard.press(key)
        expect_moment(page, time)
    assert bar.get_attribute("aria-valuetext") == "update 3, after D’s step"
    page.keyboard.press("End")
    expect_moment(page, 250)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_a_closer_look_keeps_every_half_step_from_there(page):
    open_plane(page, updates=1000, at=400)
    start = moment(page)
    next_film(page, page.get_by_role("button", name="Every step from here").click)
    assert float(link(page)["close"]) == start
    expect_moment(page, start)
    for halves in range(1, 6):
        page.get_by_label("Moment of the training").press("ArrowRight")
        expect_moment(page, start + 0.5 * halves)


def test_what_is_looked_at_stands_in_the_link_and_comes_back(page):
    open_plane(page, at=8)
    page.get_by_label("pushes").uncheck()
    page.get_by_role("button", name="densities").click()
    page.get_by_label("second chart").select_option("push on the fakes")
    resting(page)
    view = link(page)
    assert (view["layers"], view["beside"], view["chart"]) == ("targets_fakes", "made", "push")
    url = page.url
    shown = picture(page, 0, 1)
    assert shown.std() > 5
    page.goto(url)
    expect(page.locator(".theatre .panel").first).to_be_visible()
    expect_moment(page, 8)
    assert not page.get_by_label("pushes").is_checked()
    resting(page)  # until its size has settled
    assert np.abs(picture(page, 0, 1) - shown).max() <= 1
    assert legend(page, 0, chart=1) == pytest.approx([frame_of("minimax", moment(page)).push], 0.01)


def train_on_drawing(page) -> None:
    next_film(page, page.get_by_role("button", name="Train on this drawing").click)


def test_a_painting_becomes_the_target(page):
    open_plane(page, target="drawn", at=0)
    expect(page.get_by_role("button", name="Smile")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("button", name="Train on this drawing")).to_be_disabled()
    box = page.locator(".painter canvas").bounding_box()
    y = box["y"] + 0.25 * box["height"]
    page.mouse.move(box["x"] + 0.2 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], y, steps=4)
    page.mouse.up()
    train_on_drawing(page)
    painted = read_painting(link(page)["ink"])
    rows, columns = np.nonzero(painted)
    assert set(rows) == {7, 8, 9}
    assert (columns.min(), columns.max()) == (pytest.approx(5, abs=1), pytest.approx(26, abs=1))
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_keys_paint_and_rub_single_cells(page):
    open_plane(page, target="drawn", at=0)
    page.get_by_role("button", name="Clear").click()
    field = page.locator(".painter canvas")
    field.focus()
    for key in ("ArrowRight", "ArrowDown", "Space", "ArrowRight", "Space", "Space", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Space")
    expect(page.locator(".painter .spoken")).to_contain_text("column 3, row 3: painted")
    train_on_drawing(page)
    assert list(zip(*np.nonzero(read_painting(link(page)["ink"])), strict=True)) == [(1, 1), (2, 2)]


def test_a_density_is_drawn_over_the_line_by_keys_and_pointer(page):
    open_plane(page, axes=1, target="drawn", at=0)
    page.get_by_role("button", name="Clear").click()
    page.locator(".painter canvas").focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    box = page.locator(".painter canvas").bounding_box()
    page.mouse.click(box["x"] + 0.51 * box["width"], box["y"] + 2)
    train_on_drawing(page)
    heights = read_heights(link(page)["ink"])
    assert (heights[1], heights[20]) == (2, 15)
    assert np.count_nonzero(heights) == 2


def test_a_ready_drawing_is_trained_on_at_once(page):
    open_plane(page, axes=1, target="drawn", at=0)
    next_film(page, page.get_by_role("button", name="Valley").click)
    assert link(page)["ink"] == ready_drawings(1)["Valley"]
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_stop_ends_a_long_training_and_goes_back_to_the_film_before(page):
    open_plane(page, at=10, d_steps=5)
    knob = page.get_by_role("button", name="Knobs")
    knob.click()
    updates = page.get_by_role("slider", name="Updates")
    updates.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    stop = page.get_by_role("button", name="Stop training")
    expect(stop).to_be_visible()
    next_film(page, stop.click)
    expect(stop).to_have_count(0)
    assert link(page)["updates"] == "250"
    assert page.locator(".theatre .panel").count() == 2


@pytest.mark.parametrize("axes", [1, 2])
def test_the_first_screen_holds_pictures_and_curves(page, axes):
    target = {"target": "uniform"} if axes == 1 else {}
    open_plane(page, axes=axes, at=250, **target)
    for part in (".transport", ".pictures", ".charts"):
        box = page.locator(part).last.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 900, part


def test_nothing_is_cut_off_on_a_narrow_screen(page):
    page.set_viewport_size({"width": 1000, "height": 1200})
    open_plane(page, at=250)
    resting(page)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("node => node.scrollWidth <= node.clientWidth")
    inner = root(page).bounding_box()
    for part in page.locator(".theatre canvas, .theatre button, .theatre select").all():
        box = part.bounding_box()
        if box:
            assert box["x"] + box["width"] <= inner["x"] + inner["width"] + 1


def test_the_dark_theme_has_light_text_and_a_dark_map(dark_page):
    open_plane(dark_page, at=0, layers="", beside="made")
    colour = root(dark_page).evaluate("node => getComputedStyle(node).color")
    assert min(int(part) for part in re.findall(r"\d+", colour)[:3]) > 180
    assert np.median(picture(dark_page, 0, 1)) < 60  # nothing has mass at the rim


def test_every_formula_of_the_maths_is_set(page):
    open_plane(page, at=0)
    page.get_by_text("The maths").click()
    expect(page.locator(".katex-display")).to_have_count(4)
    assert page.locator(".katex-error").count() == 0
