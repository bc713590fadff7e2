"""The Train page through the router; jobs are trained in this process, by the worker's own code."""

import ast
import json

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from genlab.data.floors import Floors
from genlab.errors import GenLabError
from genlab.jobs import desk
from genlab.jobs.cost import Probe
from genlab.jobs.queue import change, find_job, list_jobs
from genlab.jobs.recipe_book import write_book
from genlab.jobs.trainer import run_job
from genlab.places import ROOT
from genlab.runs.folder import find_run, read_metrics
from genlab.ui import owner, page_link, train_cost, train_desk, train_watch
from genlab.ui.owner import visitor_id_of

ANN, BOB = "a" * 32, "b" * 32  # what their cookies would hold
TINY = {"hidden": "8", "latent_dim": "2", "epochs": "2"}
PROBE = Probe(
    device="CPU", seconds_to_start=1.0, seconds_per_step=0.01, seconds_per_validation=0.1,
    batches=63, memory_mb=400.0, gpu_memory_mb=0.0, parameters=12_345,
)  # fmt: skip
BOOK = write_book()
SOME_FLOORS = Floors(
    entropy=190.0, mean_image_nll=385.0, mean_image_sse=1.0, pca16_sse=1.0, pca20_sse=1.0,
    pca64_sse=1.0, pca256_sse=1.0, pair_auc=0.5, pair_eer=0.5, train_origin="", test_origin="",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch):
    """No worker, no probe and no computed floors: what they find is told."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr("genlab.jobs.recipe_book.recipe_book", lambda: BOOK)
    monkeypatch.setattr(train_desk, "ensure_worker", lambda: None)
    monkeypatch.setattr(train_cost, "ask", lambda config: PROBE)
    monkeypatch.setattr(train_cost, "REST", 0.0)
    monkeypatch.setattr(train_cost, "_answered", {})
    monkeypatch.setattr(train_cost, "_failures", {})
    monkeypatch.setattr(train_watch, "_floors", dict.fromkeys(("fashion", "mnist"), SOME_FLOORS))
    monkeypatch.setattr(owner, "_teachers", {})
    monkeypatch.setattr(owner, "WRONG_KEY_WAIT", 0.0)
    yield
    finish_probes()  # while they are still told: one that outlives its test would measure


def finish_probes() -> None:
    """Wait until the thread that asks for costs has answered every question."""
    if train_cost._worker is not None:
        train_cost._worker.join(60)
        assert not train_cost._worker.is_alive()


def open_page(who: str = ANN, **link: str) -> AppTest:
    page = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=60)
    page.switch_page("../../pages/train.py")
    page.session_state["owner.secret"] = who
    for name, value in link.items():
        page.query_params[name] = value
    return again(page)


def again(page: AppTest) -> AppTest:
    train_desk.forget_look()
    page.run()
    assert not page.exception
    return page


def press(page: AppTest, key: str) -> None:
    page.button(key=key).click().run()
    assert not page.exception


def keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def words(page: AppTest) -> str:
    kinds = ("title", "subheader", "caption", "markdown", "error", "warning", "info")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def link_of(page: AppTest) -> dict[str, str]:
    return {name: "".join(value) for name, value in page.query_params.items()}


def started(who: str = ANN, **link: str) -> tuple[AppTest, int]:
    """A page on which a tiny job has been started, and that job's number."""
    page = open_page(who, **TINY | link)
    press(page, "train.start")
    return page, list_jobs()[0].id


def trained(who: str = ANN, **link: str) -> tuple[AppTest, int]:
    page, job_id = started(who, **link)
    change(job_id, state="running", started=1000.0, attempts=1)  # as claim does
    run_job(job_id, lambda run, stopped: None)
    return again(page), job_id


def chart(page: AppTest) -> dict:
    return json.loads(page.get("echarts_chart")[0].proto.spec)


# --- before a start ------------------------------------------------------------------------------


def test_a_fresh_page_offers_a_recipe_and_says_what_to_do_first():
    page = open_page()
    assert page.title[0].value == "Train"
    assert "press **Start**" in page.info[0].value
    assert link_of(page) == {"recipe": "vae-fashion"}
    assert page.get("echarts_chart")  # what to expect: the shipped run of this recipe


