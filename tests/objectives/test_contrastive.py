import numpy as np
import pytest
import torch

from genlab.data.verification import equal_error_rate
from genlab.objectives.contrastive import (
    balanced_mean,
    contrastive,
    cosine_softmax,
    distances_between,
    error_of_pairs,
    pairs_of,
    triplet,
)

LABELS = torch.tensor([0, 1, 0, 2, 1, 0, 2, 2])


@pytest.fixture
def points():
    return torch.randn(8, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_distances_are_those_of_cdist_and_have_a_slope_where_two_images_meet(points):
    torch.testing.assert_close(distances_between(points), torch.cdist(points, points), atol=1e-5,
                               rtol=0)  # fmt: skip
    twice = points[[0, 0, 1]].requires_grad_()
    distances_between(twice).sum().backward()
    assert torch.isfinite(twice.grad).all()


def test_pairs_are_each_there_once(points):
    distances, same = pairs_of(distances_between(points), LABELS)
    wanted = [
        (float(torch.dist(points[i], points[j])), bool(LABELS[i] == LABELS[j]))
        for i in range(8)
        for j in range(i + 1, 8)
    ]
    assert len(distances) == len(wanted) == 28
    found = sorted(zip(distances.tolist(), same.tolist(), strict=True))
    np.testing.assert_allclose(found, sorted(wanted), atol=1e-6)


@pytest.mark.parametrize(
    ("distance", "same", "loss"),
    [(2.0, True, 2.0), (0.0, True, 0.0), (0.4, False, 0.18), (1.0, False, 0.0), (3.0, False, 0.0)],
)
def test_the_contrastive_loss_is_that_of_the_definition(distance, same, loss):
    found = contrastive(torch.tensor([distance]), torch.tensor([same]), 1.0)
    assert found.item() == pytest.approx(loss)


def test_both_kinds_of_pair_weigh_the_same_however_many_there_are():
    losses, same = torch.tensor([4.0, 1.0, 2.0, 3.0]), torch.tensor([True, False, False, False])
    assert balanced_mean(losses, same).item() == pytest.approx(0.5 * (4.0 + 2.0))
    assert balanced_mean(losses, same, hardest=0.5).item() == pytest.approx(0.5 * (4.0 + 2.5))
    assert balanced_mean(losses[1:], same[1:]).item() == pytest.approx(1.0)  # a kind is missing


def test_triplets_agree_with_all_of_them_counted_out(points):
    distances, margin = torch.cdist(points, points), 0.7
    all_losses, hardest = [], []
    for a in range(8):
        mates = [p for p in range(8) if p != a and LABELS[p] == LABELS[a]]
        others = [n for n in range(8) if LABELS[n] != LABELS[a]]
        gaps = [float(distances[a, p] - distances[a, n]) + margin for p in mates for n in others]
        all_losses += [gap for gap in gaps if gap > 0]
        hardest.append(max(0.0, max(gaps)))
    assert triplet(distances, LABELS, margin, hard=False).item() == pytest.approx(
        np.mean(all_losses), abs=1e-6
    )
    assert triplet(distances, LABELS, margin, hard=True).item() == pytest.approx(
        np.mean(hardest), abs=1e-6
    )


@pytest.mark.parametrize("hard", [False, True])
def test_a_batch_without_triplets_costs_nothing(points, hard):
    for labels in (torch.arange(8), torch.zeros(8, dtype=torch.int64)):
        assert triplet(torch.cdist(points, points), labels, 0.5, hard=hard).item() == 0.0


def test_the_cosine_softmax_is_that_of_the_definition_and_blind_to_length(points):
    weights = torch.randn(4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    cosines = torch.nn.functional.cosine_similarity(points[:, None], weights[None], dim=2)
    wanted = []
    for row, label in zip(cosines, LABELS, strict=True):
        top = np.exp(8.0 * (row[label].item() - 0.2))
        rest = sum(np.exp(8.0 * row[k].item()) for k in range(4) if k != label)
        wanted.append(-np.log(top / (top + rest)))
    found = cosine_softmax(points * 5.0, weights, LABELS, margin=0.2, scale=8.0)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-9)


def test_the_error_of_a_batch_is_near_the_exact_equal_error_rate():
    rng = np.random.default_rng(0)
    same = rng.random(4000) < 0.3
    distances = rng.normal(np.where(same, 0.0, 1.5), 1.0)
    found = error_of_pairs(torch.from_numpy(distances), torch.from_numpy(same)).item()
    assert found == pytest.approx(equal_error_rate(distances, same), abs=2e-3)


@pytest.mark.parametrize("same", [[], [True, True], [False]])
def test_where_a_kind_of_pair_is_missing_the_error_is_that_of_guessing(same):
    kinds = torch.tensor(same, dtype=torch.bool)
    assert error_of_pairs(torch.ones(len(same)), kinds).item() == 0.5
