from dataclasses import replace

import pytest
import torch

from genlab.errors import GenLabError
from genlab.models.vae import VAEConfig
from genlab.places import new_runs
from genlab.runs.folder import find_run, read_metrics
from genlab.runs.models import load_model, start_weights
from genlab.runs.recording import record_run
from genlab.training.config import TrainConfig
from genlab.training.loop import EpochRecord, split_data, total_steps, train
from genlab.training.recipes import FAMILIES, RECIPES, RunConfig, build_model, with_settings
from genlab.training.session import prepare

CONFIG = RunConfig(
    family="vae",
    dataset="fashion",
    model=VAEConfig(pixels=16, hidden=8, latent_dim=2),
    training=TrainConfig(epochs=3, batch_size=10),
)


def session():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (100, 16), generator=generator, dtype=torch.uint8)
    data = split_data(images, torch.arange(100) % 10, CONFIG.training)
    steps = total_steps(len(data.images), CONFIG.training)
    step = FAMILIES["vae"].step(build_model(CONFIG), CONFIG.training, steps)
    return step, train(step, data, CONFIG.training)


def with_scores(step, scores):
    """Epochs whose validation scores are these, each leaving its number in one weight."""
    for epoch, score in enumerate(scores, start=1):
        with torch.no_grad():
            step.model.decoder[2].bias.fill_(epoch)
        losses = {"neg_elbo": score, "recon_nll": score, "kl": 0.0}
        yield EpochRecord(epoch, epoch, epoch, losses, losses, 0.1)


def test_a_recorded_run_loads_with_the_weights_it_ended_with():
    step, records = session()
    run = record_run("mine", CONFIG, step, records, data_origin="made up")
    model = load_model(find_run("mine"))
    assert not model.training
    assert run.config["made"]["best_epoch"] == 3
    assert torch.equal(model.encoder[0].weight, step.model.encoder[0].weight)
    assert [line["epoch"] for line in read_metrics(run)] == [1, 2, 3]


def test_the_best_epoch_on_validation_is_kept_not_the_last():
    step, _ = session()
    run = record_run("mine", CONFIG, step, with_scores(step, [5.0, 3.0, 4.0]), data_origin="")
    assert run.config["made"]["best_epoch"] == 2
    assert load_model(run).decoder[2].bias.unique().item() == 2.0


def test_an_interrupt_keeps_the_best_so_far():
    step, _ = session()

    def records():
        yield from with_scores(step, [5.0, 3.0])
        raise KeyboardInterrupt

    run = record_run("mine", CONFIG, step, records(), data_origin="")
    assert (run.config["made"]["stopped_early"], run.config["made"]["epochs_done"]) == (True, 2)
    assert load_model(run).decoder[2].bias.unique().item() == 2.0


def test_an_interrupt_before_the_first_epoch_keeps_nothing_and_says_so():
    step, _ = session()

    def records():
        raise KeyboardInterrupt
        yield

    with pytest.raises(GenLabError, match="nothing was kept"):
        record_run("mine", CONFIG, step, records(), data_origin="")
    assert not new_runs().exists()


def test_the_last_epoch_is_kept_where_no_figure_tells_which_is_best():
    step, _ = session()
    step.best_by = ""
    run = record_run("mine", CONFIG, step, with_scores(step, [1.0, 5.0, 3.0]), data_origin="")
    assert run.config["made"]["best_epoch"] == 3
    assert load_model(run).decoder[2].bias.unique().item() == 3.0


def test_a_taken_name_is_refused_before_the_training(make_run):
    make_run("mine")
    with pytest.raises(GenLabError, match="choose another name"):
        record_run("mine", CONFIG, session()[0], iter([1]), data_origin="")


def test_a_loss_that_is_no_number_is_said_with_its_mend():
    step, _ = session()
    with pytest.raises(GenLabError, match="lower learning_rate"):
        record_run("mine", CONFIG, step, with_scores(step, [float("nan")]), data_origin="")


def test_weights_of_another_shape_are_named(make_run):
    run = make_run("mine")
    other = make_run("other", hidden=9)
    (run.path / "model.safetensors").write_bytes((other.path / "model.safetensors").read_bytes())
    with pytest.raises(GenLabError, match='weights of "mine" do not fit'):
        load_model(run)


def test_a_training_begins_with_the_weights_of_its_start_where_they_fit(make_run):
    run = make_run("mine", hidden=16, latent_dim=5)
    settings = {"hidden": "16", "latent_dim": "3", "start": "mine", "seed": "5"}
    config = with_settings(RECIPES["vae-fashion"], settings)
    weights = start_weights(config)
    model, drawn = prepare(config, weights=weights).step.model.state_dict(), build_model(config)
    fitting = {key for key, tensor in weights.items() if tensor.shape == model[key].shape}
    assert {"encoder.0.weight", "decoder.2.weight"} <= fitting < set(model)
    for key, tensor in model.items():
        wanted = load_model(run).state_dict() if key in fitting else drawn.state_dict()
        assert torch.equal(tensor, wanted[key]), key
    plain = replace(config, start="")
    assert start_weights(plain) == {}
    assert not torch.equal(prepare(plain).step.model.encoder[0].weight, weights["encoder.0.weight"])


def test_a_start_that_cannot_be_one_is_named_with_its_mend(make_run):
    make_run("mine", hidden=8)
    plain = RECIPES["vae-fashion"]
    with pytest.raises(GenLabError, match='There is no run called "gone"|no run "gone"'):
        start_weights(replace(plain, start="gone"))
    with pytest.raises(GenLabError, match='"mine" is a vae; a gan starts from one of its own'):
        start_weights(replace(RECIPES["gan-mlp-mnist"], start="mine"))
    narrow = with_settings(plain, {"hidden": "16", "latent_dim": "3", "start": "mine"})
    with pytest.raises(GenLabError, match="Only 790 of this model's 26,054 weights are found in"):
        prepare(narrow, weights=start_weights(narrow))