@pytest.mark.parametrize("recipe", list(BOOK["recipes"]))
def test_every_setting_of_every_recipe_is_in_the_form_with_the_recipes_value(recipe):
    page = open_page(recipe=recipe)
    config = BOOK["recipes"][recipe]
    fixed = {"pixels", "classes", "height", "width", "identities"}  # by the images
    for name, value in (config["model"] | config["training"]).items():
        if name not in fixed:
            widgets = [*page.number_input, *page.selectbox]
            assert [w.value for w in widgets if w.key == f"train.set.{name}"] == [value]


def test_the_images_in_use_are_named_and_a_part_is_marked():
    assert ":orange[the first 10,000 of 60,000" in words(open_page())


def test_a_change_is_marked_beside_the_recipes_value_and_can_be_taken_back():
    page = open_page()
    assert "●" not in page.number_input(key="train.set.epochs").label
    page.number_input(key="train.set.epochs").set_value(3).run()
    assert "●" in page.number_input(key="train.set.epochs").label
    assert "epochs 3 (not 25)" in words(page)
    press(page, "train.reset")
    assert page.number_input(key="train.set.epochs").value == 25
    assert "train.reset" not in keys(page)


def test_the_form_is_in_the_link_and_the_link_fills_the_form():
    page = open_page()
    page.selectbox(key="train.recipe").set_value("cvae-fashion").run()
    page.number_input(key="train.set.latent_dim").set_value(5).run()
    page.number_input(key="train.set.learning_rate").set_value(0.01).run()
    link = link_of(page)
    assert link == {"recipe": "cvae-fashion", "latent_dim": "5", "learning_rate": "0.01"}
    other = open_page(BOB, **link)
    assert other.number_input(key="train.set.latent_dim").value == 5
    assert other.number_input(key="train.set.learning_rate").value == 0.01


def test_a_training_can_start_from_a_run_of_its_kind(make_run):
    make_run("mine", family="cvae")
    page = open_page(recipe="cvae-fashion")
    starts = page.selectbox(key="train.from")
    assert starts.options[0] == "weights drawn by the seed"
    assert {"mine", "cvae-fashion"} < set(starts.options)
    assert "vae2d-mnist" not in starts.options
    starts.set_value("mine").run()
    assert "start mine (not weights drawn by the seed)" in words(page).replace("\\", "")
    assert link_of(page) == {"recipe": "cvae-fashion", "start": "mine"}
    other = open_page(BOB, **link_of(page))
    assert other.selectbox(key="train.from").value == "mine"
    press(other, "train.start")
    job = list_jobs()[-1]
    assert job.config["start"] == "mine"
    press(other, "train.reset")
    press(other, f"train.duplicate.{job.id}")
    assert again(other).selectbox(key="train.from").value == "mine"


def test_a_start_that_is_gone_is_left_out():
    page = open_page(recipe="cvae-fashion", start="was-deleted")
    assert page.selectbox(key="train.from").value == ""
    assert page.selectbox(key="train.from").label == "Start from"  # not marked as changed


@pytest.mark.parametrize(
    "link",
    [
        {"recipe": "<script>"},
        {"epochs": "1e9"},
        {"epochs": "-3"},
        {"learning_rate": "nan"},
        {"schedule": "![x](http://evil.example)"},
        {"dataset": "../../etc"},
        {"seeds": "99999999999"},
        {"jobs": "1-x-../--5"},
        {"smooth": "999", "x": "?", "y": "'", "with": "../../x~~", "and": "0"},
    ],
)
def test_a_link_of_nonsense_shows_a_fresh_form(link):
    page = open_page(**link)
    assert not page.error
    shown = link_of(page)
    assert shown == {"recipe": "vae-fashion"}


def test_a_number_chosen_before_the_page_is_whole_is_kept(monkeypatch):
    with monkeypatch.context() as slow:  # the script is cut short there by the choice
        slow.setattr("genlab.ui.train_view.show_nothing", lambda wish: st.stop())
        page = open_page(epochs="7")
    page.session_state["train.set.epochs"] = 9
    again(page)
    assert page.number_input(key="train.set.epochs").value == 9
    assert link_of(page)["epochs"] == "9"


def test_numbers_chosen_quickly_one_after_the_other_are_all_kept():
    page = open_page(epochs="7")
    page.number_input(key="train.set.epochs").set_value(8).run()
    page.query_params["epochs"] = "7"  # the browser has not yet got the URL that was written
    page.number_input(key="train.set.batch_size").set_value(64).run()
    assert link_of(page) == {"recipe": "vae-fashion", "epochs": "8", "batch_size": "64"}


