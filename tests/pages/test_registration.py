"""The registration page as a visitor without a mouse sees it."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def registration_page(**link: str) -> AppTest:
    """The page through the router, opened by a link."""
    test = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=120)
    test.switch_page("../../pages/registration.py")
    for name, value in link.items():
        test.query_params[name] = value
    return test.run()


def link_of(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


def knob(test: AppTest, kind: str, name: str):
    """The widget of a knob, whichever time it was made."""
    return next(w for w in getattr(test, kind) if w.key.startswith(f"registration.{name}."))


def test_the_textbook_l_is_registered_at_once():
    page = registration_page()
    assert not page.exception
    assert not page.error
    assert page.title[0].value == "EM registration"
    assert len(page.get("bidi_component")) == 1
    assert link_of(page) == {}


def test_a_link_sets_knobs_and_comes_back():
    link = {"cloud": "fish", "model": "rigid", "pi": "mixture", "sigma": "fit", "turn": "40"}
    link |= {"start": "0.5,0.25,-30", "at": "2.5", "layers": "truth", "closer": "sigma"}
    page = registration_page(**link)
    assert not page.exception
    assert link_of(page) == link
    assert knob(page, "selectbox", "model").value == "rigid"
    assert "degrees" not in page.error


def test_nonsense_in_a_link_is_left_out():
    page = registration_page(cloud="<b>", points="many", width="-1", start="1,2", at="nan")
    assert not page.exception
    assert link_of(page) == {}


def test_a_model_that_would_shrink_the_source_gets_the_mixture():
    page = registration_page()
    knob(page, "selectbox", "model").set_value("similarity").run()
    assert not page.exception
    assert not page.error
    assert link_of(page) == {"model": "similarity", "pi": "mixture"}


def test_too_few_points_are_one_sentence_and_the_film_stays():
    page = registration_page(points="1", model="rigid")
    assert not page.exception
    assert "single place" in page.error[0].value
    page = registration_page(model="rigid")
    before = page.get("bidi_component")[0].proto
    knob(page, "select_slider", "points").set_value(1).run()
    assert "single place" in page.error[0].value
    assert page.get("bidi_component")[0].proto.mixed.json == before.mixed.json


def cloud_file(rng, shift: float) -> bytes:
    points = rng.normal(size=(30, 2)) + shift
    return "\n".join(f"{x},{y}" for x, y in points).encode()


def test_two_files_are_registered_and_a_bad_one_changes_nothing(rng):
    page = registration_page(cloud="files")
    assert "Choose two files" in page.info[0].value
    source, target = page.file_uploader
    source.upload("a.csv", cloud_file(rng, 0.0), "text/csv")
    target.upload("b.csv", cloud_file(rng, 3.0), "text/csv")
    page.run()
    assert not page.exception
    assert not page.error
    assert len(page.get("bidi_component")) == 1
    page.file_uploader[0].upload("c.csv", b"no numbers here", "text/csv").run()
    assert not page.exception
    assert page.error[0].value.startswith("c")
    assert len(page.get("bidi_component")) == 1
    assert 'read_cloud("a.csv")' in page.code[0].value.replace("'", '"')


def test_clouds_of_the_plane_and_of_space_are_named(rng):
    page = registration_page(cloud="files")
    page.file_uploader[0].upload("flat.csv", cloud_file(rng, 0.0), "text/csv")
    space = b"0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 1 1"
    page.file_uploader[1].upload("space.xyz", space, "text/plain").run()
    assert not page.exception
    words = page.error[0].value.replace("\\", "")
    assert "flat.csv is 2-D but space.xyz is 3-D" in words


def test_a_large_file_is_thinned_and_says_how_to_register_all_of_it(rng):
    page = registration_page(cloud="files")
    many = "\n".join(f"{x:.3f} {y:.3f}" for x, y in rng.normal(size=(2500, 2))).encode()
    page.file_uploader[0].upload("many.txt", many, "text/plain").run()
    assert not page.exception
    assert any(
        "python -m genlab register" in caption.value.replace("\\", "") for caption in page.caption
    )


@pytest.mark.parametrize("closer", ["landscape", "basins", "sigma", "space"])
def test_every_closer_look_has_its_figure_and_words(closer):
    page = registration_page(closer=closer, points="10", steps="10")
    assert not page.exception
    assert not page.error
    assert len(page.get("plotly_chart")) == 1


SCRIPTS = [
    {"points": "10", "steps": "5", "beside": "icp"},
    {"cloud": "drawn", "points": "20", "model": "similarity", "sigma": "fit", "start": "0.1,0,30"},
    {"cloud": "knot", "points": "20", "model": "rigid", "start": "0,0,0.1,0,0,20", "beside": "pi"},
]


@pytest.mark.parametrize("link", SCRIPTS)
def test_the_script_runs_and_ends_where_the_page_ends(link, tmp_path, monkeypatch, capsys):
    page = registration_page(**link)
    assert not page.exception
    assert not page.error
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(page.code[0].value, names)
    capsys.readouterr()
    assert (tmp_path / "registration.html").stat().st_size > 1000
    moved = np.loadtxt(tmp_path / "moved.csv", delimiter=",", skiprows=1)
    assert np.allclose(moved, names["states"][-1].moved(names["source"]))
