from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist
from scipy.special import kl_div, xlogy
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from genlab.errors import GenLabError
from genlab.explore import tsne_kernels
from genlab.explore.tsne import (
    Forces,
    TSNEConfig,
    affinities,
    kl_divergence,
    padded_columns,
    tsne,
    unit_scaled,
)

SHORT = TSNEConfig(perplexity=8, exaggeration_steps=20, steps=45)


def normal(N: int, D: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((N, D))


def planted_clusters(per_cluster: int = 40) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat(np.arange(6), per_cluster)
    return 8 * np.eye(6)[labels] + normal(len(labels), 6), labels


def any_P(N: int, seed: int = 0) -> csr_array:
    """A symmetric P that sums to 1, with about a third of its pairs."""
    P = np.random.default_rng(seed).random((N, N)) * (cdist(normal(N, 2), normal(N, 2)) < 1.5)
    P = np.triu(P, 1)
    return csr_array((P + P.T) / (2 * P.sum()))


def last_embedding(points, config, **settings) -> np.ndarray:
    *_, last = tsne(points, config, **settings)
    return last.embedding


def cost(embedding: np.ndarray, P: np.ndarray, exaggeration: float) -> float:
    """-a sum p log w + log Z in float64: for a = 1 it is KL(P || Q) less sum p log p."""
    w = 1 / (1 + cdist(embedding, embedding, "sqeuclidean"))
    np.fill_diagonal(w, 0)
    return -exaggeration * xlogy(P, np.where(P > 0, w, 1)).sum() + np.log(w.sum())


# the kernels against oracles


@pytest.mark.parametrize("exaggeration", [1.0, 12.0])
def test_a_step_from_rest_goes_down_the_numerical_gradient(exaggeration):
    P, embedding = any_P(15), 3 * normal(15, 2, seed=1)
    gradient = np.empty((15, 2))
    for place in np.ndindex(15, 2):
        step = np.zeros((15, 2))
        step[place] = 1e-5
        up, down = (cost(embedding + sign * step, P.toarray(), exaggeration) for sign in (1, -1))
        gradient[place] = (up - down) / 2e-5

    columns = np.ascontiguousarray(embedding.T, np.float32)
    pull, velocity, gains = Forces(P), np.zeros_like(columns), np.ones_like(columns)
    pull.measure(columns)
    rates = np.full(15, 1 / 0.8, np.float32)  # a first step shrinks the gains to 0.8
    numbers = np.float32(exaggeration), np.float32(0)
    tsne_kernels.descend(columns, velocity, gains, *pull.sums, rates, *numbers)
    np.testing.assert_allclose(-velocity.T, gradient, rtol=1e-4, atol=1e-6)


def test_kl_agrees_with_its_definition():
    P, embedding = any_P(60), 5 * normal(60, 2, seed=1)
    w = 1 / (1 + cdist(embedding, embedding, "sqeuclidean"))
    np.fill_diagonal(w, 0)
    definition = kl_div(P.toarray(), w / w.sum()).sum()  # scipy's has - p + q, which sum to 0
    assert kl_divergence(P, embedding) == pytest.approx(definition, rel=1e-6)


def test_affinities_agree_with_gaussians_fitted_one_by_one():
    points, perplexity = normal(70, 3), 9.0
    squared = cdist(points, points, "sqeuclidean")
    p = np.zeros((70, 70))
    for i in range(70):
        near = np.argsort(squared[i])[1:28]

        def gaussian(beta, distances=squared[i, near]):
            weights = np.exp(-beta * (distances - distances.min()))
            return weights / weights.sum()

        def excess(log_beta, gaussian=gaussian):
            weights = gaussian(np.exp(log_beta))
            return -xlogy(weights, weights).sum() - np.log(perplexity)

        p[i, near] = gaussian(np.exp(brentq(excess, -8, 5, xtol=1e-12)))
    P = affinities(points, perplexity).toarray()
    np.testing.assert_allclose(P, (p + p.T) / 140, rtol=1e-4, atol=1e-9)


def test_affinities_are_symmetric_and_sum_to_one():
    P = affinities(normal(200, 5), 20)
    assert abs(P - P.T).max() == 0
    assert P.sum() == pytest.approx(1)


@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e3])
def test_every_row_reaches_the_perplexity_at_any_spread(spread):
    distances = np.float32(spread * np.random.default_rng(0).gamma(0.5, size=(50, 60)))
    p = np.empty((50, 60))
    tsne_kernels.calibrate(distances, 20.0, p, 0, 50)
    entropy = -np.sum(p * np.log(np.maximum(p, 1e-300)), axis=1)
    np.testing.assert_allclose(np.exp(entropy), 20, rtol=1e-5)
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_rows_whose_neighbours_tie_are_uniform_over_the_tie():
    distances = np.float32([[0, 0, 0, 0, 5, 5], [2, 2, 2, 2, 2, 2]])
    p = np.empty((2, 6))
    tsne_kernels.calibrate(distances, 2.0, p, 0, 2)
    np.testing.assert_allclose(p, [[0.25] * 4 + [0] * 2, [1 / 6] * 6], atol=1e-12)