def test_a_step_back_in_the_history_is_followed(monkeypatch):
    monkeypatch.setattr(page_link, "LATE", 0.0)
    page = open_page(epochs="7")
    page.number_input(key="train.set.epochs").set_value(8).run()
    page.query_params["epochs"] = "7"
    again(page)
    assert page.number_input(key="train.set.epochs").value == 7


def test_the_cost_is_told_before_the_start():
    page = open_page(epochs="100")
    finish_probes()
    again(page)
    assert "≈ 1 min 14 s" in words(page)
    assert "400 MB of memory" in words(page)


def test_a_cost_that_cannot_be_measured_is_one_sentence(monkeypatch):
    def fail(config):
        raise GenLabError("The probe was killed; memory is short.")

    monkeypatch.setattr(train_cost, "ask", fail)
    page = open_page()
    finish_probes()
    assert "memory is short" in words(again(page))


def test_data_that_are_not_here_stop_the_start_with_their_mend():
    page = open_page(dataset="kmnist")
    assert "GENLAB" in page.error[0].value
    assert page.button(key="train.start").disabled


@pytest.mark.parametrize("name", ["../up", "<b>x</b>", "a" * 59 + "/", "vae-fashion", "Ω", "-x"])
def test_a_name_that_cannot_be_used_is_refused_before_the_start(name):
    page = open_page()
    page.text_input(key="train.name").set_value(name).run()
    assert page.error
    assert page.button(key="train.start").disabled


def test_the_script_trains_the_same_config_and_keeps_the_run(monkeypatch):
    page = open_page(recipe="vae2d-mnist", **TINY)
    script = page.code[0].value
    ast.parse(script)
    monkeypatch.setattr("builtins.print", lambda *args, **kwargs: None)
    exec(compile(script, "script", "exec"), {})
    run = find_run("vae2d-mnist-2")
    press(page, "train.start")
    assert {k: run.config[k] for k in ("family", "dataset", "model", "training", "start")} == (
        list_jobs()[0].config
    )


# --- jobs ----------------------------------------------------------------------------------------


def test_start_queues_what_the_form_says_for_this_visitor():
    page, job_id = started(name="")
    job = find_job(job_id)
    assert (job.name, job.state, job.owner) == ("vae-fashion-2", "queued", visitor_id_of(ANN))
    assert job.config["model"] == {"pixels": 784, "hidden": 8, "latent_dim": 2}
    assert job.config["training"]["epochs"] == 2
    assert link_of(page)["jobs"] == str(job_id)
    assert "It starts within a second" in words(page)


def test_several_runs_are_a_job_for_each_seed():
    page = open_page(**TINY, seeds="3", seed="5")
    press(page, "train.start")
    jobs = list_jobs()[::-1]
    assert [job.name for job in jobs] == [f"vae-fashion-2-s{seed}" for seed in (5, 6, 7)]
    assert [job.config["training"]["seed"] for job in jobs] == [5, 6, 7]
    assert link_of(page)["jobs"] == "-".join(str(job.id) for job in jobs)
    press(page, f"train.stop_all_3.{jobs[0].id}")
    assert {job.state for job in list_jobs()} == {"stopped"}


def test_what_the_desk_refuses_is_one_sentence():
    desk.set_limits(desk.Limits(epochs=1), desk.COMMAND_LINE)
    page = open_page(**TINY)
    press(page, "train.start")
    assert "the limit here is 1" in page.error[0].value
    assert list_jobs() == []


def test_a_finished_job_shows_its_curves_pictures_and_doors():
    page, job_id = trained()
    assert find_job(job_id).state == "done"
    run = find_run("vae-fashion-2")
    assert len(read_metrics(run)) == 2
    series = chart(page)["series"]
    assert {line.get("name") for line in series} >= {"training", "validation"}
    assert {"pixel entropy", "mean image"} <= {
        mark["name"] for s in series for mark in s.get("markLine", {}).get("data", [])
    }
    pictures = json.loads(page.get("bidi_component")[0].proto.json)
    assert (pictures["rows"], pictures["columns"], pictures["side"]) == (3, 10, 28)
    assert {link.proto.query_string for link in page.get("page_link")} == {
        "left=vae-fashion-2",
        "run=vae-fashion-2",
    }
    assert "2 of 2 epochs" in words(page)


