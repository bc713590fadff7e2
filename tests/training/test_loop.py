from dataclasses import replace
from itertools import islice

import pytest
import torch

from genlab.models.vae import VAEConfig
from genlab.training.config import TrainConfig
from genlab.training.loop import EpochRecord, StepRecord, split_data, total_steps, train
from genlab.training.recipes import RunConfig, build_model
from genlab.training.vae_step import VAEStep

CONFIG = RunConfig(
    family="vae",
    dataset="fashion",
    model=VAEConfig(pixels=16, hidden=8, latent_dim=2),
    training=TrainConfig(epochs=3, batch_size=10, precision="float32"),
)


def images(count=100):
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randint(0, 256, (count, 16), generator=generator, dtype=torch.uint8),
        torch.arange(count) % 10,
    )


def start(training=CONFIG.training, **options):
    data = split_data(*images(), training)
    step = VAEStep(
        build_model(replace(CONFIG, training=training)),
        training,
        total_steps(len(data.images), training),
    )
    return step, train(step, data, training, **options)


def weights(step):
    return torch.cat([p.detach().reshape(-1) for p in step.model.parameters()])


def test_records_come_in_order_and_an_epoch_closes_each_pass():
    records = list(start(report_every=3)[1])
    epochs = [r for r in records if isinstance(r, EpochRecord)]
    steps = [r for r in records if isinstance(r, StepRecord)]
    assert [r.epoch for r in epochs] == [1, 2, 3]
    assert [r.step for r in epochs] == [8, 16, 24]
    assert [r.step for r in steps] == [3, 6, 8, 11, 14, 16, 19, 22, 24]
    assert all(r.steps == 24 for r in steps)


def test_images_seen_count_every_pass_and_a_last_batch_that_is_short():
    records = list(start(replace(CONFIG.training, batch_size=30), report_every=2)[1])
    seen = [(type(r) is EpochRecord, r.step, r.images_seen) for r in records[:6]]
    assert seen == [
        (False, 2, 60),
        (False, 3, 80),  # of 80 images
        (True, 3, 80),
        (False, 5, 140),
        (False, 6, 160),
        (True, 6, 160),
    ]


def steps_of(step, records):
    return [r for r in records if isinstance(r, StepRecord)]


@pytest.mark.parametrize("report_every", [1, 3, 5, 1000])
def test_the_trace_has_one_value_an_update_however_seldom_it_is_reported(report_every):
    expected = [r.losses for r in steps_of(*start(report_every=1))]
    found = steps_of(*start(report_every=report_every))
    for name in ("neg_elbo", "recon_nll", "kl"):
        trace = [value for record in found for value in record.trace[name]]
        assert trace == [losses[name] for losses in expected]
        for record in found:
            mean = sum(record.trace[name]) / len(record.trace[name])
            assert record.losses[name] == pytest.approx(mean, rel=1e-12)


def test_an_update_that_is_filmed_has_a_record_of_its_own_and_changes_nothing_else():
    step, records = start(report_every=5)
    step.frames_at = (1, 4, 13)
    found = steps_of(step, records)
    assert [r.step for r in found] == [1, 4, 8, 13, 16, 21, 24]
    plain, records = start(report_every=5)
    list(records)
    assert torch.equal(weights(step), weights(plain))


def test_losses_add_up_and_fall():
    epochs = [r for r in start()[1] if isinstance(r, EpochRecord)]
    for record in epochs:
        for losses in (record.train, record.validation):
            assert losses["neg_elbo"] == pytest.approx(losses["recon_nll"] + losses["kl"], rel=1e-5)
    assert epochs[-1].validation["neg_elbo"] < epochs[0].validation["neg_elbo"]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    found = []
    for seed in (0, 0, 1):
        step, records = start(replace(CONFIG.training, seed=seed))
        list(records)
        found.append(weights(step))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_the_callers_own_draws_change_nothing_and_are_not_changed():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    step, records = start()
    list(records)
    assert torch.equal(torch.rand(1), expected)
    torch.manual_seed(6)
    other, records = start()
    list(records)
    assert torch.equal(weights(step), weights(other))


@pytest.mark.parametrize("interrupted_after", [1, 3, 4, 7])
def test_a_run_continued_from_any_record_equals_an_uninterrupted_one(interrupted_after):
    whole, records = start(report_every=2)
    expected = [r for r in records if isinstance(r, EpochRecord)]
    first, records = start(report_every=2)
    steps = (record for record in records if isinstance(record, StepRecord))
    *_, last = islice(steps, interrupted_after)
    second, records = start(start=last.position, report_every=2)
    second.model.load_state_dict(first.model.state_dict())
    second.load_state_dict(first.state_dict())
    found = [r for r in records if isinstance(r, EpochRecord)]
    assert torch.equal(weights(second), weights(whole))
    for record, other in zip(found, expected[-len(found) :], strict=True):
        assert record.train == pytest.approx(other.train, rel=1e-6)
        assert record.validation == other.validation


def test_held_out_images_are_never_trained_on():
    data = split_data(*images(), CONFIG.training)
    trained = {tuple(row) for row in data.images.tolist()}
    held = {tuple(row) for row in data.validation_images.tolist()}
    assert len(data.images) == 80
    assert len(data.validation_images) == 20
    assert not trained & held


def test_too_few_images_to_hold_any_out_is_said():
    with pytest.raises(ValueError, match="give more images"):
        split_data(*images(2), CONFIG.training)
