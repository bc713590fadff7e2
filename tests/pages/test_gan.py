import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from genlab.jobs.queue import submit
from tests.gan_runs import probe_summary, write_gan_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def nothing_shipped(monkeypatch, tmp_path):
    """No run but those that a test writes."""
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", lambda: tmp_path)


def gan_page(**link: str) -> AppTest:
    """The page through the router, opened by a link."""
    test = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=30)
    test.switch_page("../../pages/gan.py")
    for name, value in link.items():
        test.query_params[name] = value
    return test.run()


def link_of(test: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in test.query_params.items()}


def test_without_a_gan_the_page_leads_to_train(nothing_shipped):
    page = gan_page()
    assert not page.exception
    assert page.title[0].value == "GAN progression"
    assert "train one" in page.info[0].value
    assert page.get("page_link")[0].proto.label == "Train a GAN"


def test_two_runs_are_shown_to_who_brings_no_link(nothing_shipped):
    for name in ("a", "b", "c"):
        write_gan_run(name)
    page = gan_page()
    assert not page.exception
    assert not page.error
    assert page.multiselect(key="gan.runs").value == ["a", "b"]
    assert len(page.get("bidi_component")) == 1
    assert link_of(page) == {"runs": "a~b"}


def test_a_link_sets_the_films_the_view_and_the_script():
    write_gan_run("a")
    write_gan_run("b")
    page = gan_page(runs="b~a", at="320", clock="images", tile="7")
    assert page.multiselect(key="gan.runs").value == ["b", "a"]
    assert link_of(page) == {"runs": "b~a", "at": "320", "clock": "images", "tile": "7"}
    assert '["b", "a"]' in page.code[0].value
    assert "moment = 320  # images" in page.code[0].value
    assert "Noise 7 alone" in page.radio(key="gan.save_what").options


def test_a_broken_link_shows_a_fresh_view_and_names_the_run_that_is_not_here(nothing_shipped):
    write_gan_run("a")
    page = gan_page(runs="nowhere", at="-3", tile="<b>", speed="fast")
    assert not page.exception
    assert "nowhere" in page.warning[0].value
    assert link_of(page) == {"runs": "a"}


def test_other_films_can_be_chosen(nothing_shipped):
    for name in ("a", "b", "c"):
        write_gan_run(name)
    page = gan_page(tile="7")
    page.multiselect(key="gan.runs").set_value(["c"]).run()
    assert link_of(page) == {"runs": "c", "tile": "7"}
    page.multiselect(key="gan.runs").set_value([]).run()
    assert "Choose one to four runs" in page.info[0].value


def test_a_gan_at_work_is_shown_first(nothing_shipped):
    write_gan_run("a")
    job = submit("new", {"family": "gan", "dataset": "mnist"}, state="running")
    page = gan_page()
    assert not page.exception
    assert page.multiselect(key="gan.runs").value == [f"job-{job.id}"]
    assert any("at work" in option for option in page.multiselect(key="gan.runs").options)


def test_the_probe_stands_beside_its_controls():
    write_gan_run("a", summary=probe_summary())
    page = gan_page(runs="a")
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures == {
        "Test accuracy": "98.30%",
        "Untrained discriminator": "94.10%",
        "Raw pixels": "90.20%",
    }
    words = " ".join(caption.value for caption in page.caption)
    assert "97.91% to 98.15%" in words
    assert "± 0.11 over draws; train 100.00%" in words
    assert len(page.get("plotly_chart")) == 2


def test_a_run_without_a_probe_says_how_to_make_one():
    write_gan_run("a")
    page = gan_page(runs="a")
    assert "python -m genlab evaluate a --keep" in page.info[0].value


@pytest.mark.parametrize(
    "broken",
    [
        {"probe_confusion": [[1, "x"]], "probe_by_share": {"0": {}, "a": 3}},
        {"probe_confusion": None, "probe_by_share": []},
        {"probe_test_accuracy": "<b>"},
        {"floors": 3, "probe_test_accuracy_std": [], "probe_train_accuracy": None},
    ],
)
def test_a_summary_from_elsewhere_cannot_break_the_page(broken):
    write_gan_run("a", summary=probe_summary(**broken))
    page = gan_page(runs="a")
    assert not page.exception
    assert not page.error


def test_the_other_tab_shows_the_gan_in_the_plane_and_a_link_leads_there():
    write_gan_run("a")
    page = gan_page(runs="a", show="plane")
    assert not page.exception
    assert "Target density" in [box.label for box in page.selectbox]
    assert link_of(page)["show"] == "plane"
    assert link_of(page)["runs"] == "a"


def test_films_are_shown_without_torch(own_home):
    write_gan_run("a", summary=probe_summary())
    script = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('genlab/ui/main.py', default_timeout=30)\n"
        "page.switch_page('../../pages/gan.py'); page.query_params['runs'] = 'a'\n"
        "page.run(); assert not page.exception; assert page.metric\n"
        "print('torch' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split()[-1] == "False"