@pytest.mark.parametrize(("N", "D", "k"), [(300, 7, 10), (331, 4, 330), (2000, 1, 5), (40, 3, 39)])
def test_nearest_agrees_with_sorting_all_distances(N, D, k):
    points = normal(N, D).astype(np.float32)
    neighbours, distances = np.empty((N, k), np.int32), np.empty((N, k), np.float32)
    tsne_kernels.nearest(padded_columns(points), neighbours, distances, 0, N)
    squared = cdist(points, points, "sqeuclidean")
    np.fill_diagonal(squared, np.inf)
    np.testing.assert_allclose(np.sort(distances), np.sort(squared)[:, :k], rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(
        np.take_along_axis(squared, neighbours.astype(int), 1), distances, rtol=1e-4, atol=1e-9
    )


def test_k_smallest_takes_each_value_once_among_many_ties():
    values = np.random.default_rng(0).integers(0, 4, 500).astype(np.float32)
    for k in (1, 50, 200, 500):
        indices, smallest = np.empty(k, np.int32), np.empty(k, np.float32)
        tsne_kernels.k_smallest(values, indices, smallest)
        assert len(set(indices.tolist())) == k
        np.testing.assert_array_equal(values[indices], smallest)
        np.testing.assert_array_equal(np.sort(smallest), np.sort(values)[:k])


# the map


def test_planted_clusters_come_apart_in_the_map():
    points, labels = planted_clusters()
    embedding = last_embedding(points, TSNEConfig(perplexity=15))
    centres = np.array([embedding[labels == label].mean(axis=0) for label in range(6)])
    assert (cdist(embedding, centres).argmin(axis=1) == labels).all()


def test_kl_is_about_that_of_scikit_learn_after_its_1000_steps():
    ratios = []
    for seed in range(3):  # each finds its own local minimum: 0.95 to 1.05 of the other's
        points = normal(200, 5, seed)
        points[:100] += 3
        with threadpool_limits(1):  # its OpenMP threads stall where other work runs
            theirs = TSNE(perplexity=15, random_state=0).fit_transform(points)
        *_, last = tsne(points, TSNEConfig(perplexity=15))
        ratios.append(last.kl / kl_divergence(affinities(points, 15), theirs))
    assert np.mean(ratios) < 1.03


def test_kl_falls_once_the_exaggeration_is_over():
    kl = [state.kl for state in tsne(normal(400, 5), TSNEConfig(), every=25)]
    assert (np.diff(kl[3:]) < 0.005).all()
    assert kl[-1] < 0.6 * kl[0]


def test_the_kl_shown_is_that_of_the_embedding_shown():
    points = normal(80, 4)
    P = affinities(points, SHORT.perplexity)
    for state in tsne(points, SHORT):
        assert state.kl == pytest.approx(kl_divergence(P, state.embedding), rel=1e-7)


def test_same_seed_gives_the_same_map_bit_for_bit_on_any_number_of_threads():
    points = normal(300, 5)
    alone = last_embedding(points, SHORT, threads=1)
    np.testing.assert_array_equal(alone, last_embedding(points, SHORT, threads=1))
    np.testing.assert_array_equal(alone, last_embedding(points, SHORT, threads=3))


def test_another_seed_gives_another_map_of_the_same_quality():
    points, _ = planted_clusters()
    first, second = (
        list(tsne(points, TSNEConfig(perplexity=15, seed=seed)))[-1] for seed in (0, 1)
    )
    assert np.abs(first.embedding - second.embedding).max() > 0.1
    assert first.kl == pytest.approx(second.kl, rel=0.1)


def test_two_maps_made_at_once_are_those_made_alone():
    sets = [normal(300, 5, seed) for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda points: last_embedding(points, SHORT), sets))
    for points, embedding in zip(sets, together, strict=True):
        np.testing.assert_array_equal(embedding, last_embedding(points, SHORT))


def test_the_scale_of_the_points_does_not_matter():
    points = normal(60, 3)
    huge = last_embedding(2.0**200 * points, SHORT)
    np.testing.assert_array_equal(huge, last_embedding(points, SHORT))


