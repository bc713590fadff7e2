import copy
import math
from dataclasses import dataclass

import pytest
import torch

from genlab.errors import GenLabError
from genlab.models.digit_classifier import ClassifierConfig, DigitClassifier
from genlab.training.classifier_step import SHIFT, ClassifierStep, dropped, shifted
from genlab.training.config import TrainConfig


def a_step(**training):
    torch.manual_seed(0)
    model = DigitClassifier(ClassifierConfig(channels=2, feature_dim=6))
    return ClassifierStep(model, TrainConfig(precision="float32", **training), steps=40)


def stripes(count=32):
    """Two classes that a few updates tell apart: bars across and bars down, uint8."""
    images = torch.zeros(count, 28, 28, dtype=torch.uint8)
    images[0::2, ::4], images[1::2, :, ::4] = 255, 255
    return images.flatten(1), torch.arange(count) % 2


def test_every_shifted_image_is_the_image_at_another_place_with_black_coming_in():
    images = torch.randint(1, 256, (40, 784), dtype=torch.uint8)
    moved = shifted(images, torch.Generator().manual_seed(1))
    places = set()
    for before, after in zip(images.view(-1, 28, 28), moved.view(-1, 28, 28), strict=True):
        found = [
            (down, right)
            for down in range(-SHIFT, SHIFT + 1)
            for right in range(-SHIFT, SHIFT + 1)
            if torch.equal(after, moved_by(before, down, right))
        ]
        assert len(found) == 1
        places.add(found[0])
    assert len(places) > 10  # of 25: each image has a place of its own


def moved_by(image, down, right):
    wide = torch.zeros(28 + 2 * SHIFT, 28 + 2 * SHIFT, dtype=image.dtype)
    wide[SHIFT + down : SHIFT + down + 28, SHIFT + right : SHIFT + right + 28] = image
    return wide[SHIFT:-SHIFT, SHIFT:-SHIFT]


def test_dropping_leaves_out_the_share_asked_for_and_keeps_the_mean():
    left = dropped(torch.ones(400, 500), 0.3, torch.Generator().manual_seed(0))
    assert (left == 0).float().mean().item() == pytest.approx(0.3, abs=0.005)
    assert left.mean().item() == pytest.approx(1.0, abs=0.01)


def test_updates_bring_the_cross_entropy_below_that_of_guessing():
    step, (images, labels) = a_step(learning_rate=0.01), stripes()
    step.model.train()
    for number in range(40):
        losses = step(images, labels, torch.Generator().manual_seed(number))
    assert losses["nll"].item() < 0.5 * math.log(2)
    step.model.eval()
    assert step.evaluate(images, labels, seed=0)["error"] == 0.0


def test_an_update_follows_its_generator_alone():
    images, labels = stripes()
    found = []
    for global_seed in (1, 2):
        step = a_step()
        torch.manual_seed(global_seed)
        step(images, labels, torch.Generator().manual_seed(5))
        found.append(step.model.head.weight.detach().clone())
    assert torch.equal(*found)


def test_a_restored_step_goes_on_as_the_first_would_have():
    images, labels = stripes()
    one, other = a_step(schedule="cosine"), a_step(schedule="cosine")
    for seed in (0, 1):
        one(images, labels, torch.Generator().manual_seed(seed))
    other.model.load_state_dict(one.model.state_dict())
    other.load_state_dict(copy.deepcopy(one.state_dict()))
    for step in (one, other):
        step(images, labels, torch.Generator().manual_seed(2))
    assert torch.equal(one.model.head.weight, other.model.head.weight)


def test_evaluate_agrees_with_the_definition_whatever_the_batches():
    step = a_step()
    step.model.eval()
    images = torch.randint(0, 256, (1203, 784), dtype=torch.uint8)
    labels = torch.randint(0, 10, (1203,))
    with torch.no_grad():
        p = step.model(images.float() / 255.0).softmax(1)
    found = step.evaluate(images, labels, seed=0)
    assert found["nll"] == pytest.approx(-p[torch.arange(1203), labels].log().mean().item(), 1e-5)
    assert found["error"] == pytest.approx((p.argmax(1) != labels).float().mean().item())


def test_several_processes_are_refused_with_the_mend():
    @dataclass
    class Two:
        world = 2

    model = DigitClassifier(ClassifierConfig(channels=2, feature_dim=6))
    with pytest.raises(GenLabError, match="train it with one"):
        ClassifierStep(model, TrainConfig(), 1, Two())
