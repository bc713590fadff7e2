import copy
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from genlab.data.verification import equal_error_rate
from genlab.errors import GenLabError
from genlab.models.siamese import SiameseConfig, SiameseNetwork
from genlab.training.config import TrainConfig
from genlab.training.loop import split_data, train
from genlab.training.siamese_step import COMPARED, SiameseStep

LOSSES = ("contrastive", "triplet", "cosine-softmax")


def a_step(training=None, steps=40, **model):
    torch.manual_seed(0)
    settings = {"channels": 2, "embedding_dim": 3} | model
    network = SiameseNetwork(SiameseConfig(**settings))
    return SiameseStep(network, TrainConfig(precision="float32", **training or {}), steps)


def stripes(count=32):
    """Two classes that a few updates tell apart: bars across and bars down, uint8."""
    images = torch.randint(0, 60, (count, 28, 28), dtype=torch.uint8)
    images[0::2, ::4], images[1::2, :, ::4] = 255, 255
    return images.flatten(1), torch.arange(count) % 2


@pytest.mark.parametrize("mining", ["all", "hard"])
@pytest.mark.parametrize("loss", LOSSES)
def test_updates_teach_every_loss_to_tell_two_classes(loss, mining):
    step = a_step({"learning_rate": 0.01}, loss=loss, mining=mining, margin=0.5, augmentation=0.0)
    images, labels = stripes()
    step.model.train()
    for number in range(40):
        losses = step(images, labels, torch.Generator().manual_seed(number))
    assert losses["pair_eer"].item() < 0.05
    assert losses["d_same"] < losses["d_different"]
    step.model.eval()
    assert step.evaluate(images, labels, seed=0)["pair_eer"] < 0.05


def test_an_update_follows_its_generator_alone():
    images, labels = stripes()
    found = []
    for global_seed in (1, 2):
        step = a_step(dropout=0.3, mirror="yes")
        torch.manual_seed(global_seed)
        step(images, labels, torch.Generator().manual_seed(5))
        found.append(step.model.head.weight.detach().clone())
    assert torch.equal(*found)


def test_a_restored_step_goes_on_as_the_first_would_have():
    images, labels = stripes()
    one, other = (a_step({"schedule": "cosine"}) for _ in range(2))
    for seed in (0, 1):
        one(images, labels, torch.Generator().manual_seed(seed))
    other.model.load_state_dict(one.model.state_dict())
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    for step in (one, other):
        step(images, labels, torch.Generator().manual_seed(2))
    assert torch.equal(one.model.head.weight, other.model.head.weight)


@pytest.mark.parametrize("labels", [torch.zeros(3, dtype=torch.int64), torch.arange(3)])
def test_a_batch_without_one_kind_of_pair_still_trains(labels):
    images = torch.randint(0, 256, (3, 784), dtype=torch.uint8)
    for loss in LOSSES:
        step = a_step(loss=loss)
        losses = step(images, labels, torch.Generator().manual_seed(0))
        assert all(torch.isfinite(value) for value in losses.values())
        assert all(torch.isfinite(p).all() for p in step.model.parameters())


def test_evaluate_is_of_the_weights_and_not_of_the_last_batch():
    step = a_step()
    step.model.eval()
    images, labels = stripes(300)
    one, two = (step.evaluate(images, labels, seed=3) for _ in range(2))
    assert one == two
    embeddings = step.embedded(images[:COMPARED])
    distances = torch.cdist(embeddings, embeddings)
    upper = torch.triu(torch.ones(300, 300, dtype=torch.bool), 1)
    same = (labels[:, None] == labels)[upper].numpy()
    wanted = equal_error_rate(distances[upper].numpy(), same)
    assert one["pair_eer"] == pytest.approx(wanted, abs=1e-3)


