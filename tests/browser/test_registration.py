"""The registration theatre under the hand, in Chromium."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from genlab.registration.em import register
from genlab.registration.states import lines
from genlab.ui.registration_problem import em_config, problem_of, start_of
from genlab.ui.registration_view import read_view
from tests.browser.waiting import resting

SMALL = {"points": "10", "steps": "8", "pi": "uniform"}
LINES = """async ([points, targets, matching, module]) => {
  const { allLines } = await import(module);
  const found = allLines(matching, Float64Array.from(points), Float64Array.from(targets));
  return [found.source, found.target, found.weight];
}"""


def open_registration(page, **link) -> None:
    parameters = SMALL | link
    page.goto("/registration?" + "&".join(f"{name}={value}" for name, value in parameters.items()))
    expect(root(page)).to_have_attribute("data-time", re.compile(".+"))
    resting(page)


def root(page):
    return page.locator(".genlab-root:has(.theatre)")


def link(page) -> dict[str, str]:
    parts = (part.split("=") for part in page.url.partition("?")[2].split("&"))
    return {name: value.replace("%2C", ",") for name, value in parts}


def expect_time(page, time: float) -> None:
    expect(root(page)).to_have_attribute("data-time", f"{time:g}")


def figures(page) -> str:
    return page.locator(".figures").inner_text()


def states_of(**changes):
    view = read_view(SMALL | changes)
    problem = problem_of(view)
    start = start_of(view.start, problem.middle)
    return problem, list(register(problem.source, problem.target, em_config(view), start))


def test_the_figures_at_the_moment_of_a_link_are_those_of_python(page):
    open_registration(page, at=2.5)
    _, states = states_of()
    words = figures(page).replace("−", "-")
    T = states[2].transform.translation
    assert f"T ({T[0]:.2f}, {T[1]:.2f})" in words
    assert f"{states[2].log_likelihood:.1f} nats" in words
    assert f"rms {states[2].rms:.3f}" in words


@pytest.mark.parametrize("changes", [{}, {"pi": "mixture", "weight": "0.2"}, {"pi": "learned"}])
def test_the_lines_of_the_browser_are_the_strongest_pairs_of_python(page, changes):
    open_registration(page, **changes)
    problem, states = states_of(**changes)
    matching = states[3].matching
    linear = np.eye(3)
    linear[:2, :2] = matching.transform.linear
    told = {
        "each": matching.each,
        "linear": linear.ravel().tolist(),
        "translation": [*matching.transform.translation, 0.0],
        "sigma": matching.sigma,
        "background": matching.background,
        "reach": 1e9,
    }
    in_space = [np.pad(cloud, ((0, 0), (0, 1))) for cloud in (problem.source, problem.target)]
    address = page.evaluate(
        "performance.getEntriesByType('resource').map(e => e.name)"
        ".find(name => name.endsWith('registration_match.js'))"
    )
    clouds = [cloud.ravel().tolist() for cloud in in_space]
    found = page.evaluate(LINES, [*clouds, told, address])
    expected = lines(states[3], problem.source, problem.target, count=12, least=0.01)
    pairs = {(int(i), int(j)): w for i, j, w in zip(*expected, strict=True)}
    assert {(i, j) for i, j, _ in zip(*found, strict=True)} == set(pairs)
    for i, j, weight in zip(*found, strict=True):
        assert weight == pytest.approx(pairs[i, j], abs=1e-4)


def test_e_and_m_steps_stop_apart_and_stand_in_the_link(page):
    page.emulate_media(reduced_motion="reduce")
    open_registration(page, at=0)
    for name, time in (("E step", 0.5), ("M step", 1), ("M step", 2), ("E step", 2.5)):
        page.get_by_role("button", name=name).click()
        expect_time(page, time)
    resting(page)
    assert link(page)["at"] == "2.5"


def test_an_m_step_glides_and_stops(page):
    open_registration(page, at=0.5)
    page.get_by_role("button", name="M step").click()
    expect(root(page)).to_have_attribute("data-playing", "true")
    expect_time(page, 1)
    expect(root(page)).to_have_attribute("data-playing", "false")


def test_a_film_plays_without_a_message_to_its_end(page):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_registration(page, at=0)
    resting(page, sent)
    before = len(sent)
    page.get_by_label("Speed").select_option("2×")
    page.get_by_role("button", name="Play").click()
    expect(root(page)).to_have_attribute("data-playing", "true")
    page.wait_for_timeout(300)
    assert len(sent) == before
    expect(root(page)).to_have_attribute("data-playing", "false")
    assert float(root(page).get_attribute("data-time")) % 1 == 0.5


def test_a_drag_sets_the_start_and_em_runs_from_there(page):
    open_registration(page, at=0)
    box = page.locator(".scene canvas").first.bounding_box()
    x, y = box["x"] + 0.3 * box["width"], box["y"] + 0.8 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=4)
    expect(page.locator(".figures")).to_contain_text("Start: T")
    shown = [float(n) for n in re.findall(r"[−\d.]+", figures(page).replace("−", "-"))[:2]]
    page.mouse.up()
    expect(page).to_have_url(re.compile("start="))
    resting(page)
    start = [float(part) for part in link(page)["start"].split(",")]
    assert start[:2] == pytest.approx(shown, abs=0.006)
    assert min(start[:2]) > 0.1
    assert start[2] == 0
    expect(page.get_by_role("button", name="Put it back")).to_be_enabled()
    page.get_by_role("button", name="Put it back").click()
    expect(page).not_to_have_url(re.compile("start="))


def test_keys_move_turn_and_step_without_a_mouse(page):
    page.emulate_media(reduced_motion="reduce")
    open_registration(page, at=0)
    canvas = page.locator(".scene canvas").first
    canvas.focus()
    for key in ("ArrowRight", "ArrowUp", "["):
        canvas.press(key)
    expect(page).to_have_url(re.compile("start="))
    resting(page)
    x, y, degrees = (float(part) for part in link(page)["start"].split(","))
    assert min(x, y) > 0
    assert degrees == pytest.approx(5, abs=0.01)
    canvas.press("Home")
    canvas.press("e")
    expect_time(page, 0.5)
    assert "Arrow keys move the source" in canvas.get_attribute("aria-label")


def test_dragging_over_a_curve_moves_the_film(page):
    open_registration(page, at=0)
    box = page.locator(".chart .plot").first.bounding_box()
    middle = box["x"] + 44 + (box["width"] - 52) / 2
    page.mouse.click(middle, box["y"] + box["height"] / 2)
    last = len(states_of()[1]) - 1
    expect_time(page, last / 2)
    resting(page)
    assert float(link(page)["at"]) == last / 2


def test_icp_stands_beside_em_in_lockstep(page):
    open_registration(page, beside="icp", at=1)
    assert page.locator(".scene:visible").count() == 2
    assert "ICP: T (" in figures(page)
    expect(page.locator("figcaption").nth(1)).to_have_text("ICP")


def test_space_has_the_same_controls_and_a_view_to_turn(page):
    open_registration(page, cloud="knot", model="rigid", pi="mixture", at=1)
    canvas = page.locator(".scene canvas").first
    before = canvas.screenshot()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 280, box["y"] + 200, steps=4)
    page.mouse.up()
    resting(page)
    assert link(page)["yaw"] == "-2"
    assert "start" not in link(page)
    assert canvas.screenshot() != before
    page.get_by_role("button", name="E step").click()
    expect_time(page, 1.5)


def test_a_drawing_becomes_the_cloud(page):
    open_registration(page, cloud="drawn", at=0)
    page.get_by_role("button", name="Smile").click()
    expect(page).to_have_url(re.compile("ink="))
    resting(page)
    expect(page.get_by_role("button", name="Register this drawing")).to_be_enabled()


@pytest.mark.parametrize("width", [1000, 1400])
def test_nothing_is_cut_off(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    open_registration(page, beside="icp", at=1)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_the_first_screen_holds_clouds_and_curves(page):
    open_registration(page, at=1)
    for part in (".transport", ".scene canvas", ".chart >> nth=2"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] + box["height"] <= 900, part


def test_the_dark_theme_has_light_text(dark_page):
    open_registration(dark_page, at=0)
    colour = root(dark_page).evaluate("node => getComputedStyle(node).color")
    assert min(int(part) for part in re.findall(r"\d+", colour)[:3]) > 180


def test_every_formula_of_the_maths_is_set(page):
    open_registration(page)
    page.get_by_text("The maths").click()
    expect(page.locator(".katex-display")).to_have_count(5)
    assert page.locator(".katex-error").count() == 0
