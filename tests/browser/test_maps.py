"""The linked maps under the hand, in Chromium."""

import math
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from genlab.data.images import load_split
from genlab.explore.latent import decode
from genlab.explore.maps import load_map
from genlab.explore.selection import selection_text
from genlab.runs.folder import find_run, load_array
from genlab.runs.models import load_model
from tests.browser.server import watched_page
from tests.browser.waiting import resting

PIXELS = """canvas => Array.from(
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
).filter((_, i) => i % 4 === 0)"""
LINK = "/maps?left=vae-fashion&left_map=pca&right=cvae-fashion&right_map=pca&align=0"
TEST = load_split("fashion", "test")
MARGIN = 0.94  # the share of the plot's shorter side that a map fills


def open_maps(page, link: str = LINK) -> None:
    page.goto(link)
    for place in "ab":
        expect(plot(page, place)).to_have_attribute("data-state", "ready")
    expect(page.locator(".gallery h3")).to_contain_text("showing")
    resting(page)


def plot(page, place: str):
    return page.locator(f"[data-map={place}]")


@pytest.fixture(scope="module")
def shown(chromium, server):
    """One page for all tests that leave it as they found it."""
    with watched_page(chromium, server) as page:
        open_maps(page)
        yield page


@pytest.fixture
def maps(shown):
    """The page with both maps as PCA, nothing chosen, nothing hidden, nothing zoomed."""
    scroll_up(shown)
    shown.get_by_role("button", name="Reset").click()
    show_all = shown.get_by_role("button", name="Show all")
    if show_all.is_visible():
        show_all.click()
    plot(shown, "a").focus()
    shown.keyboard.press("Escape")
    expect(shown.locator(".summary")).to_have_text(
        "10,000 images, none chosen. Drag round points to choose some."
    )
    return shown


def scroll_up(page) -> None:
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")


def screen_places(page, place: str, method: str = "pca") -> np.ndarray:
    """Where a map without zoom draws the images: (N, 2), pixels of the window."""
    run = find_run({"a": "vae-fashion", "b": "cvae-fashion"}[place])
    embedding = load_map(run, method)
    box = plot(page, place).bounding_box()
    low, high = embedding.min(axis=0), embedding.max(axis=0)
    unit = (embedding - (low + high) / 2) / ((high - low).max() / 2)
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    side = min(box["width"], box["height"]) - 2  # without the border
    return middle + unit * [1, -1] * MARGIN * side / 2


def loneliest(places: np.ndarray) -> int:
    """The image whose nearest neighbour is farthest: a pointer cannot mean another."""
    some = np.flatnonzero(np.isfinite(places[:, 0]))[::20]
    distances = np.linalg.norm(places[some, None] - places[None], axis=2)
    distances[np.arange(len(some)), some] = np.inf  # of itself
    return int(some[distances.min(axis=1).argmax()])


