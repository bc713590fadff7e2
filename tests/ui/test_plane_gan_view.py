"""GAN in the plane: its view as a link, its films, its script, and the whole in a small app."""

import json
import time
from collections import OrderedDict

import pytest
from streamlit.testing.v1 import AppTest

from genlab.errors import GenLabError
from genlab.explore.plane_film import frames, pack_film
from genlab.explore.plane_gan import PlaneConfig
from genlab.explore.plane_ink import ready_drawings
from genlab.ui import plane_films
from genlab.ui.plane_films import ask, packed_film
from genlab.ui.plane_view import FRESH, NONE, PlaneView, configs_of, link_of, read_link, read_view
from genlab.ui.plane_words import goal, plane_script, summary

QUICK = {"plane_updates": "250", "plane_hidden": "4", "plane_batch": "16"}
SHORT = {"updates": 120, "hidden": 4, "batch": 16}
LONG = PlaneConfig(target="gaussian", seed=42, updates=4000, hidden=64, batch=256, d_steps=5)
FULL = PlaneView(
    axes=1,
    target="drawn",
    ink=ready_drawings(1)["Ramp"],
    left="non-saturating",
    right=NONE,
    a=-1.0,
    b=0.5,
    c=0.0,
    rate_d=0.0003,
    rate_g=0.03,
    d_steps=4,
    hidden=8,
    batch=64,
    updates=500,
    noise="uniform",
    seed=77,
    close=120,
    at=121.5,
    beside="difference",
    chart="push",
    layers=("fakes", "net"),
)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A test asks once and waits; on a busy machine that may be long."""
    monkeypatch.setattr(plane_films, "PATIENCE", 300.0)


def script() -> None:
    from genlab.ui.plane_gan_view import show_plane_gan

    show_plane_gan()


def small_app(**link: str) -> AppTest:
    test = AppTest.from_function(script, default_timeout=60)
    for name, value in link.items():
        test.query_params[name] = value
    return with_films(test.run())


def with_films(test: AppTest) -> AppTest:
    """The app once the films of its view are on stage, or an error stands there."""

    def there() -> bool:
        waiting = any(button.label == "Stop training" for button in test.button)
        if waiting:
            time.sleep(0.2)
            test.run()
        return not waiting

    assert ended(there)
    return test


def link_now(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


def ended(condition, seconds: float = 60.0) -> bool:
    """Whether the condition comes true in time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and not condition():
        time.sleep(0.02)
    return condition()


# The view as a link


def test_a_link_gives_back_the_view_it_was_made_from():
    assert read_link(link_of(FULL)) == FULL
    assert read_link(link_of(FRESH)) == FRESH
    assert link_of(FRESH) == {}


def test_all_names_of_a_link_begin_with_plane():
    link = link_of(FULL)
    assert len(link) == len(vars(FULL))
    assert all(name.startswith("plane_") and isinstance(link[name], str) for name in link)


@pytest.mark.parametrize(
    "raw",
    [
        {"axes": "3"},
        {"target": "<b>"},
        {"left": "none"},
        {"right": "wasserstein"},
        {"rate_d": "0.0123"},
        {"rate_g": "nan"},
        {"d_steps": "0"},
        {"hidden": "1e99"},
        {"batch": None},
        {"updates": "1000000"},
        {"noise": ["gaussian"]},
        {"seed": "-1"},
        {"seed": "1.5"},
        {"a": "1"},  # the same as b
        {"a": "inf"},
        {"close": "x"},
        {"at": "-3"},
        {"beside": {}},
        {"layers": "bones"},
        {"ink": "0123"},
    ],
)
def test_what_does_not_fit_is_left_out(raw):
    view = read_view(raw)
    expected = FRESH if "layers" not in raw else PlaneView(layers=())
    assert view == (PlaneView(target="gaussian") if "target" in raw else expected)


def test_a_target_of_the_plane_is_no_target_of_the_line():
    view = read_view({"axes": "1"})
    assert (view.axes, view.target) == (1, "gaussian")
    assert read_view({"axes": "1", "target": "two-gaussians"}).target == "two-gaussians"


def test_a_drawn_target_without_a_drawing_gets_a_ready_one():
    assert read_view({"target": "drawn"}).ink in ready_drawings(2).values()
    assert read_view({"target": "drawn", "axes": 1}).ink in ready_drawings(1).values()


def test_both_trainings_differ_in_their_loss_alone_and_unused_settings_make_no_new_film():
    left, right = configs_of(PlaneView(left="minimax", right="non-saturating", a=-1.0))
    assert (left.loss, right.loss) == ("minimax", "non-saturating")
    assert PlaneConfig(**{**vars(left), "loss": right.loss}) == right
    assert left == configs_of(PlaneView(left="minimax", right=NONE, ink="abc"))[0]
    (alone,) = configs_of(PlaneView(left="least-squares", right=NONE, a=-1.0))
    assert alone.a == -1.0


