"""The scripts that the Siamese page shows: each runs, and gives what is on show."""

from dataclasses import replace

import numpy as np
import pytest

from genlab.explore.siamese_view import (
    RAW,
    bench,
    map_of,
    rates_at,
    raw_bench,
    raw_map,
    row_of_pairs,
    worst_accepts,
)
from genlab.ui.siamese_bench import bench_script
from genlab.ui.siamese_film import film_script
from genlab.ui.siamese_maps import maps_script
from genlab.ui.siamese_pictures import pictures_script
from genlab.ui.siamese_query import query_answer
from genlab.ui.siamese_view import FRESH
from tests.siamese_runs import some_film, write_siamese_run

INK = "_" * 40 + "A" * 222  # strokes on the first rows


@pytest.fixture
def run_script(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(text: str) -> dict:
        found: dict = {}
        exec(compile(text, "script", "exec"), found)
        return found

    return run


def test_the_script_of_the_pairs_gives_the_figures_on_show(run_script, tmp_path):
    one, two = write_siamese_run("one"), write_siamese_run("two", spread=0.4)
    view = replace(FRESH, split="train", seed=4, t=(None, 0.625), held="two")
    found = run_script(bench_script(["one", "two"], "mnist", view))
    benches = [bench(run, "train", seed=4) for run in (one, two)]
    raw = raw_bench("mnist", "train", seed=4)
    assert found["rates"] == [
        rates_at(benches[0], benches[0].threshold),
        rates_at(benches[1], 0.625),
        rates_at(raw, raw.threshold),
    ]
    np.testing.assert_array_equal(found["row"], row_of_pairs(benches[1], 4))
    np.testing.assert_array_equal(found["accepts"], worst_accepts(benches[1]))
    assert (tmp_path / "pairs.html").exists()
    dots = [one for one in found["figure"].data if one.to_plotly_json().get("mode") == "markers"]
    rates = found["rates"][1]
    assert (dots[1].x[0], dots[1].y[0]) == pytest.approx(
        (rates.false_accepts, 1 - rates.false_rejects)
    )


def test_the_script_of_the_film_stops_at_the_cursor(run_script):
    write_siamese_run("one")
    write_siamese_run("bare", film=False)
    frames = some_film().frames["embedding"].astype(np.float32)
    found = run_script(film_script(["one", "bare"], replace(FRESH, at=30)))
    np.testing.assert_array_equal(found["shown"][0], frames[2])  # of update 25
    found = run_script(film_script(["one"], FRESH))
    np.testing.assert_array_equal(found["shown"][0], frames[-1])


def test_the_script_of_the_maps_gives_both(run_script):
    one, two = write_siamese_run("one"), write_siamese_run("two")
    view = replace(FRESH, images="train", held="two", hide=(3,))
    found = run_script(maps_script(["one", "two"], "mnist", view))
    np.testing.assert_array_equal(found["left"], map_of(two, "train"))
    np.testing.assert_array_equal(found["right"], raw_map("mnist", "train"))
    assert len(found["figure"].data) == 2 * 9
    found = run_script(maps_script(["one", "two"], "mnist", replace(view, held="", other="two")))
    np.testing.assert_array_equal(found["left"], map_of(one, "train"))
    np.testing.assert_array_equal(found["right"], map_of(two, "train"))


@pytest.mark.parametrize(
    ("view", "asked"),
    [
        (replace(FRESH, image=31), {"image": "31", "among": "train"}),
        (replace(FRESH, image=31, among="test"), {"image": "31", "among": "test"}),
        (
            replace(FRESH, ask="drawn", ink=INK),
            {"height": "28", "width": "28", "among": "train"},
        ),
    ],
)
def test_the_script_of_a_question_gives_the_neighbours_on_show(run_script, view, asked):
    import json

    from genlab.explore.own_pictures import ink_greys

    run = write_siamese_run("one")
    found = run_script(pictures_script(["one"], "mnist", view))
    body = b"" if "image" in asked else ink_greys(view.ink).tobytes()
    told = {one["name"]: one for one in json.loads(query_answer(run, asked, body))["runs"]}
    for name in ("one", RAW):
        assert found["found"][name].index[0].tolist() == told[name]["index"]
        np.testing.assert_allclose(
            found["found"][name].distance[0], told[name]["distance"], atol=1e-3
        )


def test_a_drawing_that_is_empty_still_has_a_script(run_script):
    write_siamese_run("one")
    found = run_script(pictures_script(["one"], "mnist", replace(FRESH, ask="drawn")))
    assert found["picture"].shape == (28, 28)