def inside(places: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Which places (N, 2) lie in the polygon (M, 2), by the even-odd rule: (N,) bool."""
    x, y = places.T
    odd = np.zeros(len(places), bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            odd ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return odd


def circle(page, place: str, radius: float, dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
    """Corners of a lasso round a point dx, dy off the middle of a plot: (17, 2) pixels."""
    box = plot(page, place).bounding_box()
    x, y = box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy
    angles = np.linspace(0, 2 * math.pi, 17)
    return np.column_stack([x + radius * np.cos(angles), y + radius * np.sin(angles)])


def drag(page, corners: np.ndarray, *, release: bool = True) -> None:
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner)
    if release:
        page.mouse.up()


def chosen(page) -> int:
    return int(page.locator(".genlab-root").get_attribute("data-chosen"))


def python_says(page):
    return page.get_by_test_id("stCaptionContainer").filter(has_text="chosen")


def pixels(canvas) -> np.ndarray:
    return np.array(canvas.evaluate(PIXELS))


def card(page, place: str, kind: str = "hovered"):
    return plot(page, place).locator(f".card.{kind}")


def test_hover_shows_the_image_its_class_and_both_reconstructions(maps):
    image = loneliest(screen_places(maps, "a"))
    maps.mouse.move(*screen_places(maps, "a")[image])
    for place, name in (("a", "vae-fashion"), ("b", "cvae-fashion")):
        expect(plot(maps, place)).to_have_attribute("data-image", str(image))
        title = card(maps, place).locator(".line")
        expect(title).to_have_text(f"{TEST.info.classes[TEST.labels[image]]}#{image}")
        original, rebuilt = card(maps, place).locator("canvas").all()
        assert (pixels(original) == TEST.images[image].ravel()).all()

        run = find_run(name)
        z = load_array(run, "latents/mu")[image]
        wanted = decode(load_model(run), z, int(TEST.labels[image])).ravel()
        assert np.abs(pixels(rebuilt) / 255 - wanted).max() <= 1 / 255


def test_hover_rings_the_same_image_where_the_other_map_has_it(maps):
    image = loneliest(screen_places(maps, "a"))
    maps.mouse.move(*screen_places(maps, "a")[image])
    ring = plot(maps, "b").locator(".marker").bounding_box()
    centre = [ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2]
    assert np.abs(screen_places(maps, "b")[image] - centre).max() < 1.5


def test_lasso_chooses_what_it_holds_while_it_is_drawn_in_both_maps(maps):
    before = plot(maps, "b").screenshot()
    lasso = circle(maps, "a", 60)
    drag(maps, lasso, release=False)
    wanted = inside(screen_places(maps, "a"), lasso)
    expect(maps.locator(".summary")).to_contain_text(f"{wanted.sum():,} of 10,000 chosen")
    assert plot(maps, "b").screenshot() != before
    maps.mouse.up()


def test_lasso_reaches_python_and_the_link(maps):
    lasso = circle(maps, "b", 70, dx=30)
    drag(maps, lasso)
    wanted = inside(screen_places(maps, "b"), lasso)
    expect(python_says(maps)).to_contain_text(f"{wanted.sum():,} images chosen")
    expect(maps.get_by_role("status")).to_contain_text(f"{wanted.sum():,} of 10,000 chosen")
    resting(maps)
    assert f"sel={selection_text(wanted)}" in maps.url


def test_shift_adds_alt_removes_and_escape_clears(maps):
    first, second = circle(maps, "a", 50, dx=-40), circle(maps, "a", 50, dx=20)
    places = screen_places(maps, "a")
    drag(maps, first)
    maps.keyboard.down("Shift")
    drag(maps, second)
    maps.keyboard.up("Shift")
    both = inside(places, first) | inside(places, second)
    expect(maps.locator(".summary")).to_contain_text(f"{both.sum():,} of 10,000 chosen")
    maps.keyboard.down("Alt")
    drag(maps, second)
    maps.keyboard.up("Alt")
    rest = inside(places, first) & ~inside(places, second)
    expect(maps.locator(".summary")).to_contain_text(f"{rest.sum():,} of 10,000 chosen")
    maps.keyboard.press("Escape")
    expect(maps.locator(".summary")).to_contain_text("none chosen")


def test_empty_spot_decodes_the_mean_of_its_ten_nearest_latents(maps):
    box = plot(maps, "a").bounding_box()
    spot = np.array([box["x"] + 20, box["y"] + box["height"] - 20])
    places = screen_places(maps, "a")
    nearest = np.argsort(np.linalg.norm(places - spot, axis=1))[:10]
    maps.mouse.click(*spot)
    labels, votes = np.unique(TEST.labels[nearest], return_counts=True)
    label = int(labels[votes.argmax()])
    for place, name in (("a", "vae-fashion"), ("b", "cvae-fashion")):
        probe = card(maps, place, "probe")
        expect(probe).to_contain_text(f"{votes.max()} of 10 are {TEST.info.classes[label]}.")
        run = find_run(name)
        z = load_array(run, "latents/mu")[nearest].mean(axis=0)
        wanted = decode(load_model(run), z, label).ravel()
        assert np.abs(pixels(probe.locator("canvas").first) / 255 - wanted).max() <= 1 / 255
    expect(card(maps, "a", "probe")).to_contain_text("Far from every image")


def test_legend_hides_a_class_and_double_click_shows_it_alone(maps):
    sneaker = maps.get_by_role("button", name="Sneaker", exact=True)
    sneaker.click()
    expect(sneaker).to_have_attribute("aria-pressed", "false")
    expect(maps.locator(".summary")).to_contain_text("9,000 of 10,000 images")
    scroll_up(maps)
    image = int(np.flatnonzero(TEST.labels == 7)[0])
    maps.mouse.move(*screen_places(maps, "a")[image])
    expect(plot(maps, "a")).not_to_have_attribute("data-image", str(image))
    expect(maps).to_have_url(re.compile("hide=7"))
    sneaker.dblclick()
    expect(maps.locator(".summary")).to_contain_text("1,000 of 10,000 images")
    scroll_up(maps)
    lasso = circle(maps, "a", 150)
    drag(maps, lasso)
    wanted = inside(screen_places(maps, "a"), lasso) & (TEST.labels == 7)
    expect(maps.locator(".summary")).to_contain_text(f"{wanted.sum():,} of 1,000 chosen")
    expect(python_says(maps)).to_contain_text(
        f"{wanted.sum():,} images chosen, 100% of them Sneaker"
    )


def test_gallery_shows_chosen_images_and_marks_the_one_pointed_at(maps):
    lasso = circle(maps, "a", 25)
    drag(maps, lasso)
    wanted = inside(screen_places(maps, "a"), lasso)
    heading = maps.locator(".gallery h3")
    expect(heading).to_contain_text(f"of {wanted.sum():,}")
    tiles = maps.locator(".gallery canvas")
    tiles.scroll_into_view_if_needed()
    tiles.hover(position={"x": 20, "y": 20})
    marked = int(plot(maps, "b").get_attribute("data-image"))
    assert wanted[marked]
    assert marked == int(plot(maps, "a").get_attribute("data-image"))


def test_keys_step_from_point_to_point_choose_zoom_and_reset(maps):
    field = plot(maps, "a")
    field.focus()
    maps.keyboard.press("ArrowRight")
    first = int(field.get_attribute("data-image"))
    maps.keyboard.press("ArrowRight")
    second = int(field.get_attribute("data-image"))
    places = screen_places(maps, "a")
    assert places[second][0] > places[first][0]
    expect(maps.get_by_role("status")).to_contain_text(f"Image {second}, ")
    maps.keyboard.press("Enter")
    expect(maps.locator(".summary")).to_contain_text("1 of 10,000 chosen")
    expect(python_says(maps)).to_contain_text("1 images chosen")
    maps.keyboard.press("d")
    expect(card(maps, "a", "probe")).to_contain_text("Mean of 10 nearest")
    maps.keyboard.press("+")
    expect(field).to_have_attribute("data-zoom", "1.35")
    maps.keyboard.press("0")
    expect(field).to_have_attribute("data-zoom", "1.00")


def test_wheel_zooms_at_the_pointer_and_a_double_click_resets_and_keeps_the_choice(maps):
    drag(maps, circle(maps, "a", 60))
    summary = maps.locator(".summary").inner_text()
    box = plot(maps, "a").bounding_box()
    places = screen_places(maps, "a")
    lower_left = places - [box["x"], box["y"]] - [box["width"] / 2, box["height"] / 2] < [-60, 60]
    image = loneliest(np.where((lower_left == [True, False]).all(axis=1)[:, None], places, np.inf))
    maps.mouse.move(*places[image])
    maps.mouse.wheel(0, -400)
    expect(plot(maps, "a")).to_have_attribute("data-zoom", "1.82")
    ring = plot(maps, "a").locator(".marker").bounding_box()
    assert abs(ring["x"] + ring["width"] / 2 - places[image][0]) < 1.5
    assert abs(ring["y"] + ring["height"] / 2 - places[image][1]) < 1.5
    maps.mouse.dblclick(box["x"] + 6, box["y"] + 6)
    expect(plot(maps, "a")).to_have_attribute("data-zoom", "1.00")
    expect(maps.locator(".summary")).to_have_text(summary)


def test_right_button_pans_without_choosing(maps):
    image = loneliest(screen_places(maps, "a"))
    place = screen_places(maps, "a")[image]
    box = plot(maps, "a").bounding_box()
    maps.mouse.move(box["x"] + 200, box["y"] + 200)
    maps.mouse.down(button="right")
    maps.mouse.move(box["x"] + 230, box["y"] + 190, steps=4)
    maps.mouse.up(button="right")
    maps.mouse.move(*np.add(place, [30, -10]))
    expect(plot(maps, "a")).to_have_attribute("data-image", str(image))
    assert chosen(maps) == 0


def test_png_holds_both_maps_and_csv_every_image(maps, tmp_path):
    drag(maps, circle(maps, "a", 60))
    expect(python_says(maps)).to_contain_text("images chosen")
    with maps.expect_download() as png:
        maps.get_by_role("button", name="Save PNG").click()
    png.value.save_as(tmp_path / "maps.png")
    width, height = np.frombuffer((tmp_path / "maps.png").read_bytes()[16:24], ">u4")
    box = plot(maps, "a").bounding_box()
    assert width > 4 * box["width"]  # two maps at twice the size
    assert height > 2 * box["height"]

    with maps.expect_download() as csv:
        maps.get_by_role("button", name="Save CSV").click()
    csv.value.save_as(tmp_path / "maps.csv")
    rows = (tmp_path / "maps.csv").read_text().splitlines()
    assert len(rows) == 10_001
    assert sum(row.endswith(",1") for row in rows) == chosen(maps)


def test_lost_graphics_context_is_restored_with_its_points(maps):
    plot(maps, "a").locator(".points").evaluate(
        """async canvas => {
          const lose = canvas.getContext("webgl").getExtension("WEBGL_lose_context");
          const restored = new Promise(
            done => canvas.addEventListener("webglcontextrestored", () => setTimeout(done, 100)));
          lose.loseContext();
          setTimeout(() => lose.restoreContext(), 50);
          await restored;
        }"""
    )
    assert coloured_pixels(maps, "a") > 3000


def coloured_pixels(page, place: str) -> int:
    """How many pixels of a plot's points are not transparent, read from the picture it saves."""
    return page.evaluate(
        """async bytes => {
          const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
          context.drawImage(bitmap, 0, 0);
          const { data } = context.getImageData(20, 20, bitmap.width - 40, bitmap.height - 40);
          let count = 0;
          for (let i = 0; i < data.length; i += 4)
            count += Math.max(data[i], data[i + 1], data[i + 2])
                   - Math.min(data[i], data[i + 1], data[i + 2]) > 40;
          return count;
        }""",
        list(plot(page, place).screenshot()),
    )


def test_link_shows_the_same_choice_hidden_classes_and_maps(page):
    wanted = np.zeros(10_000, bool)
    wanted[[3, 5000, 9999]] = True
    shown = wanted & ~np.isin(TEST.labels, [0, 2])
    text = selection_text(wanted)
    open_maps(page, f"{LINK}&hide=0_2&sel={text}")
    expect(page.locator(".summary")).to_contain_text(f"{shown.sum()} of 8,000 chosen")
    expect(python_says(page)).to_contain_text(f"{shown.sum()} images chosen")
    assert f"sel={text}" in page.url
    expect(page.get_by_role("button", name="Pullover", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    expect(page.get_by_role("combobox", name="Left map")).to_have_value("PCA")


def test_link_shows_the_same_detail_of_a_map(page):
    open_maps(page)
    box = plot(page, "a").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.wheel(0, -400)
    expect(page).to_have_url(re.compile("left_zoom=[-0-9.]+_[-0-9.]+_1.822"))
    open_maps(page, page.url)
    expect(plot(page, "a")).to_have_attribute("data-zoom", "1.82")
    expect(plot(page, "b")).to_have_attribute("data-zoom", "1.00")
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.dblclick(box["x"] + 6, box["y"] + 6)
    expect(page).not_to_have_url(re.compile("left_zoom"))


def test_choice_survives_another_projection_and_another_page(page):
    open_maps(page)
    drag(page, circle(page, "a", 60))
    expect(python_says(page)).to_contain_text("images chosen")
    count = chosen(page)
    page.get_by_test_id("stCheckbox").get_by_text("Align").click()
    expect(plot(page, "b")).to_have_attribute("aria-label", re.compile("aligned"))
    expect(plot(page, "b")).to_have_attribute("data-state", "ready")
    assert chosen(page) == count
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Home").click()
    expect(page.locator(".genlab-root .maps")).to_have_count(0)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Latent maps").click()
    expect(page.locator(".summary")).to_contain_text(f"{count:,} of 10,000 chosen")


def test_dark_theme_has_dark_maps_and_light_words(dark_page):
    open_maps(dark_page)
    background = plot(dark_page, "a").evaluate("node => getComputedStyle(node).backgroundColor")
    words = dark_page.locator(".summary").evaluate("node => getComputedStyle(node).color")
    assert brightness(background) < 60
    assert brightness(words) > 200


def brightness(colour: str) -> float:
    """Of "rgb(r, g, b)", 0 to 255."""
    return float(np.mean([float(part) for part in colour[4:-1].split(",")]))


@pytest.fixture(scope="module")
def plain(chromium, server):
    """The maps on a touch screen without WebGL, for somebody who does not like motion."""
    with watched_page(chromium, server, has_touch=True, reduced_motion="reduce") as page:
        page.add_init_script(
            """const real = HTMLCanvasElement.prototype.getContext;
            HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
              return kind.startsWith("webgl") ? null : real.call(this, kind, ...rest);
            };"""
        )
        open_maps(page)
        yield page


def test_without_webgl_a_canvas_draws_the_points_and_says_so(plain):
    expect(plain.locator(".summary")).to_contain_text("Drawn without WebGL")
    assert coloured_pixels(plain, "a") > 3000


def test_one_finger_lassos_and_two_zoom(plain):
    touch = plain.context.new_cdp_session(plain)

    def fingers(kind: str, *points) -> None:
        spots = [{"x": float(x), "y": float(y), "id": i} for i, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})

    lasso = circle(plain, "a", 60)[::4]  # every move draws the points anew
    fingers("touchStart", lasso[0])
    for corner in lasso[1:]:
        fingers("touchMove", corner)
    fingers("touchEnd")
    wanted = inside(screen_places(plain, "a"), lasso).sum()
    expect(plain.locator(".summary")).to_contain_text(f"{wanted:,} of 10,000 chosen")

    box = plot(plain, "a").bounding_box()
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    for kind, reach in (("Start", 20), ("Move", 25), ("Move", 30), ("Move", 40)):
        apart = np.array([reach, 0.0])
        fingers(f"touch{kind}", middle - apart, middle + apart)
    fingers("touchEnd")
    expect(plot(plain, "a")).to_have_attribute("data-zoom", re.compile(r"1\.9\d|2\.0\d"))
    expect(plain.locator(".summary")).to_contain_text(f"{wanted:,} of 10,000 chosen")


def test_points_jump_where_motion_is_not_wanted(plain):
    resting(plain)  # after the test before
    plot(plain, "b").evaluate(
        """node => {
          node.seen = [];
          new MutationObserver(() => node.seen.push(node.dataset.state))
            .observe(node, { attributeFilter: ["data-state"] });
        }"""
    )
    plain.get_by_test_id("stCheckbox").get_by_text("Align").click()
    expect(plot(plain, "b")).to_have_attribute("aria-label", re.compile("aligned"))
    expect(plot(plain, "b")).to_have_attribute("data-state", "ready")
    states = plot(plain, "b").evaluate("node => node.seen")
    assert states[-1] == "ready"
    assert "moving" not in states


def test_live_tsne_moves_the_points_and_stops_when_told(page):
    open_maps(page)
    before = plot(page, "a").screenshot()
    page.get_by_role("button", name="Live t-SNE").click()
    page.get_by_label("Steps").fill("1000")
    page.get_by_label("Steps").press("Tab")
    page.get_by_role("button", name="Start left").click()
    live = page.locator(".live").first
    expect(live).to_contain_text("of 1000, KL")
    expect(live).to_contain_text(re.compile(r"step [1-9]\d* of"))
    page.keyboard.press("Escape")
    live.get_by_role("button", name="Stop").click()
    expect(plot(page, "a")).to_have_attribute("data-live", "stopped")
    expect(live.get_by_role("button", name="Stop")).to_have_count(0)
    resting(page)
    words = live.inner_text()
    page.wait_for_timeout(600)
    assert live.inner_text() == words  # it stays where it stopped
    assert plot(page, "a").screenshot() != before
    assert "left_map=live" in page.url
