import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from genlab.data.images import load_split
from genlab.explore.maps import align, load_map
from genlab.explore.selection import selection_text
from genlab.runs.folder import find_run
from genlab.ui.maps_output import coordinates, csv_writer, maps_script
from genlab.ui.maps_view import LIVE, LiveSettings, MapsView

VIEW = MapsView(left="vae-fashion", left_map="pca", right="cvae-fashion", right_map="pca")
CHOSEN = np.arange(10_000) % 97 == 0


def test_csv_has_every_image_with_class_both_places_and_choice():
    left, right = find_run("vae-fashion"), find_run("cvae-fashion")
    view = replace(VIEW, chosen=selection_text(CHOSEN), hidden=(0,))
    rows = list(csv.DictReader(io.StringIO(csv_writer(left, right, view, {})())))
    test = load_split("fashion", "test")
    assert [int(row["index"]) for row in rows] == list(range(10_000))
    assert rows[3]["class"] == test.info.classes[test.labels[3]]
    np.testing.assert_allclose(
        [[float(row["left_x"]), float(row["left_y"])] for row in rows],
        load_map(left, "pca"),
        rtol=1e-4,
    )
    wanted = CHOSEN & (test.labels != 0)
    assert [row["selected"] == "1" for row in rows] == wanted.tolist()


def run_script(view: MapsView, folder, monkeypatch) -> dict:
    monkeypatch.chdir(folder)
    names = {}
    exec(compile(maps_script(view, "fashion"), "script", "exec"), names)
    return names


@pytest.mark.parametrize("aligned", [True, False])
def test_script_gives_the_coordinates_the_page_shows(tmp_path, monkeypatch, aligned):
    monkeypatch.setattr("genlab.explore.maps.map_scores", lambda labels, embedding: {})
    view = replace(VIEW, aligned=aligned, chosen=selection_text(CHOSEN), hidden=(1,))
    names = run_script(view, tmp_path, monkeypatch)
    left, right = find_run("vae-fashion"), find_run("cvae-fashion")
    shown = coordinates(left, right, view, {})
    np.testing.assert_array_equal(names["left_map"], shown[0])
    np.testing.assert_array_equal(names["right_map"], shown[1])
    assert (names["chosen"] == CHOSEN).all()
    assert len(names["figure"].data) == 2 * 9
    assert (tmp_path / "maps.html").exists()
    turned = align(load_map(right, "pca"), shown[0])
    assert np.array_equal(shown[1], turned) == aligned


def test_script_of_a_live_map_computes_it_with_the_same_settings(make_run, tmp_path, monkeypatch):
    monkeypatch.setattr("genlab.explore.maps.map_scores", lambda labels, embedding: {})
    seen = []

    def short_tsne(points, config):
        seen.append(config)
        yield type("State", (), {"embedding": points[:, :2]})

    monkeypatch.setattr("genlab.explore.tsne.tsne", short_tsne)
    view = replace(VIEW, left_map=LIVE, live=LiveSettings(perplexity=40.0, seed=2, steps=100))
    names = run_script(view, tmp_path, monkeypatch)
    assert (seen[0].perplexity, seen[0].seed, seen[0].steps) == (40.0, 2, 100)
    assert names["left_map"].shape == names["right_map"].shape == (10_000, 2)