def test_few_images_a_class_are_kept_together_and_many_are_not():
    few, many = torch.arange(40).repeat_interleave(5), torch.arange(200) % 2
    step = a_step({"batch_size": 16})
    order = step.order(few, torch.Generator().manual_seed(0))
    neighbours = (few[order][1:] == few[order][:-1]).float().mean()
    assert neighbours > 0.5
    plain = torch.randperm(200, generator=torch.Generator().manual_seed(0))
    assert torch.equal(step.order(many, torch.Generator().manual_seed(0)), plain)


def test_a_softmax_over_classes_has_batches_of_more_classes():
    few, together = torch.arange(40).repeat_interleave(4), {}
    for loss in ("triplet", "cosine-softmax"):
        step = a_step({"batch_size": 16}, loss=loss, identities=40)
        labels = few[step.order(few, torch.Generator().manual_seed(0))]
        together[loss] = (labels[1:] == labels[:-1]).float().mean()
    assert together["triplet"] > 0.7  # groups of four
    assert 0.45 < together["cosine-softmax"] < 0.55  # of two


def test_the_film_shows_the_held_out_images_where_the_network_puts_them():
    step = a_step({"epochs": 1, "batch_size": 16})
    images, labels = stripes(60)
    data = split_data(images, labels, step.config)
    step.watch(data)
    step.model.eval()
    fixed, frame = step.fixed(), step.frame()
    np.testing.assert_array_equal(labels[fixed["index"]], fixed["labels"])
    found = step.embedded(images[fixed["index"]]).numpy()
    np.testing.assert_allclose(frame["embedding"], found, rtol=2e-3, atol=2e-3)
    assert frame["embedding"].dtype == np.float16
    assert len(fixed["index"]) == len(data.validation_images) == 12


@pytest.mark.parametrize("loss", LOSSES)
def test_a_softmax_has_no_loss_for_people_that_it_was_not_trained_on(loss):
    step = a_step({"validation_share": 0.5}, loss=loss)
    images, labels = stripes(20)
    mixed = split_data(images, labels, step.config)
    by_person = split_data(images, torch.arange(10).repeat(2), step.config, by_class=True)
    step.model.eval()
    for data, has_loss in ((mixed, True), (by_person, loss != "cosine-softmax")):
        step.watch(data)
        figures = step.evaluate(data.validation_images, data.validation_labels, seed=0)
        assert ("pair_loss" in figures) == has_loss
        assert {"pair_eer", "d_same", "d_different"} <= set(figures)


def test_people_are_held_out_with_all_their_images():
    labels = torch.arange(10).repeat_interleave(6)
    images = torch.arange(60).repeat(4, 1).T.to(torch.uint8)
    data = split_data(images, labels, TrainConfig(validation_share=0.2), by_class=True)
    trained, held = set(data.labels.tolist()), set(data.validation_labels.tolist())
    assert len(held) == 2
    assert not trained & held
    assert len(data.labels) + len(data.validation_labels) == 60
    assert torch.equal(images[data.validation_rows], data.validation_images)


def test_training_in_an_order_of_its_own_sees_every_image_and_fills_the_last_batch():
    step = a_step({"epochs": 1, "batch_size": 10, "validation_share": 0.5})
    labels = torch.arange(12).repeat_interleave(4)
    images = torch.arange(48, dtype=torch.uint8)[:, None].repeat(1, 784)
    data = split_data(images, labels, step.config)
    batches, plain = [], SiameseStep.__call__

    class Noting(SiameseStep):
        def __call__(self, images, labels, generator):
            batches.append(images[:, 0].tolist())
            return plain(self, images, labels, generator)

    step.__class__ = Noting
    last = list(train(step, data, step.config))[-1]
    assert [len(batch) for batch in batches] == [10, 10, 10]
    seen = [image for batch in batches for image in batch]
    assert set(seen) == set(data.images[:, 0].tolist())
    assert seen[24:] == seen[:6]
    assert last.step == 3


def test_several_processes_are_refused_with_the_mend():
    @dataclass
    class Two:
        world = 2

    with pytest.raises(GenLabError, match="train it with one"):
        SiameseStep(SiameseNetwork(SiameseConfig(channels=2)), TrainConfig(), 1, Two())
