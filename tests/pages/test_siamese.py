import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from genlab.data.images import load_split
from genlab.jobs.queue import change
from tests.siamese_runs import submit_siamese_job, write_siamese_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    """The runs that the page would wake in the background, which outlives a test."""
    asked = []
    monkeypatch.setattr("genlab.ui.siamese_query.wake_soon", asked.extend)
    return asked


@pytest.fixture
def nothing_shipped(monkeypatch, tmp_path):
    """No run but those that a test writes."""
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", lambda: tmp_path)


def siamese_page(**link: str) -> AppTest:
    """The page through the router, opened by a link."""
    test = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=60)
    test.switch_page("../../pages/siamese.py")
    for name, value in link.items():
        test.query_params[name] = value
    page = test.run()
    assert not page.exception
    return page


def link_of(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


def sentences(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.info, *page.warning, *page.error))


def picture_file(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def test_without_a_run_the_page_says_which_command_trains_one(nothing_shipped):
    page = siamese_page()
    assert page.title[0].value == "Siamese pairs"
    assert "python -m genlab train siamese2d-mnist" in page.info[0].value
    assert page.get("page_link")[0].proto.label == "Train one"


def test_one_run_is_shown_to_who_brings_no_link(nothing_shipped):
    write_siamese_run("a")
    write_siamese_run("b")
    page = siamese_page()
    assert sentences(page) == ""
    assert page.multiselect(key="siamese.runs").value == ["a"]
    assert len(page.get("bidi_component")) == 1
    assert link_of(page) == {"runs": "a"}
    assert "bench(find_run(name)" in page.code[0].value


def test_a_link_sets_runs_thresholds_and_script():
    write_siamese_run("a")
    write_siamese_run("b")
    wanted = {"runs": "b~a", "t": "0.5~", "split": "train", "seed": "3", "curve": "det"}
    page = siamese_page(**wanted)
    assert page.multiselect(key="siamese.runs").value == ["b", "a"]
    assert link_of(page) == wanted
    assert "thresholds = [0.5, benches[1].threshold, raw.threshold]" in page.code[0].value


def test_a_run_keeps_its_threshold_when_others_come_and_go():
    write_siamese_run("a")
    write_siamese_run("b")
    page = siamese_page(runs="a", t="0.5")
    page.multiselect(key="siamese.runs").set_value(["b", "a"]).run()
    assert link_of(page)["t"] == "~0.5"
    page.multiselect(key="siamese.runs").set_value(["b"]).run()
    assert "t" not in link_of(page)
    page.multiselect(key="siamese.runs").set_value([]).run()
    assert "Choose one to four runs" in sentences(page)


def test_a_broken_link_shows_a_fresh_view_and_names_the_run_that_is_not_here(nothing_shipped):
    write_siamese_run("a")
    page = siamese_page(runs="<b>nowhere", t="x", show="<i>", split="all", seed="1e9", ink="'\"")
    assert "nowhere" in page.warning[0].value
    assert link_of(page) == {"runs": "a"}


@pytest.mark.parametrize("show", ["film", "maps", "pictures"])
def test_every_tab_opens_by_a_link_and_has_its_script(show):
    write_siamese_run("a")
    write_siamese_run("b")
    page = siamese_page(runs="a~b", show=show)
    assert sentences(page) == ""
    assert len(page.get("bidi_component")) == 1
    assert link_of(page)["show"] == show
    compile(page.code[0].value, "script", "exec")


def test_a_training_at_work_is_watched_alone_or_beside_runs():
    write_siamese_run("a")
    job = submit_siamese_job("new")
    page = siamese_page(show="film", job=str(job.id))
    assert page.multiselect(key="siamese.runs").value == []
    assert page.button_group(key="siamese.job").value == job.id
    assert link_of(page) == {"show": "film", "job": str(job.id)}
    assert sentences(page) == ""
    assert "no run yet" in page.code[0].value
    (film,) = films_of(page)
    assert (film["name"], film["live"]) == ("new", True)
    page.multiselect(key="siamese.runs").set_value(["a"]).run()
    assert [film["name"] for film in films_of(page)] == ["a", "new"]
    page.button_group(key="siamese.job").set_value(None).run()
    assert link_of(page) == {"runs": "a", "show": "film"}
    assert [film["live"] for film in films_of(page)] == [False]


def test_tabs_that_need_a_run_say_so_beside_a_training_at_work():
    job = submit_siamese_job("new")
    page = siamese_page(show="maps", job=str(job.id))
    assert "Choose one to four runs" in sentences(page)
    assert not page.get("bidi_component")


def test_a_training_that_has_ended_is_shown_as_its_run():
    write_siamese_run("a")
    job = submit_siamese_job("new")
    page = siamese_page(runs="a", show="film", job=str(job.id))
    write_siamese_run("new")
    change(job.id, state="done")
    page.run()
    assert page.multiselect(key="siamese.runs").value == ["a", "new"]
    assert link_of(page) == {"runs": "a~new", "show": "film"}
    assert [film["live"] for film in films_of(page)] == [False, False]


def test_a_training_that_was_watched_alone_and_failed_leaves_the_page_with_a_run(nothing_shipped):
    write_siamese_run("a")
    job = submit_siamese_job("new")
    page = siamese_page(show="film", job=str(job.id))
    change(job.id, state="failed")
    page.run()
    assert link_of(page) == {"runs": "a", "show": "film"}


@pytest.mark.parametrize("job", ["77", "-1", "x", "1e3"])
def test_a_link_to_a_job_that_is_gone_shows_runs(job, nothing_shipped):
    write_siamese_run("a")
    page = siamese_page(show="film", job=job)
    assert link_of(page) == {"runs": "a", "show": "film"}


def films_of(page: AppTest) -> list[dict]:
    (component,) = page.get("bidi_component")
    return json.loads(component.proto.json)["films"]


def test_a_run_without_a_film_shows_its_losses_or_says_that_it_has_none():
    write_siamese_run("a", film=False)
    page = siamese_page(runs="a", show="film")
    assert "neither a film nor losses" in sentences(page)


def test_losses_by_epoch_stand_in_for_a_film_that_is_not_there():
    run = write_siamese_run("a", film=False)
    losses = {"pair_loss": 0.1, "d_same": 0.3, "d_different": 1.1}
    lines = [{"epoch": e, "step": 50 * e, "train": losses, "validation": losses} for e in (1, 2)]
    (run.path / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    page = siamese_page(runs="a", show="film")
    assert sentences(page) == ""
    assert "no film, only its losses" in " ".join(text.value for text in page.markdown)


def test_the_maps_stand_beside_the_pixels_or_another_run():
    write_siamese_run("a")
    write_siamese_run("b")
    page = siamese_page(runs="a~b", show="maps", images="train")
    left, right = page.selectbox[1:3]
    assert (left.value, right.value) == ("a", "b")
    assert right.options == ["raw pixels", "b"]
    right.set_value("raw pixels").run()
    assert not page.exception
    assert link_of(page)["other"] == "raw pixels"
    assert 'raw_map("mnist", "train")' in page.code[0].value


def test_two_pictures_are_compared():
    write_siamese_run("a")
    page = siamese_page(runs="a", show="pictures")
    image = load_split("mnist", "test").images[3]
    for name in ("one", "other"):
        page.file_uploader(key=f"siamese.upload_{name}").upload(
            "mine.png", picture_file(image), "image/png"
        )
    page.run()
    assert not page.exception
    assert page.metric[0].value == "0.000"
    assert "the same: the threshold is" in page.metric[0].delta


def test_a_picture_of_ones_own_asks():
    write_siamese_run("a")
    page = siamese_page(runs="a", show="pictures")
    image = picture_file(load_split("mnist", "test").images[3])
    page.file_uploader(key="siamese.upload_file").upload("mine.png", image, "image/png").run()
    assert not page.exception
    assert link_of(page)["ask"] == "file"
    assert "read_picture(content)" in page.code[0].value


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no picture", "cannot be read as a picture"),
        (picture_file(np.zeros((30, 30), np.uint8)), "nothing to see"),
        (picture_file(np.zeros((5000, 9000), np.uint8)), "million are the most"),
    ],
)
def test_what_is_no_picture_gets_one_sentence(content, sentence):
    write_siamese_run("a")
    page = siamese_page(runs="a", show="pictures")
    page.file_uploader(key="siamese.upload_one").upload("mine.png", content, "image/png").run()
    assert not page.exception
    assert len(page.error) == 1
    assert sentence in page.error[0].value


