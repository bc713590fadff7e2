"""The fast paths of the E step against the plain reference, and the bound on what is left out."""

import numpy as np
import pytest

from genlab.registration import matcher as module
from genlab.registration.matcher import Matcher
from genlab.registration.reference import plain_statistics
from genlab.registration.shapes import fish, planted, star
from genlab.registration.statistics import Matching
from genlab.registration.transforms import Transform

BOTH = pytest.mark.parametrize("each", ["source", "target"])


@pytest.fixture
def eager(monkeypatch):
    """Blocks and truncation for small clouds too."""
    monkeypatch.setattr(module, "WORTH_BLOCKS", 0)
    monkeypatch.setattr(module, "WORTH_TRUNCATING", 0)
    monkeypatch.setattr(module, "MOST", np.inf)


def same_sums(fast, plain, left_out=0.0):
    """Sums agree to float32 and to the share of each data point's total that was left out."""
    atol = 2e-5 + left_out
    np.testing.assert_allclose(fast.log_sum, plain.log_sum, rtol=1e-6, atol=atol)
    many = max(1, plain.weight.max())
    np.testing.assert_allclose(fast.weight, plain.weight, rtol=0, atol=atol * many)
    np.testing.assert_allclose(fast.pull, plain.pull, rtol=0, atol=atol * many)
    assert fast.spread == pytest.approx(plain.spread, rel=1e-4)
    np.testing.assert_array_equal(fast.moved, plain.moved)


@BOTH
@pytest.mark.parametrize("background", [0.0, 0.01, 30.0])
@pytest.mark.parametrize("shape", [fish, star])
@pytest.mark.parametrize("sigma", [0.02, 0.05])
def test_the_truncated_path_leaves_out_no_more_than_it_says(
    eager, monkeypatch, each, background, shape, sigma
):
    D = 2 if shape is fish else 3
    p = planted(shape, 700, Transform.shift(np.full(D, 0.01)), noise=0.01, outliers=0.1)
    matching = Matching(each, Transform.identity(D), sigma, background)
    fast = Matcher(p.source, p.target)(matching)
    plain = plain_statistics(p.source, p.target, matching)
    assert fast.path == "truncated"
    assert fast.omitted == module.TAIL
    same_sums(fast, plain, fast.omitted)
    monkeypatch.setattr(module, "WORTH_BLOCKS", np.inf)
    whole = Matcher(p.source, p.target)(matching)  # in float32 too, so that nothing else differs
    assert whole.path == "exact"
    missing = 1 - np.exp(fast.log_sum - whole.log_sum)
    assert missing.max() <= fast.omitted + 1e-6


@BOTH
def test_with_a_coarser_tail_something_is_left_out_and_the_bound_still_holds(
    eager, each, monkeypatch
):
    monkeypatch.setattr(module, "TAIL", 0.5)
    monkeypatch.setattr(module, "CLOSE", 0.5)
    p = planted(star, 2000, Transform.identity(3), noise=0.2)
    matching = Matching(each, Transform.identity(3), 0.06)
    fast = Matcher(p.source, p.target)(matching)
    plain = plain_statistics(p.source, p.target, matching)
    missing = 1 - np.exp(fast.log_sum - plain.log_sum)
    assert fast.path == "truncated"
    assert 5e-6 < missing.max() < 0.5


@BOTH
@pytest.mark.parametrize("few", [0, 10_000], ids=["by tree", "by all pairs"])
@pytest.mark.parametrize("background", [0.0, 1e-12])
def test_points_far_from_all_others_are_matched_as_if_all_pairs_were_visited(
    eager, each, few, background, monkeypatch
):
    monkeypatch.setattr(module, "FEW", few)
    p = planted(star, 600, Transform.shift([0.25, 0.1, 0]), outliers=0.3, missing=0.3)
    matching = Matching(each, Transform.identity(3), 0.02, background)
    fast = Matcher(p.source, p.target)(matching)
    plain = plain_statistics(p.source, p.target, matching)
    assert fast.path == "truncated"
    stray = plain.log_sum < -4.5
    assert 50 < stray.sum() < len(stray)
    same_sums(fast, plain, fast.omitted)


@BOTH
def test_crowded_strays_fall_back_on_all_pairs(eager, each, monkeypatch):
    """A ring of centres around a point has them all at nearly the same distance."""
    monkeypatch.setattr(module, "FEW", 0)
    angle = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    middle = np.vstack([np.zeros((3, 2)), ring[:40] * 1.001])
    source, target = (middle, ring) if each == "source" else (ring, middle)
    matching = Matching(each, Transform.identity(2), 0.02)
    fast = Matcher(source, target)(matching)
    plain = plain_statistics(source, target, matching)
    assert fast.path == "truncated"
    same_sums(fast, plain, fast.omitted)


@BOTH
def test_a_matcher_goes_on_while_sigma_shrinks_and_the_source_moves(eager, each):
    p = planted(star, 800, Transform.turn(20, (1, 1, 0)), noise=0.01)
    matcher = Matcher(p.source, p.target)
    paths = set()
    for sigma, degrees, scale in [
        (0.9, 0, 1), (0.1, 5, 1), (0.09, 10, 1), (0.05, 15, 3), (0.02, 20, 1), (0.06, 20, 1),
        (0.01, 20, 0.3),
    ]:  # fmt: skip
        transform = Transform(scale * Transform.turn(degrees, (1, 1, 0)).linear, np.zeros(3))
        matching = Matching(each, transform, sigma)
        fast = matcher(matching)
        paths.add(fast.path)
        same_sums(fast, plain_statistics(p.source, p.target, matching), fast.omitted)
    assert paths == {"exact", "truncated"}


@BOTH
@pytest.mark.parametrize("D", [2, 3])
def test_many_random_matchings_agree_with_the_reference(eager, each, D, rng):
    for _ in range(40):
        M, N = rng.integers(1, 150, 2)
        source = rng.normal(size=(M, D)) * rng.uniform(0.1, 10)
        target = rng.normal(size=(N, D)) + rng.normal(size=D) * rng.choice([0, 1, 30])
        target[rng.random(N) < 0.3] = target[0]  # the same place again and again
        sigma = float(10 ** rng.uniform(-2, 1.5))
        background = float(rng.choice([0, 1e-9, 1.0]))
        matching = Matching(each, Transform.shift(rng.normal(size=D)), sigma, background)
        fast = Matcher(source, target)(matching)
        plain = plain_statistics(source, target, matching)
        rough = 3e-5 * (1 + np.abs(plain.log_sum).max()) * max(1, plain.weight.max())
        np.testing.assert_allclose(fast.weight, plain.weight, atol=rough)
        np.testing.assert_allclose(fast.log_sum, plain.log_sum, rtol=1e-4, atol=1e-3)


def test_float32_too_coarse_for_a_far_start_hands_over_to_float64():
    p = planted(star, 100, Transform.identity(3))
    matching = Matching("target", Transform.shift([500.0, 0, 0]), 0.01)
    found = Matcher(p.source, p.target)(matching)
    assert found.path == "float64"
    near = Matcher(p.source, p.target)(Matching("target", Transform.identity(3), 0.01))
    assert near.path == "exact"


def test_no_step_keeps_a_matrix_of_all_pairs(rng):
    import tracemalloc

    source, target = rng.normal(size=(2, 6000, 3))
    matcher = Matcher(source, target)
    matcher(Matching("target", Transform.identity(3), 1.0))
    tracemalloc.start()
    found = matcher(Matching("target", Transform.identity(3), 1.0))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.path == "exact"
    assert most < 6000 * 1000  # bytes; one float32 matrix would take 144,000,000