def test_a_reload_and_another_visitor_see_the_same_curve():
    page, job_id = trained()
    for other in (open_page(ANN, jobs=str(job_id)), open_page(BOB, jobs=str(job_id))):
        assert chart(other) == chart(page)


def test_without_a_link_visitors_see_their_own_job_first():
    _, of_ann = started()
    started(BOB)
    assert link_of(open_page(ANN))["jobs"] == str(of_ann)


def test_nobody_is_offered_to_touch_somebody_elses_job():
    _, job_id = started()
    page = open_page(BOB, jobs=str(job_id))
    assert not {key for key in keys(page) if key.endswith(f".{job_id}")} - {
        f"train.show.{job_id}",
        f"train.duplicate.{job_id}",
    }
    assert "Its owner and the teacher can stop it" in words(page)


@pytest.mark.parametrize(
    ("state", "wish", "offered"),
    [
        ("queued", "run", {"stop"}),
        ("running", "run", {"pause", "stop"}),
        ("paused", "pause", {"resume", "1_step", "10_steps", "stop"}),
        ("running", "stop", set()),
        ("paused", "stop", set()),
        ("failed", "run", {"resume", "clear"}),
        ("stopped", "stop", {"clear"}),
    ],
)
def test_a_job_offers_what_can_be_done_with_it(state, wish, offered):
    page, job_id = started()
    change(job_id, state=state, wish=wish, message="It broke." if state == "failed" else "")
    shown = keys(again(page))
    verbs = {key.split(".")[1] for key in shown if key.endswith(f".{job_id}")}
    assert verbs - {"show", "duplicate"} == offered


def test_pressing_asks_the_desk():
    page, job_id = started()
    change(job_id, state="running", started=1000.0)
    press(again(page), f"train.pause.{job_id}")
    assert find_job(job_id).wish == "pause"
    change(job_id, state="paused")
    press(again(page), f"train.10_steps.{job_id}")
    assert find_job(job_id).credit == 10
    press(page, f"train.resume.{job_id}")
    assert find_job(job_id).wish == "run"
    change(job_id, state="running")
    again(page).button_group(key=f"train.pace.{job_id}").set_value(0.5).run()
    assert find_job(job_id).delay == 0.5
    press(page, f"train.stop.{job_id}")
    assert find_job(job_id).wish == "stop"


def test_what_has_changed_meanwhile_is_said_not_thrown():
    page, job_id = started()
    desk.stop(job_id, desk.COMMAND_LINE)
    press(page, f"train.stop.{job_id}")  # on a page that has not looked since
    assert "has ended already" in page.error[0].value


def test_a_failed_job_shows_its_sentence_letter_by_letter():
    page, job_id = started()
    change(job_id, state="failed", message="Loss is <b>NaN</b>; ![x](http://evil.example)")
    assert r"\!\[x\]\(http" in again(page).error[0].value


def test_hostile_names_from_elsewhere_are_shown_letter_by_letter():
    page, job_id = started()
    change(job_id, name="![x](http://evil.example) <i>:red[x]")
    again(page)
    labels = [button.label for button in page.button]
    assert not [label for label in labels if "![x](" in label or ":red[x]" in label]
    assert "![x](" not in words(page)


def test_a_finished_job_goes_on_for_more_epochs_as_another_run(monkeypatch):
    asked = []

    def more_epochs(job_id, epochs, visitor):
        asked.append((job_id, epochs, visitor.id))
        return desk.submit("longer", find_job(job_id).config, owner=visitor.id)

    monkeypatch.setattr(desk, "more_epochs", more_epochs, raising=False)
    page, job_id = trained()
    page.session_state[f"train.more.{job_id}"] = True
    again(page)
    page.number_input(key=f"train.more_epochs.{job_id}").set_value(3)
    press(page, f"train.go_on.{job_id}")
    assert asked == [(job_id, 3, visitor_id_of(ANN))]
    assert link_of(page)["jobs"] == str(list_jobs()[0].id)


def test_a_duplicate_fills_the_form():
    page, job_id = started(batch_size="64")
    press(page, "train.reset")
    press(page, f"train.duplicate.{job_id}")
    again(page)
    assert page.number_input(key="train.set.batch_size").value == 64
    assert page.number_input(key="train.set.hidden").value == 8


