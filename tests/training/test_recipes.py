import json

import pytest
import torch

from genlab.data.catalogue import find_dataset
from genlab.errors import GenLabError
from genlab.training.config import TrainConfig
from genlab.training.recipes import (
    RECIPES,
    build_model,
    config_from_dict,
    find_recipe,
    fitted,
    with_settings,
)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_json(name):
    saved = json.loads(json.dumps(RECIPES[name].to_dict()))
    assert config_from_dict(saved) == RECIPES[name]


GANS = {name: config for name, config in RECIPES.items() if config.family == "gan"}


def test_the_gans_that_ship_keep_to_the_tables_they_are_shown_beside():
    perceptrons = [GANS["gan-mlp-mnist"], GANS["lsgan-mlp-mnist"]]
    assert perceptrons[0].training == perceptrons[1].training
    for config, loss in zip(perceptrons, ("non-saturating", "least-squares"), strict=True):
        assert (config.model.architecture, config.model.latent_dim) == ("mlp", 96)
        assert config.model.loss == loss
        assert config.training.epochs >= 90
    reference = GANS["dcgan32-mnist"]
    assert (reference.model.architecture, reference.model.latent_dim) == ("dcgan-32", 128)
    assert (reference.model.noise, reference.training.epochs) == ("gaussian", 10)
    assert (reference.training.batch_size, reference.training.learning_rate) == (64, 1e-3)
    assert GANS["dcgan-course-mnist"].model.architecture == "dcgan-course"
    assert GANS["dcgan28-mnist"].model.architecture == "dcgan-28"
    assert {config.dataset for config in GANS.values()} == {"mnist"}


def test_settings_reach_the_model_and_the_training_with_the_fields_own_types():
    config = with_settings(
        RECIPES["vae-fashion"],
        {"latent_dim": "2", "learning_rate": "0.01", "dataset": "mnist", "schedule": "constant"},
    )
    assert (config.model.latent_dim, config.dataset) == (2, "mnist")
    assert (config.training.learning_rate, config.training.schedule) == (0.01, "constant")
    assert RECIPES["vae-fashion"].model.latent_dim == 20


def test_a_dataset_brings_the_sides_and_classes_of_its_images():
    config = with_settings(RECIPES["siamese-mnist"], {"dataset": "orl-2", "embedding_dim": "8"})
    assert (config.dataset, config.model.height, config.model.width) == ("orl-2", 64, 64)
    assert (config.model.identities, config.model.embedding_dim) == (40, 8)
    for recipe in (config for config in RECIPES.values() if config.family == "siamese"):
        info = find_dataset(recipe.dataset)
        assert fitted(recipe.model, info) == recipe.model


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"latent": "2"}, 'There is no setting "latent"; choose .*latent_dim'),
        ({"latent_dim": "two"}, "latent_dim is 'two'; it takes a int"),
        ({"latent_dim": "0"}, "latent_dim is 0; choose 1 or more"),
        ({"epochs": "0"}, "epochs is 0; choose 1 or more"),
        ({"learning_rate": "nan"}, "learning_rate is nan"),
        ({"schedule": "linear"}, "schedule is 'linear'; choose constant or cosine"),
        ({"validation_share": "1"}, "validation_share is 1.0"),
        ({"precision": "half"}, "precision is 'half'"),
        ({"dataset": "cifar"}, "cifar"),
    ],
)
def test_a_bad_setting_is_named_with_its_mend(settings, sentence):
    with pytest.raises(GenLabError, match=sentence):
        with_settings(RECIPES["vae-fashion"], settings)


def test_an_unknown_recipe_lists_the_known_ones():
    with pytest.raises(GenLabError, match="vae-fashion, cvae-fashion"):
        find_recipe("vae-fashoin")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c.pop("training"), "lacks training"),
        (lambda c: c["training"].pop("seed"), "training lacks the field seed"),
        (lambda c: c["model"].update(depth=3), "model has the unknown field depth"),
        (lambda c: c.update(family="flow"), "family is 'flow'"),
        (lambda c: c["model"].update(latent_dim=0), "choose 1 or more"),
    ],
)
def test_a_config_that_was_tampered_with_is_named(change, sentence):
    saved = RECIPES["cvae-fashion"].to_dict()
    change(saved)
    with pytest.raises(GenLabError, match=sentence):
        config_from_dict(saved)


def test_what_came_after_a_run_was_saved_has_its_default_and_other_fields_must_be_there():
    saved = RECIPES["siamese-lfw"].to_dict()
    assert saved["model"].pop("erasing") > 0.0
    del saved["start"]
    read = config_from_dict(saved)
    assert (read.model.erasing, read.start) == (0.0, "")
    del saved["model"]["mirror"]
    with pytest.raises(GenLabError, match="model lacks the field mirror"):
        config_from_dict(saved)


def test_a_start_is_set_as_the_dataset_is():
    config = with_settings(RECIPES["vae-fashion"], {"start": "vae2d-mnist", "dataset": "mnist"})
    assert (config.start, config.dataset) == ("vae2d-mnist", "mnist")
    assert config_from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_a_model_built_twice_is_the_same_and_the_callers_generator_is_left_alone():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    one, two = (build_model(RECIPES["vae-fashion"]) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(one.encoder[0].weight, two.encoder[0].weight)


def test_defaults_are_the_plain_recipe_of_the_literature():
    plain = TrainConfig()
    assert (plain.epochs, plain.batch_size, plain.learning_rate) == (25, 128, 1e-3)
    assert (plain.schedule, plain.validation_share) == ("constant", 0.2)