def test_the_goal_names_the_code_and_the_summary_every_knob():
    assert goal(PlaneConfig(loss="least-squares", c=0.5)).endswith("− 0.5)²")
    assert goal(PlaneConfig(loss="least-squares", c=-0.5)).endswith("+ 0.5)²")
    words = summary(FULL)
    for part in ("0.0003", "0.03", "4 D steps", "2 × 8", "batch 64", "500", "Uniform", "seed 77"):
        assert part in words
    assert "code" not in words
    assert "−1, 0.5, 0" in summary(PlaneView(a=-1.0, b=0.5, c=0.0))


# Films


def test_a_film_is_that_of_the_training_here_and_is_made_once(monkeypatch):
    config = PlaneConfig(target="gaussian", seed=41, **SHORT)
    first, second = ask("a", [(config, None), (config, None)])
    assert first is second
    assert ended(first.done.is_set)
    assert packed_film(first) == pack_film(config, list(frames(config)))
    monkeypatch.setattr(plane_films, "COMMAND", ("false",))
    assert ask("b", [(config, None)]) == [first]


def test_a_training_that_nobody_wants_any_more_is_ended():
    (film,) = ask("a", [(LONG, None)])
    assert ended(lambda: film.process is not None and film.share > 0.0)
    ask("a", [])
    assert film.process.wait(10) != 0
    with pytest.raises(GenLabError, match="stopped"):
        packed_film(film)
    (anew,) = ask("a", [(LONG, None)])
    assert anew is not film
    ask("a", [])


def test_a_training_goes_on_while_somebody_else_wants_it():
    config = PlaneConfig(target="gaussian", seed=43, **SHORT)
    (film,) = ask("a", [(config, None)])
    ask("b", [(config, None)])
    ask("a", [])
    assert ended(film.done.is_set)
    assert packed_film(film)


def test_who_does_not_ask_again_has_gone(monkeypatch):
    monkeypatch.setattr(plane_films, "PATIENCE", 0.3)
    (film,) = ask("a", [(LONG, None)])
    assert ended(film.done.is_set)
    assert film.packed is None


def test_a_training_that_fails_says_so_and_is_tried_again(monkeypatch):
    config = PlaneConfig(target="gaussian", seed=44, **SHORT)
    words = "import sys; sys.exit('no numpy here')"
    monkeypatch.setattr(plane_films, "COMMAND", (plane_films.COMMAND[0], "-c", words))
    (film,) = ask("a", [(config, None)])
    assert ended(film.done.is_set)
    with pytest.raises(GenLabError, match="no numpy here"):
        packed_film(film)
    monkeypatch.undo()
    (film,) = ask("a", [(config, None)])
    assert ended(film.done.is_set)
    assert packed_film(film)


def test_only_the_latest_films_are_kept(monkeypatch):
    monkeypatch.setattr(plane_films, "_films", OrderedDict())
    monkeypatch.setattr(plane_films, "KEPT", 2)
    monkeypatch.setattr(plane_films, "make", lambda film: film.done.set())
    for seed in range(50, 60):
        (film,) = ask("a", [(PlaneConfig(seed=seed, **SHORT), None)])
        assert ended(film.done.is_set)
    assert [config.seed for config, _ in plane_films._films] == [58, 59]


def test_an_empty_drawing_is_refused_before_any_process_starts():
    wanted = (PlaneConfig(target="drawn", ink="0" * 256), None)
    with pytest.raises(GenLabError, match="paint something"):
        ask("a", [wanted])
    assert wanted not in plane_films._films


# The script


