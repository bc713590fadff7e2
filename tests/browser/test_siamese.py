"""The Siamese page in Chromium: a threshold under the hand, the film, and pictures that ask."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from genlab.explore.own_pictures import ink_greys
from genlab.explore.siamese import accuracy_interval
from genlab.explore.siamese_view import RAW, bench, film_places, rates_at, raw_bench
from genlab.jobs.queue import change
from genlab.runs.film import load_film
from genlab.ui.components import components_version
from genlab.ui.siamese_query import query_answer
from tests.browser.server import home_of, running_server, watched_page
from tests.browser.waiting import eventually, resting
from tests.siamese_runs import UPDATES, shoot, submit_siamese_job, write_siamese_run


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("siamese") / "home"


@pytest.fixture(scope="module")
def runs(home):
    with home_of(home):
        one = write_siamese_run("one")
        two = write_siamese_run("two", spread=0.35, seed=1, loss="triplet", embedding_dim=4)
    return {"one": one, "two": two}


@pytest.fixture(scope="module")
def siamese_server(home, runs):
    with running_server(home, home.parent / "server.log") as url:
        yield url


@pytest.fixture
def page(chromium, siamese_server, home):
    with watched_page(chromium, siamese_server) as watched, home_of(home):
        yield watched


def open_page(page, ready: str = ".bench[data-threshold]", **link) -> None:
    page.goto("/siamese?" + "&".join(f"{name}={value}" for name, value in link.items()))
    expect(page.locator(ready)).to_be_visible()
    resting(page)


def link_of(page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def threshold_of(page) -> float:
    return float(page.locator(".bench").get_attribute("data-threshold"))


def shown_figures(page, run: str) -> dict[str, float]:
    """Accuracy, false accepts and false rejects as the table has them, in per cent."""
    row = page.locator(f".figures tr[data-run='{run}']")
    names = ("accuracy", "accepts", "rejects")
    texts = [row.locator(f"[data-figure={name}] b").inner_text() for name in names]
    return dict(zip(names, (float(re.sub(r"[^0-9.]", "", text)) for text in texts), strict=True))


def expect_figures(page, run: str, found, threshold: float) -> None:
    """The table shows what Python counts."""
    rates = rates_at(found, threshold)
    wanted = dict(
        zip(("accuracy", "accepts", "rejects"), (100 * share for share in rates), strict=True)
    )
    eventually(page, lambda: shown_figures(page, run) == pytest.approx(wanted, abs=0.006))


def verdicts(page) -> list[list]:
    """Of the pairs in the row: their number, and whether they are accepted and judged rightly."""
    return page.locator(".row .pairs").evaluate(
        "grid => [...grid.children].map(({ dataset: d }) => "
        "[Number(d.number), d.accepted === 'true', d.right === 'true'])"
    )


def test_dragging_the_threshold_moves_figures_and_verdicts_and_tells_python_once_at_rest(
    page, runs
):
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_page(page, runs="one")
    found = bench(runs["one"])
    expect_figures(page, "one", found, found.threshold)
    hits = round(rates_at(found, found.threshold).accuracy * len(found.same))
    low, high = accuracy_interval(hits, len(found.same))
    shown = page.locator("tr[data-run=one] [data-figure=accuracy] .note")
    expect(shown).to_have_text(f"{100 * low:.2f} to {100 * high:.2f}")
    resting(page, sent)
    before, box = len(sent), page.locator(".lane .plot").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 20, y)
    page.mouse.down()
    for share in (0.15, 0.45, 0.3):
        last = threshold_of(page)
        page.mouse.move(box["x"] + share * box["width"], y)
        eventually(page, lambda last=last: threshold_of(page) != last)
        at = threshold_of(page)
        expect_figures(page, "one", found, at)
        for number, accepted, right in verdicts(page):
            assert accepted == (found.distances[number] <= at)
            assert right == (accepted == found.same[number])
    resting(page, sent)  # the hand holds still, but holds on
    assert len(sent) == before
    page.mouse.up()
    eventually(page, lambda: len(sent) > before)
    resting(page, sent)
    assert len(sent) == before + 1
    assert float(link_of(page)["t"]) == pytest.approx(threshold_of(page))


def test_keys_and_buttons_move_the_threshold(page, runs):
    open_page(page, runs="one", t="0.4")
    found = bench(runs["one"])
    slider = page.get_by_role("slider", name="Threshold of one")
    slider.focus()
    page.keyboard.press("ArrowRight")
    eventually(page, lambda: threshold_of(page) > 0.4)
    page.keyboard.press("Home")
    eventually(page, lambda: threshold_of(page) == 0)
    eventually(page, lambda: not any(accepted for _, accepted, _ in verdicts(page)))
    page.get_by_role("button", name="equal errors").click()
    wanted = found.figures.eer_threshold
    eventually(page, lambda: threshold_of(page) == pytest.approx(wanted, rel=1e-3))
    page.get_by_role("button", name="training choice").click()
    eventually(page, lambda: threshold_of(page) == found.threshold)
    expect(page).not_to_have_url(re.compile(r"[?&]t="))


def test_the_galleries_hold_the_worst_that_the_threshold_lets_happen(page, runs):
    open_page(page, runs="one", t="0.3")
    found = bench(runs["one"])
    wrong = (found.distances <= 0.3) & ~found.same
    expect(page.locator(".gallery h3").first).to_contain_text(f"{wrong.sum()} of 5,000")
    shown = page.locator(".gallery").first.locator(".pair[data-right=false]")
    assert shown.count() == min(10, wrong.sum())
    page.get_by_role("slider", name="Threshold of one").press("Home")
    expect(page.locator(".gallery .none").first).to_be_visible()
    expect(page.locator(".gallery h3").first).to_contain_text("0 of 5,000")


def test_a_link_brings_back_split_seed_thresholds_and_curve(page, runs):
    open_page(page, runs="two~one", t="~0.5", split="train", seed="3", curve="det", log="0")
    for name, threshold in (("two", None), ("one", 0.5)):
        found = bench(runs[name], "train", seed=3)
        expect_figures(page, name, found, found.threshold if threshold is None else threshold)
    raw = raw_bench("mnist", "train", seed=3)
    expect_figures(page, RAW, raw, raw.threshold)
    expect(page.locator("[data-curve=det]")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-curve=rates]").click()
    page.get_by_role("button", name="Test pairs").click()
    expect(page).to_have_url(re.compile("curve=rates"))
    expect_figures(page, "one", bench(runs["one"], "test", seed=3), 0.5)
    wanted = {"runs": "two~one", "t": "~0.5", "seed": "3", "curve": "rates", "log": "0"}
    eventually(page, lambda: link_of(page) == wanted)


def test_a_hand_on_a_curve_holds_its_run_and_moves_its_threshold(page, runs):
    open_page(page, runs="one~two")
    page.locator(".lane[data-run=two] .plot").click(position={"x": 200, "y": 60})
    expect(page.locator(".lane[data-held]")).to_have_attribute("data-run", "two")
    page.locator("[data-curve=rates]").click()
    plot = page.locator(".curves .plot")
    box = plot.bounding_box()
    before = threshold_of(page)
    plot.click(position={"x": 0.8 * box["width"], "y": 60})
    eventually(page, lambda: threshold_of(page) > before)
    expect_figures(page, "two", bench(runs["two"]), threshold_of(page))
    expect(page).to_have_url(re.compile("held=two"))


def test_the_film_follows_the_keys_and_the_link(page, runs):
    ready = ".film[data-at]"
    open_page(page, ready, runs="one~two", show="film", at=25)
    film = page.locator(".film")
    expect(film).to_have_attribute("data-at", "25")
    film.focus()
    for key, at in (("ArrowRight", 50), ("Home", 0), ("ArrowRight", 10), ("End", UPDATES[-1])):
        page.keyboard.press(key)
        expect(film).to_have_attribute("data-at", str(at))
        frame = UPDATES.index(at)
        expect(page.locator(".screen[data-run=one]")).to_have_attribute("data-frame", str(frame))
    expect(page).not_to_have_url(re.compile("[?&]at="))
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("at=50"))
    plot = page.locator("[data-chart=loss] .plot")
    plot.click(position={"x": 50, "y": 40})
    eventually(page, lambda: int(film.get_attribute("data-at")) < 10)


def test_a_point_of_the_film_shows_its_image(page, runs):
    open_page(page, ".film[data-at]", runs="one", show="film")
    film = load_film(runs["one"])
    places = film_places(film)[-1]
    gaps = np.linalg.norm(places[None] - places[:, None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    lonely = int(gaps.min(axis=1).argmax())
    screen = page.locator(".screen[data-run=one]")
    stage = screen.locator(".stage")
    scale = float(stage.get_attribute("data-scale"))
    x, y = map(float, stage.get_attribute("data-origin").split())
    across, up = (scale * places[lonely]).tolist()
    stage.hover(position={"x": x + across, "y": y - up})
    expect(stage).to_have_attribute("data-image", str(lonely))
    label = film.fixed["labels"][lonely]
    expect(stage.locator(".card strong")).to_have_text(str(label))


def test_a_training_is_watched_as_its_film_grows_and_becomes_a_run(page, home):
    job = submit_siamese_job("fresh")
    open_page(page, "text=Its first frame comes before", show="film", job=job.id)
    film, screen = page.locator(".film"), page.locator(".screen[data-run=fresh]")
    for count in (1, 2, 4):
        shoot(job, UPDATES[:count])
        expect(screen).to_have_attribute("data-frame", str(count - 1))
        expect(film).to_have_attribute("data-at", str(UPDATES[count - 1]))  # it stays at the end
    expect(screen.locator("figcaption .note")).to_contain_text("training")
    film.press("Home")
    shoot(job, UPDATES)
    slider = page.get_by_role("slider", name="Place in the film")
    expect(slider).to_have_attribute("max", str(len(UPDATES) - 1))
    expect(film).to_have_attribute("data-at", "0")  # somebody looks at the beginning
    write_siamese_run("fresh")
    change(job.id, state="done")
    expect(screen.locator("figcaption .note")).not_to_contain_text("training")
    expect(page).to_have_url(re.compile("runs=fresh"))
    expect(page).not_to_have_url(re.compile("job="))


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_film_that_comes_back_turned_is_turned_to_where_it_was(page, mirrored):
    rng = np.random.default_rng(0)
    known = rng.standard_normal((3, 20, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([1, -1 if mirrored else 1])
    grown = np.concatenate([known, rng.standard_normal((2, 20, 2))])
    page.goto("/_stcore/health")
    back = page.evaluate(
        """async ([module, places, known]) => {
          const { turned } = await import(new URL(module, document.baseURI).href);
          return Array.from(turned(Float32Array.from(places), Float32Array.from(known), 20));
        }""",
        [
            f"/genlab/static/{components_version()}/siamese_axes.js",
            (grown @ turn).ravel().tolist(),
            known.ravel().tolist(),
        ],
    )
    np.testing.assert_allclose(np.reshape(back, grown.shape), grown, atol=1e-5)


def answers(page) -> dict[str, list[int]]:
    return page.locator(".query").evaluate(
        "query => Object.fromEntries([...query.querySelectorAll('.answer')].map((row) => "
        "[row.dataset.run, [...row.querySelectorAll('.tile')].map((t) => Number(t.dataset.row))]))"
    )


def told(run, asked, body=b"") -> dict[str, list[int]]:
    found = json.loads(query_answer(run, asked, body))
    return {one["name"]: one["index"] for one in found["runs"]}


def test_a_test_image_asks_among_either_split(page, runs):
    open_page(page, ".query[data-answered]", runs="one", show="pictures", image=42)
    assert answers(page) == told(runs["one"], {"image": "42", "among": "train"})
    page.get_by_role("button", name="test images").click()
    wanted = told(runs["one"], {"image": "42", "among": "test"})
    eventually(page, lambda: answers(page) == wanted)
    expect(page).to_have_url(re.compile("among=test"))
    assert 42 not in wanted["one"]


def test_a_drawing_is_answered_while_the_hand_moves_and_comes_back_with_the_link(page, runs):
    open_page(page, ".query[data-answered]", runs="one", show="pictures")
    page.get_by_role("button", name="Draw", exact=True).click()
    canvas = page.locator(".sketch canvas")
    expect(page.locator(".tile")).to_have_count(0)
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 0.8 * box["height"], steps=6)
    expect(page.locator(".tile")).to_have_count(16)  # before the hand lets go
    page.mouse.up()
    expect(page).to_have_url(re.compile("ink="))
    resting(page)
    greys = ink_greys(link_of(page)["ink"])
    assert greys[14, 14] == 255
    assert greys[:, :9].max() == 0
    asked = {"height": "28", "width": "28", "among": "train"}
    wanted = told(runs["one"], asked, greys.tobytes())
    eventually(page, lambda: answers(page) == wanted)
    page.goto(page.url)
    expect(page.locator(".query[data-answered]")).to_be_visible()
    eventually(page, lambda: answers(page) == wanted)


def test_a_lasso_on_the_maps_is_in_the_link(page, runs):
    open_page(page, "[data-map=b][data-state=ready]", runs="one", show="maps", hide="3")
    box = page.locator("[data-map=a]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    far = 0.46 * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    for dx, dy in ((far, 0), (far, far), (0, far)):
        page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("sel="))
    resting(page)
    chosen = page.locator(".genlab-root").get_attribute("data-chosen")
    assert 0 < int(chosen) < 10_000
    page.goto(page.url)
    expect(page.locator("[data-map=b][data-state=ready]")).to_be_visible()
    eventually(page, lambda: page.locator(".genlab-root").get_attribute("data-chosen") == chosen)
    assert link_of(page)["hide"] == "3"
