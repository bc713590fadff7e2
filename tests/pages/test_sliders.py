import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def sliders_page(**link: str) -> AppTest:
    """The page through the router, opened by a link."""
    test = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=30)
    test.switch_page("../../pages/sliders.py")
    for name, value in link.items():
        test.query_params[name] = value
    return test.run()


def link_of(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


@pytest.mark.parametrize("run", ["vae-fashion", "cvae-fashion", "vae2d-mnist"])
def test_each_shipped_run_shows_its_sliders(run):
    page = sliders_page(run=run)
    assert not page.exception
    assert not page.error
    assert page.title[0].value == "Latent sliders"
    assert page.selectbox(key="sliders.run").value == run
    assert len(page.get("bidi_component")) == 1
    assert {metric.label for metric in page.metric} >= {"log p(z), nats"}


def test_without_a_link_the_vae_of_fashion_starts_at_the_first_test_image():
    page = sliders_page()
    assert page.selectbox(key="sliders.run").value == "vae-fashion"
    link = link_of(page)
    assert (link["start"], link["other"]) == ("0", "1")
    assert len(link["z"].split("_")) == 20


def test_the_data_in_use_are_named():
    assert "test images" in sliders_page(run="vae2d-mnist").caption[0].value


def test_a_link_sets_the_script_and_the_numbers():
    page = sliders_page(run="vae2d-mnist", z="3_-4")
    assert "[3, -4]" in page.code[0].value
    assert page.metric[0].value == "5.00"


def test_an_unknown_run_is_named_and_another_one_shown():
    page = sliders_page(run="vae-nowhere")
    assert "vae-nowhere" in page.warning[0].value
    assert page.selectbox(key="sliders.run").value == "vae-fashion"


def test_a_broken_link_shows_a_fresh_view_in_place_of_a_traceback():
    page = sliders_page(run="cvae-fashion", z="1_2", label="99", start="<b>", tab="x", span="0")
    assert not page.exception
    assert link_of(page)["label"] == "9"  # of test image 0, an ankle boot


def test_another_run_keeps_the_image_and_leaves_z_behind():
    page = sliders_page(run="vae-fashion", start="17", z="_".join(["1"] * 20))
    page.selectbox(key="sliders.run").set_value("cvae-fashion").run()
    link = link_of(page)
    assert (link["run"], link["start"]) == ("cvae-fashion", "17")
    assert link["z"] != "_".join(["1"] * 20)


def test_shipped_runs_are_shown_without_torch():
    script = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('genlab/ui/main.py', default_timeout=30)\n"
        "page.switch_page('../../pages/sliders.py'); page.run(); assert not page.exception\n"
        "print('torch' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split()[-1] == "False"


def test_a_run_without_figures_is_encoded_once_and_shown(make_run):
    make_run("mine", family="cvae")
    page = sliders_page(run="mine")
    assert not page.exception
    assert not page.error
    assert len(page.get("bidi_component")) == 1


def test_a_run_whose_images_are_not_here_says_so_in_one_sentence(make_run):
    make_run("cursive", dataset="kmnist")
    page = sliders_page(run="cursive")
    assert not page.exception
    assert "KMNIST" in page.error[0].value


def test_with_no_run_at_all_the_page_says_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", lambda: tmp_path)
    assert "python -m genlab train vae-fashion" in sliders_page().info[0].value
