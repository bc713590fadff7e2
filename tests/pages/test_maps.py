import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from genlab.explore.selection import selection_text
from genlab.ui import live

ROOT = Path(__file__).resolve().parents[2]


def maps_page(**link: str) -> AppTest:
    """The page through the router, opened by a link."""
    test = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=60)
    test.switch_page("../../pages/maps.py")
    for name, value in link.items():
        test.query_params[name] = value
    return test.run()


def link_of(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


def words(elements) -> str:
    return " ".join(element.value for element in elements)


def choice_of(*images: int) -> str:
    chosen = np.zeros(10_000, bool)
    chosen[list(images)] = True
    return selection_text(chosen)


def test_without_a_link_vae_and_cvae_of_fashion_stand_side_by_side():
    page = maps_page()
    assert not page.exception
    assert not page.error
    assert page.title[0].value == "Latent maps"
    assert page.selectbox(key="maps.left").value == "vae-fashion"
    assert page.selectbox(key="maps.right").value == "cvae-fashion"
    assert len(page.get("bidi_component")) == 1
    assert "test images" in page.caption[0].value


def test_scores_stand_beside_their_floors():
    page = maps_page(left_map="pca", right_map="pca")
    assert [metric.delta for metric in page.metric] == ["guessing: 10%"] * 4
    table = next(text.value for text in page.markdown if "trustworthiness" in text.value)
    assert "vae-fashion, μ in 20 dimensions" in table
    assert "cvae-fashion, PCA map" in table
    assert "floor" in table


def test_link_sets_runs_maps_choice_and_script():
    text = choice_of(1, 2, 3)
    page = maps_page(left="vae-fashion", left_map="pca", right="vae-fashion", align="0", sel=text)
    assert page.selectbox(key="maps.right").value == "vae-fashion"
    assert page.toggle(key="maps.aligned").value is False
    assert "3 images chosen" in words(page.caption)
    assert f'read_selection("{text}"' in page.code[0].value
    assert "align" not in page.code[0].value
    assert link_of(page)["sel"] == text


def test_other_method_keeps_the_choice():
    page = maps_page(left_map="pca", sel=choice_of(5))
    page.toggle(key="maps.aligned").set_value(False).run()
    assert not page.exception
    assert "1 images chosen" in words(page.caption)
    assert link_of(page)["align"] == "0"


def test_other_images_begin_with_nothing_chosen_and_find_their_own_partner():
    page = maps_page(left="vae-fashion", sel=choice_of(5), hide="3")
    page.selectbox(key="maps.left").set_value("vae2d-mnist").run()
    assert not page.exception
    assert page.selectbox(key="maps.right").value == "vae2d-mnist"
    assert "Nothing chosen" in words(page.caption)
    assert not {"sel", "hide"} & set(link_of(page))


def test_unknown_run_and_run_of_other_images_are_named_and_others_shown():
    page = maps_page(left="vae-nowhere", right="vae2d-mnist")
    assert r"vae\-nowhere" in page.warning[0].value
    assert r"vae2d\-mnist" in page.warning[1].value
    assert page.selectbox(key="maps.left").value == "vae-fashion"
    assert page.selectbox(key="maps.right").value == "cvae-fashion"


@pytest.mark.parametrize(
    "link",
    [
        {"sel": "%%%"},
        {"sel": choice_of(3)[:-4]},
        {"hide": "x_99_²", "left_zoom": "1_nan_0", "right_zoom": "9_9"},
        {"perplexity": "inf", "seed": "1e99", "steps": "-1"},
        {"left_map": "../tsne", "align": "maybe"},
    ],
)
def test_broken_link_shows_the_maps_in_place_of_a_traceback(link):
    page = maps_page(**link)
    assert not page.exception
    assert not page.error
    assert "Nothing chosen" in words(page.caption)


def test_without_runs_the_page_says_what_to_do(monkeypatch):
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", lambda: Path("nowhere"))
    page = maps_page()
    assert not page.exception
    assert "python -m genlab train vae-fashion" in page.info[0].value


def test_new_run_is_encoded_once_and_shown_as_pca(make_run):
    make_run("mine")
    page = maps_page(left="mine")
    assert not page.exception
    assert not page.error
    assert page.selectbox(key="maps.left_map").value == "pca"
    assert [metric.value for metric in page.metric][:2] == ["–", "–"]  # nobody has scored it


def test_start_button_turns_the_map_into_a_live_one_with_the_forms_settings(monkeypatch):
    started = []
    monkeypatch.setattr(live, "start", lambda run, **settings: started.append((run, settings)))
    monkeypatch.setattr(live, "find_film", lambda film: live.Film("", 0, 0, 0, 0))
    page = maps_page(left_map="pca")
    page.number_input(key="maps.perplexity").set_value(50)
    page.button[0].click().run()
    assert not page.exception
    settings = {"perplexity": 50, "exaggeration": 12, "seed": 0, "steps": 250}
    assert started == [("vae-fashion", settings)]
    assert page.selectbox(key="maps.left_map").value == "live"
    assert link_of(page)["left_map"] == "live"
    assert link_of(page)["perplexity"] == "50"


def test_settings_of_a_link_stand_in_the_form():
    page = maps_page(left_map="pca", perplexity="12.5", seed="7")
    assert not page.exception
    assert page.number_input(key="maps.perplexity").value == 12.5
    assert page.number_input(key="maps.seed").value == 7


def test_page_of_a_shipped_run_loads_no_torch_sklearn_umap_or_numba():
    script = """
import sys
from streamlit.testing.v1 import AppTest
test = AppTest.from_file(sys.argv[1], default_timeout=60)
test.switch_page("../../pages/maps.py")
assert not test.run().exception
print(*sys.modules)
"""
    command = [sys.executable, "-c", script, str(ROOT / "genlab/ui/main.py")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for module in ("torch", "sklearn", "umap", "numba"):
        assert module not in ran.stdout.split()
