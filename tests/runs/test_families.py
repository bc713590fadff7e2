"""The table of families, held to the models, steps, recipes and pages that it speaks of."""

import dataclasses

import pytest
import torch

from genlab.places import ROOT
from genlab.runs.families import (
    FAMILIES,
    LOSSES,
    Figure,
    Reading,
    family_of,
    in_order,
    loss_of,
    number_at,
)
from genlab.runs.folder import find_run, read_metrics, read_summary
from genlab.training import recipes
from genlab.training.config import TrainConfig

SMALL = {
    "vae": {"hidden": 8, "latent_dim": 3},
    "cvae": {"hidden": 8, "latent_dim": 3},
    "gan": {"latent_dim": 4},
    "classifier": {"channels": 2, "feature_dim": 4},
    "siamese": {"channels": 2},
}


def a_step(name):
    family = recipes.FAMILIES[name]
    torch.manual_seed(0)
    model = family.model(family.config(**SMALL.get(name, {})))
    return family.step(model, TrainConfig(precision="float32"), 10)


def test_every_family_that_can_be_trained_has_its_entry():
    assert FAMILIES.keys() == recipes.FAMILIES.keys()


@pytest.mark.parametrize("name", FAMILIES)
def test_the_losses_are_those_that_the_step_gives(name):
    step, family = a_step(name), FAMILIES[name]
    images = torch.randint(0, 256, (12, 784), dtype=torch.uint8)
    labels = torch.arange(12) % 10
    losses = step(images, labels, torch.Generator().manual_seed(0))
    assert set(losses) == set(family.losses)
    step.model.eval()
    assert set(step.evaluate(images, labels, 0)) == set(family.losses)
    assert set(family.watched) <= set(family.losses)
    assert all(family.losses[loss].brief for loss in family.watched)
    assert family.keeps_last == (step.best_by == "")
    assert family.has_film == (step.frames_at is not None)


@pytest.mark.parametrize("name", FAMILIES)
def test_each_row_of_pictures_has_its_words(name):
    step = a_step(name)
    step.model.eval()
    images, labels = torch.randint(0, 256, (3, 784), dtype=torch.uint8), torch.arange(3)
    assert len(step.pictures(images, labels, 0)) == len(FAMILIES[name].pictures)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_pages_that_open_a_family_are_there(name):
    for door in FAMILIES[name].doors:
        assert (ROOT / f"pages/{door.page}.py").exists()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_model_is_told_in_words_on_cards_and_in_lists(name):
    family = FAMILIES[name]
    model = dataclasses.asdict(recipes.FAMILIES[name].config(**SMALL.get(name, {})))
    for text in (family.brief(model), family.words(model), family.layers(model)):
        assert text
        assert "None" not in text
    assert family.brief({}) == ""
    family.words({})  # of a config that says nothing


@pytest.mark.parametrize("name", ["vae-fashion", "cvae-fashion", "vae2d-mnist"])
def test_a_shipped_run_has_all_figures_of_its_family_with_what_stands_beside_them(name):
    run = find_run(name)
    figures, summary = FAMILIES[run.family].figures, read_summary(run)
    for figure in figures:
        reading = figure.read(summary)
        assert reading is not None, figure.title
        assert len(reading.beside) == len(figure.beside), figure.title
    assert figures[3].words(2, {"active": [True, True, False]}) == "2 of 3"
    assert set(read_metrics(run)[0]["train"]) == set(FAMILIES[run.family].losses)


def test_losses_stand_in_the_order_of_their_family_and_unknown_ones_last():
    assert in_order(["odd", "d_fake", "loss_g", "loss_d"]) == ["loss_d", "loss_g", "d_fake", "odd"]
    assert loss_of("odd").title == "odd"
    assert loss_of("neg_elbo").name == "Negative ELBO, nats per image"
    assert len(LOSSES) == len({loss.title for loss in LOSSES.values()})


def test_a_family_that_is_not_known_is_shown_by_its_weights():
    family = family_of("rbm9")
    assert (family.short, family.figures, family.xray) == ("RBM9", (), "layers")


@pytest.mark.parametrize(
    ("summary", "value"),
    [
        ({"floors": {"entropy": 3.0}}, 3.0),
        ({"floors": {"entropy": 3}}, 3),
        ({"floors": {"entropy": "3"}}, None),
        ({"floors": {"entropy": True}}, None),
        ({"floors": {"entropy": float("nan")}}, None),
        ({"floors": {"entropy": float("inf")}}, None),
        ({"floors": {"entropy": 10**400}}, None),
        ({"floors": [3.0]}, None),
        ({"floors": None}, None),
        ({}, None),
    ],
)
def test_only_finite_numbers_of_a_summary_are_figures(summary, value):
    assert number_at(summary, "floors.entropy") == value


def test_runs_rank_by_their_way_from_the_floor_to_the_mean_image():
    figure = Figure(title="x", key="x", better=-1, beside={"floor": "f", "mean": "m"})
    assert figure.excess(Reading(100.0, {"floor": 50.0, "mean": 150.0})) == 0.5
    assert figure.excess(Reading(60.0, {"floor": 50.0})) == 10.0
    assert figure.excess(Reading(60.0, {})) == 60.0
    accuracy = Figure(title="y", key="y", better=1, beside={"chance": "c"})
    better, worse = (accuracy.excess(Reading(v, {"chance": 0.1})) for v in (0.9, 0.8))
    assert better < worse
