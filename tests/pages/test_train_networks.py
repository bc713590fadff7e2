"""The Train page for GANs and classifiers."""

import json

import numpy as np
import pytest

from genlab.jobs import desk
from genlab.jobs.queue import change, find_job, list_jobs
from genlab.runs.film import has_film
from genlab.runs.folder import find_run
from genlab.ui.train_settings import build_config
from tests.pages.test_train import (
    BOOK,
    again,
    chart,
    keys,
    link_of,
    open_page,
    press,
    quiet_machine,  # noqa: F401 (a fixture that runs by itself)
    started,
    trained,
    words,
)

GAN = {"recipe": "gan-mlp-mnist", "latent_dim": "4", "epochs": "1", "batch_size": "1000"}
CLASSIFIER = {
    "recipe": "digits-classifier",
    "channels": "2",
    "feature_dim": "4",
    "epochs": "1",
    "batch_size": "1000",
}
SIAMESE = {
    "recipe": "siamese2d-mnist",
    "channels": "2",
    "epochs": "1",
    "batch_size": "1000",
}


@pytest.fixture(autouse=True)
def without_what_vaes_have(monkeypatch):
    monkeypatch.setattr("tests.pages.test_train.TINY", {})


def titles(page) -> list[str]:
    return [title["text"] for title in chart(page)["title"]]


def test_what_is_changed_seldom_is_folded_away_and_marked_where_it_is_changed():
    page = open_page(recipe="dcgan32-mnist")
    folded = [s["name"] for s in BOOK["families"]["gan"] if "group" in s]
    (expander,) = [e for e in page.expander if e.label.startswith("More settings")]
    inside = {w.key for w in [*expander.number_input, *expander.selectbox]}
    assert inside == {f"train.set.{name}" for name in folded}
    assert {"r1", "smoothing", "fake_code"} <= set(folded)
    assert "architecture" not in folded
    page.number_input(key="train.set.r1").set_value(5.0).run()
    assert [e.label for e in page.expander if "More settings" in e.label] == ["More settings ●"]
    assert link_of(page)["r1"] == "5"


def test_a_vae_has_nothing_folded_away():
    assert not [e for e in open_page().expander if "More settings" in e.label]


def test_a_finished_gan_shows_its_losses_pictures_lines_and_doors():
    page, job_id = trained(**GAN)
    assert find_job(job_id).state == "done"
    run = find_run(find_job(job_id).name)
    assert has_film(run)
    assert titles(page) == [
        "Loss of D",
        "Loss of G",
        "D(x) of real images",
        "D(G(z)) of fakes",
    ]
    lines = [
        (mark["name"], mark["yAxis"])
        for series in chart(page)["series"]
        for mark in series.get("markLine", {}).get("data", [])
    ]
    assert lines == [("equilibrium", value) for value in (1.386, 0.693, 0.5, 0.5)]
    pictures = json.loads(page.get("bidi_component")[0].proto.json)
    assert (pictures["rows"], pictures["columns"], pictures["side"]) == (2, 10, 28)
    assert pictures["titles"] == ["held-out images", "what it generates"]
    assert {link.proto.query_string for link in page.get("page_link")} == {
        f"runs={run.name}",
        f"run={run.name}",
    }
    text = words(page).replace("\\", "")
    assert "GAN on MNIST, mlp, non-saturating loss, 4 numbers of uniform noise" in text
    assert "mode collapse" in text  # what to look for


def test_a_gan_at_work_says_both_losses():
    page, job_id = started(**GAN)
    job = find_job(job_id)
    change(job_id, state="running", started=1000.0, step=20, steps=100, beat=1000.0)
    job.folder.mkdir(parents=True, exist_ok=True)
    line = {"step": 20, "epoch": 1, "loss_d": 1.25, "d_real": 0.6, "d_fake": 0.4, "loss_g": 0.75}
    (job.folder / "steps.jsonl").write_text(json.dumps(line) + "\n")
    (progress,) = again(page).get("progress")
    assert "loss of D 1.25 · loss of G 0.75" in progress.proto.text