def test_without_the_faces_the_page_says_how_to_get_them_and_shows_digits(nothing_shipped):
    faces = {"dataset": "orl", "height": 56, "width": 46, "kept": False, "film": False}
    write_siamese_run("faces", **faces)
    write_siamese_run("digits")
    page = siamese_page(runs="faces")
    assert "ORL faces are not on this machine" in page.info[0].value
    assert "Here is MNIST" in page.info[0].value
    assert page.selectbox(key="siamese.dataset").value == "mnist"
    assert page.multiselect(key="siamese.runs").value == ["digits"]
    assert len(page.get("bidi_component")) == 1


def test_faces_that_are_chosen_and_not_here_leave_the_digits_in_their_place(nothing_shipped):
    write_siamese_run("faces", dataset="orl", height=56, width=46, kept=False, film=False)
    write_siamese_run("a")
    write_siamese_run("b")
    page = siamese_page(runs="b")
    assert sentences(page) == ""
    page.selectbox(key="siamese.dataset").set_value("orl").run()
    assert not page.exception
    assert "ORL faces are not on this machine" in sentences(page)
    assert page.selectbox(key="siamese.dataset").value == "mnist"
    assert link_of(page)["runs"] == "b"


def test_faces_alone_without_images_show_the_sentence_and_no_traceback(nothing_shipped):
    write_siamese_run("faces", dataset="orl", height=56, width=46, kept=False, film=False)
    page = siamese_page()
    assert "ORL faces are not on this machine" in sentences(page)
    assert len(page.info) == 1
    assert not page.get("bidi_component")


def test_weights_that_do_not_fit_give_one_sentence(nothing_shipped):
    run = write_siamese_run("a", kept=False)
    (run.path / "model.safetensors").write_bytes(b"broken")
    page = siamese_page(runs="a")
    assert len(page.error) == 1


def test_the_networks_on_show_are_woken_for_questions_to_come(woken):
    write_siamese_run("a")
    write_siamese_run("b")
    siamese_page(runs="b~a")
    assert [run.name for run in woken] == ["b", "a"]


def test_the_bench_is_shown_without_torch(own_home):
    write_siamese_run("a")
    script = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "from genlab.ui import siamese_query; siamese_query.WAKE_AFTER = 1000.0\n"
        "page = AppTest.from_file('genlab/ui/main.py', default_timeout=60)\n"
        "page.switch_page('../../pages/siamese.py'); page.query_params['runs'] = 'a'\n"
        "page.run(); assert not page.exception; assert page.get('bidi_component')\n"
        "print('torch' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split()[-1] == "False"