def test_states_come_at_the_start_at_every_and_at_the_end():
    states = list(tsne(normal(60, 3), SHORT, every=20))
    assert [state.step for state in states] == [0, 20, 40, 45]
    assert np.abs(states[0].embedding).max() < 1e-3
    for state in states:
        assert state.embedding.shape == (60, 2)
        assert state.embedding.dtype == np.float32


def test_stopping_is_not_asking_and_leaves_earlier_states_as_they_were():
    states = tsne(normal(60, 3), SHORT)
    first = next(states)
    kept = first.embedding.copy()
    next(states)
    states.close()
    np.testing.assert_array_equal(first.embedding, kept)
    assert list(states) == []


def test_the_points_are_left_unchanged():
    points = normal(60, 3).astype(np.float32)
    before = points.copy()
    last_embedding(points, SHORT)
    np.testing.assert_array_equal(points, before)


# points that are hard to map


def test_too_few_points_name_a_perplexity_that_then_works():
    points = normal(61, 3)
    with pytest.raises(GenLabError, match="needs 91 points or more, but there are 61; .* 20 "):
        next(tsne(points, TSNEConfig()))
    assert np.isfinite(last_embedding(points, TSNEConfig(perplexity=20, steps=30))).all()


def test_a_handful_of_points_is_told_how_many_are_needed():
    with pytest.raises(GenLabError, match="at least 7 points"):
        next(tsne(normal(4, 3), TSNEConfig(perplexity=2)))
    assert np.isfinite(last_embedding(normal(7, 3), TSNEConfig(perplexity=2))).all()


def test_points_that_coincide_are_parted_and_stay_near():
    points = np.repeat(normal(20, 4), 10, axis=0)  # 20 places, 10 points on each
    embedding = last_embedding(points, TSNEConfig(perplexity=9))
    assert len(np.unique(embedding, axis=0)) == 200
    places = np.repeat(np.arange(20), 10)
    distances = cdist(embedding, embedding)
    np.fill_diagonal(distances, np.inf)
    assert (places[distances.argmin(axis=1)] == places).mean() > 0.95


@pytest.mark.parametrize(
    "points",
    [np.ones((50, 3)), np.arange(50.0)[:, None], np.eye(50) > 0, 1e300 * normal(50, 2)],
    ids=["all the same", "on a line", "booleans", "huge"],
)
def test_odd_points_get_a_finite_map(points):
    assert np.isfinite(last_embedding(points, SHORT)).all()


def test_a_hub_that_is_everyones_neighbour_does_not_fly_off():
    points = normal(500, 200)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points[0] = 0  # nearer to all than they are to one another
    assert np.abs(last_embedding(points, TSNEConfig(perplexity=10))).max() < 50


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (np.ones(5), r"shape \(5,\)"),
        (np.ones((0, 3)), r"shape \(0, 3\)"),
        ([[0.0, np.nan]] * 9, "NaN or infinity"),
    ],
)
def test_points_that_are_no_table_of_numbers_are_refused(points, said):
    with pytest.raises(ValueError, match=said):
        next(tsne(points))


@pytest.mark.parametrize(
    ("setting", "mend"),
    [
        ({"perplexity": 1.0}, "more than 1"),
        ({"perplexity": float("nan")}, "more than 1"),
        ({"exaggeration": 0.5}, "1 \\(none\\) or more"),
        ({"exaggeration_steps": -1}, "exaggeration_steps is -1; choose 0 or more"),
        ({"steps": -1}, "steps is -1; choose 0 or more"),
        ({"seed": -1}, "seed is -1; choose 0 or more"),
    ],
)
def test_config_refuses_nonsense_and_says_what_to_choose(setting, mend):
    with pytest.raises(ValueError, match=mend):
        TSNEConfig(**setting)


def test_every_below_one_is_refused():
    with pytest.raises(ValueError, match="every is 0; choose 1 or more"):
        next(tsne(normal(50, 3), every=0))


# threads and cache


def test_all_kernels_let_go_of_the_gil():
    kernels = [value for value in vars(tsne_kernels).values() if hasattr(value, "targetoptions")]
    assert len(kernels) == 7
    assert all(kernel.targetoptions["nogil"] for kernel in kernels)


def test_unit_scaling_keeps_directions_and_bounds():
    scaled = unit_scaled(np.array([[1e9 + 3, 5.0], [1e9 - 1, 5.0], [1e9 - 2, 5.0]]))
    np.testing.assert_allclose(scaled, [[1, 0], [-1 / 3, 0], [-2 / 3, 0]])