@pytest.mark.parametrize(
    "view",
    [
        PlaneView(updates=250, hidden=4, batch=16, at=40.0, right="non-saturating"),
        PlaneView(axes=1, target="uneven", updates=250, hidden=4, batch=16, close=100, at=101.5),
        PlaneView(
            target="drawn", ink=ready_drawings(2)["Smile"], right=NONE, updates=250, hidden=4
        ),
    ],
    ids=["plane", "line", "drawn"],
)
def test_the_script_runs_and_gives_the_moment_on_show(view, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(plane_script(view), found)
    assert found["configs"] == configs_of(view)
    for config, frame in zip(found["configs"], found["shown"], strict=True):
        near = min(frames(config, view.close), key=lambda f: abs(f.time - (view.at or 250)))
        assert frame.time == near.time
        assert frame.value == near.value
    assert view.close is None or found["shown"][0].time == view.at
    assert (tmp_path / "plane.html").stat().st_size > 10_000
    assert view.left in capsys.readouterr().out


# The whole


def test_the_tab_shows_two_films_its_words_and_a_script():
    page = small_app(**QUICK)
    assert not page.exception
    assert not page.error
    assert len(page.get("bidi_component")) == 1
    assert "What to look for" in [heading.value for heading in page.subheader]
    assert "PlaneConfig(loss='minimax'" in page.code[0].value
    assert link_now(page) == QUICK


def test_a_link_sets_the_knobs_and_the_script():
    page = small_app(plane_axes="1", plane_target="uniform", plane_seed="5", **QUICK)
    assert {box.label: box.value for box in page.selectbox} == {
        "Target density": "uniform",
        "Left loss": "minimax",
        "Right loss": "least-squares",
    }
    assert page.number_input[0].value == 5
    assert "axes=1, target='uniform', loss='minimax', hidden=4" in page.code[0].value


def test_turning_a_knob_is_a_new_film_and_a_new_link():
    page = small_app(plane_at="250", **QUICK)
    before = page.get("bidi_component")[0].proto.json
    by_label = {box.label: box for box in page.selectbox}
    with_films(by_label["Right loss"].set_value("non-saturating").run())
    assert not page.exception
    link = link_now(page)
    assert link == QUICK | {"plane_right": "non-saturating"}  # and plays from the start
    assert page.get("bidi_component")[0].proto.json != before


def test_the_other_space_brings_its_own_targets():
    page = small_app(plane_target="ring", **QUICK)
    with_films(page.segmented_control[0].set_value(1).run())
    assert not page.exception
    assert not page.error
    assert page.selectbox[0].value == "gaussian"
    assert link_now(page) == QUICK | {"plane_axes": "1", "plane_target": "gaussian"}


def test_a_and_b_alike_are_named_and_mended():
    page = small_app(**QUICK)
    a = next(box for box in page.number_input if box.label == "a")
    with_films(a.set_value(1.0).run())
    assert "a and b are both 1" in page.error[0].value.replace("\\", "")
    a = next(box for box in page.number_input if box.label == "a")
    with_films(a.set_value(-1.0).run())
    assert not page.error
    assert link_now(page)["plane_a"] == "-1"


def test_parameters_of_others_are_left_alone():
    page = small_app(runs="dcgan32-mnist", plane_seed="3", **QUICK)
    with_films(page.number_input[0].set_value(4).run())
    link = link_now(page)
    assert link == QUICK | {"runs": "dcgan32-mnist", "plane_seed": "4"}


def test_a_training_that_fails_is_told_and_the_page_stays(monkeypatch):
    words = "import sys; sys.exit('no numpy here')"
    monkeypatch.setattr(plane_films, "COMMAND", (plane_films.COMMAND[0], "-c", words))
    page = small_app(plane_seed="71", **QUICK)
    assert not page.exception
    assert "no numpy here" in page.error[0].value.replace("\\", "")
    monkeypatch.undo()
    assert len(with_films(page.run()).get("bidi_component")) == 1


def test_an_empty_drawing_in_a_link_says_what_to_do():
    page = small_app(plane_target="drawn", plane_ink="0" * 256, **QUICK)
    assert not page.exception
    assert "paint something" in page.error[0].value


def test_the_same_bytes_are_shown_to_a_second_visitor_without_a_second_training(monkeypatch):
    first = small_app(plane_seed="8", **QUICK)
    monkeypatch.setattr(plane_films, "COMMAND", ("false",))
    second = small_app(plane_seed="8", **QUICK)
    assert not second.error
    data = [page.get("bidi_component")[0].proto.json for page in (first, second)]
    assert data[0] == data[1]


def test_stop_leaves_the_film_on_stage_and_brings_its_knobs_back():
    page = small_app(plane_at="100", **QUICK)
    before = page.get("bidi_component")[0].proto.json
    sliders = {slider.label: slider for slider in page.select_slider}
    sliders["Updates"].set_value(4000)
    sliders["Batch"].set_value(256)
    sliders["Hidden units, in each of 2 layers"].set_value(64).run()
    assert page.get("bidi_component")[0].proto.json == before  # meanwhile the old film stays
    assert link_now(page)["plane_updates"] == "4000"
    with_films(next(b for b in page.button if b.label == "Stop training").click().run())
    assert link_now(page) == QUICK | {"plane_at": "100"}
    assert {slider.label: slider.value for slider in page.select_slider}["Updates"] == 250
    films = [json.loads(data)["films"] for data in (before, bidi_json(page))]
    assert films[0] == films[1]


def test_stopping_the_very_first_training_says_what_to_do():
    page = AppTest.from_function(script, default_timeout=60)
    for name, value in {"plane_updates": "4000", "plane_hidden": "64", "plane_seed": "9"}.items():
        page.query_params[name] = value
    page.run()
    next(b for b in page.button if b.label == "Stop training").click().run()
    assert not page.exception
    assert any("Turn a knob" in caption.value for caption in page.caption)
    assert not page.get("bidi_component")


def bidi_json(page: AppTest) -> str:
    return page.get("bidi_component")[0].proto.json