@pytest.mark.parametrize(
    ("link", "where"),
    [
        (GAN, "/gan?runs=job-{id}"),
        (SIAMESE, "/siamese?show=film&job={id}"),
        ({"recipe": "vae-fashion", "hidden": "8"}, None),
    ],
)
def test_a_training_that_makes_a_film_has_a_link_to_it_while_it_is_at_work(link, where):
    page, job_id = started(**link)
    links = [door.proto for door in page.get("page_link")]
    watch = [f"/{door.page}?{door.query_string}" for door in links if "the film" in door.label]
    assert watch == ([] if where is None else [where.format(id=job_id)])
    change(job_id, state="failed", message="no")
    assert not [door for door in again(page).get("page_link") if "the film" in door.proto.label]


def test_a_finished_classifier_shows_its_losses():
    page, _ = trained(**CLASSIFIER)
    assert titles(page) == ["Cross-entropy, nats per image", "Share of errors"]
    assert not [s for s in chart(page)["series"] if "markLine" in s]
    pictures = json.loads(page.get("bidi_component")[0].proto.json)
    assert pictures["titles"] == ["held-out images", "as training moves them"]
    assert "Classifier on MNIST" in words(page)


def test_a_finished_siamese_network_shows_its_losses_pictures_and_doors():
    page, job_id = trained(**SIAMESE)
    run = find_run(find_job(job_id).name)
    assert has_film(run)
    assert titles(page) == [
        "Loss of the pairs",
        "Equal error rate",
        "Distance of same pairs",
        "Distance of different pairs",
    ]
    pictures = json.loads(page.get("bidi_component")[0].proto.json)
    assert (pictures["rows"], pictures["columns"], pictures["side"]) == (2, 10, 28)
    text = words(page).replace("\\", "")
    assert "Siamese on MNIST, 2-D embedding, contrastive loss" in text


def test_faces_are_offered_to_siamese_networks_alone_and_bring_their_sides():
    page = open_page(recipe="siamese2d-mnist")
    datasets = page.selectbox(key="train.dataset")
    assert {"ORL faces", "MNIST, unseen digits", "Fashion-MNIST"} <= set(datasets.options)
    assert "ORL faces" not in open_page().selectbox(key="train.dataset").options
    config = build_config(BOOK, "siamese2d-mnist", "orl", {}, "")
    assert (config["model"]["height"], config["model"]["width"]) == (64, 64)
    assert config["model"]["identities"] == 40
    datasets.set_value("orl").run()
    assert not page.exception
    assert "The images of ORL faces are not on this machine" in words(page)


def test_only_runs_with_the_same_losses_can_be_laid_over(train_tiny):
    train_tiny("another-gan")
    page, _ = trained(**GAN)
    page.session_state["train.curves"] = True
    again(page)
    options = page.multiselect(key="train.with").options
    assert "another-gan" in options
    assert "vae-fashion" not in options
    page.multiselect(key="train.with").set_value(["run another-gan"]).run()
    assert not page.exception
    assert "another-gan" in {s.get("name") for s in chart(page)["series"]}


def test_a_link_that_lays_another_family_over_a_job_draws_the_job():
    _, job_id = trained(**GAN)
    page = open_page(**{"jobs": str(job_id), "with": "vae-fashion"})
    assert len(titles(page)) == 4


def test_duplicating_and_going_on_keep_the_settings_of_a_gan():
    page, job_id = trained(**GAN, loss="least-squares", fake_code="-1")
    press(page, "train.reset")
    press(page, f"train.duplicate.{job_id}")
    again(page)
    assert page.selectbox(key="train.set.loss").value == "least-squares"
    assert page.number_input(key="train.set.fake_code").value == -1.0
    new = desk.more_epochs(job_id, 1, desk.COMMAND_LINE)
    assert new.config["model"] == find_job(job_id).config["model"]
    assert f"train.more.{job_id}" not in keys(page)  # a popover, which has no button of its own
    assert len(list_jobs()) == 2


def test_the_words_are_those_of_what_is_shown_and_else_of_the_recipe():
    assert "posterior" not in words(open_page(recipe="dcgan32-mnist"))
    assert "the pixels' entropy" in words(open_page(recipe="vae-fashion"))
    _, job_id = started(**GAN)
    page = open_page(recipe="vae-fashion", jobs=str(job_id))
    assert "mode collapse" in words(page)


def test_pictures_of_more_rows_than_the_family_names_are_drawn_without_words():
    page, job_id = trained(**GAN)
    np.save(find_job(job_id).folder / "pictures.npy", np.zeros((3, 10, 784), np.uint8))
    pictures = json.loads(again(page).get("bidi_component")[0].proto.json)
    assert pictures["titles"] == ["held-out images", "what it generates", ""]