def test_a_cleared_job_goes_and_its_run_stays():
    page, job_id = trained()
    press(page, f"train.clear.{job_id}")
    assert list_jobs() == []
    assert find_run("vae-fashion-2")
    assert "press **Start**" in page.info[0].value


def test_ended_jobs_are_cleared_together_but_only_the_visitors_own():
    trained()
    page, _ = trained(BOB)
    page.session_state["train.all"] = True
    again(page)
    press(page, "train.clear_all")
    assert not page.error
    assert [job.owner for job in list_jobs()] == [visitor_id_of(ANN)]


def test_any_job_can_be_chosen_from_the_list_of_all():
    first = started()[1]
    page, second = started()
    assert link_of(page)["jobs"] == str(second)
    page.session_state["train.all"] = True
    again(page)
    page.selectbox(key="train.choose").set_value(first).run()
    assert not page.exception
    assert link_of(page)["jobs"] == str(first)


def test_the_curves_are_drawn_as_the_link_says_and_keep_it():
    _, job_id = trained()
    link = {"jobs": str(job_id), "smooth": "30", "x": "epochs", "y": "log", "floors": "off",
            "with": "vae-fashion"}  # fmt: skip
    page = open_page(**link)
    drawn = chart(page)
    assert drawn["xAxis"][0]["name"] == "epoch"
    assert drawn["yAxis"][0]["type"] == "log"
    names = [entry["name"] for entry in drawn["legend"]["data"]]
    assert names == ["vae-fashion-2", "vae-fashion"]
    assert link_of(page) == {"recipe": "vae-fashion"} | link


def test_the_curves_popover_changes_the_chart():
    page, _ = trained()
    page.session_state["train.curves"] = True
    again(page)
    assert page.slider(key="train.smoothing").value == 60
    page.toggle(key="train.floors").set_value(False).run()
    assert not [s for s in chart(page)["series"] if "markLine" in s]
    assert link_of(page)["floors"] == "off"


def test_a_job_of_a_link_that_is_gone_is_said():
    assert "not here any more" in open_page(jobs="77").warning[0].value


def test_half_a_pictures_file_is_no_traceback():
    page, job_id = trained()
    (find_job(job_id).folder / "pictures.npy").write_bytes(b"\x93NUMPY")
    assert not again(page).get("bidi_component")


def test_pictures_of_another_shape_are_not_drawn():
    page, job_id = trained()
    np.save(find_job(job_id).folder / "pictures.npy", np.zeros((3, 10, 783), np.uint8))
    assert not again(page).get("bidi_component")


# --- the teacher ---------------------------------------------------------------------------------


def unlock(page: AppTest, key: str) -> None:
    page.text_input(key="owner.key").set_value(key)
    next(b for b in page.button if b.label == "Unlock").click().run()
    assert not page.exception


def test_the_teachers_key_opens_other_peoples_jobs(monkeypatch):
    monkeypatch.setenv("GENLAB_TEACHER_KEY", "chalk")
    _, job_id = started()
    page = open_page(BOB, jobs=str(job_id))
    unlock(page, "chalc")
    assert "not the teacher" in page.error[0].value
    assert f"train.stop.{job_id}" not in keys(page)
    unlock(page, "chalk")
    press(page, f"train.stop.{job_id}")
    assert find_job(job_id).state == "stopped"


def test_a_locked_desk_starts_nothing_but_the_teachers(monkeypatch):
    monkeypatch.setenv("GENLAB_TEACHER_KEY", "chalk")
    teacher = open_page(BOB)
    unlock(teacher, "chalk")
    teacher.toggle(key="owner.lock").set_value(True).run()
    assert desk.is_locked()
    page = open_page(ANN)
    assert page.button(key="train.start").disabled
    assert "locked the desk" in words(page)
    assert not open_page(BOB).button(key="train.start").disabled


def test_the_teacher_sets_the_limits(monkeypatch):
    monkeypatch.setenv("GENLAB_TEACHER_KEY", "chalk")
    page = open_page()
    unlock(page, "chalk")
    next(n for n in page.number_input if n.label == "Epochs of a job").set_value(7)
    next(b for b in page.button if b.label == "Set the limits").click().run()
    assert desk.read_limits().epochs == 7
