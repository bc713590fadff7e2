import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.registration.config import RegistrationConfig, textbook_config
from genlab.registration.em import register
from genlab.registration.shapes import SHAPES, fish, planted, star
from genlab.registration.states import responsibilities
from genlab.registration.transforms import Transform

TRUTHS = {
    "translation": {2: Transform.shift([0.3, -0.2]), 3: Transform.shift([0.3, -0.2, 0.1])},
    "rigid": {2: Transform.turn(25, about=[1, 0]), 3: Transform.turn(25, (1, 2, 2), [1, 0, 0])},
}
TRUTHS["similarity"] = {
    D: Transform(1.4 * rigid.linear, rigid.translation) for D, rigid in TRUTHS["rigid"].items()
}
TRUTHS["affine"] = {
    2: Transform(np.array([[1.2, 0.3], [-0.2, 0.9]]), np.array([0.2, 0.1])),
    3: Transform(np.array([[1.2, 0.2, 0], [-0.2, 0.9, 0.1], [0.1, 0, 1.1]]), np.array([0.2, 0, 0])),
}
SHAPE = {2: fish, 3: star}


def last(states):
    *_, state = states
    return state


def problem(rng):
    """Small clouds without any structure, and any settings for which EM promises to climb."""
    D = int(rng.integers(2, 4))
    M, N = rng.integers(D + 2, 12, 2)
    source, target = rng.normal(size=(M, D)), rng.normal(size=(N, D))
    each = rng.choice(["source", "target"])
    model = rng.choice(["translation", "rigid"] + ["similarity", "affine"] * (each == "target"))
    settings = {"model": str(model), "each": str(each), "precision": "float64", "max_steps": 8}
    settings["sigma"] = "fit" if rng.random() < 0.5 else float(rng.uniform(0.2, 2))
    if model == "rigid":
        settings["scale"] = float(rng.choice([1.0, 0.7, 1.5]))
    if each == "source" and rng.random() < 0.5:
        settings["prior"] = "learned"
    elif rng.random() < 0.5:
        settings["outliers"] = float(rng.uniform(0.01, 0.5))
    known = not isinstance(settings["sigma"], str) and "outliers" not in settings
    if known and rng.random() < 0.5:
        settings["constant"] = "stated"
    return source, target, RegistrationConfig(tol=0, **settings)


def test_the_likelihood_never_falls_in_a_thousand_random_problems(rng):
    kinds = set()
    for _ in range(1000):
        source, target, config = problem(rng)
        found = [state.log_likelihood for state in register(source, target, config)]
        assert np.diff(found).min(initial=0) >= -1e-9 * max(1, np.abs(found).max()), config
        kinds.add((config.model, config.each, config.prior, config.sigma == "fit"))
    assert len(kinds) == 2 * (4 + 2 + 2)


@pytest.mark.parametrize("each", ["source", "target"])
def test_the_likelihood_never_falls_on_the_fast_path_either(each):
    for seed in range(5):
        p = planted(star, 300, TRUTHS["rigid"][3], noise=0.01, seed=seed)
        config = RegistrationConfig(each=each, tol=0, max_steps=40)
        found = [state.log_likelihood for state in register(p.source, p.target, config)]
        assert np.diff(found).min() > -1e-6 * 300


@pytest.mark.parametrize("D", [2, 3])
@pytest.mark.parametrize("model", ["translation", "rigid", "similarity", "affine"])
@pytest.mark.parametrize("precision", ["fast", "float64"])
def test_a_planted_transform_is_found_from_clouds_that_match_exactly(model, D, precision):
    truth = TRUTHS[model][D]
    p = planted(SHAPE[D], 200, truth)
    config = RegistrationConfig(model=model, precision=precision)
    found = last(register(p.source, p.target, config)).transform
    np.testing.assert_allclose(found.linear, truth.linear, atol=1e-5)
    np.testing.assert_allclose(found.translation, truth.translation, atol=1e-5)


@pytest.mark.parametrize("D", [2, 3])
@pytest.mark.parametrize("model", ["translation", "rigid", "similarity", "affine"])
@pytest.mark.parametrize(
    "spoilt",
    [{"noise": 0.02}, {"noise": 0.01, "outliers": 0.3}, {"noise": 0.01, "missing": 0.25}],
    ids=["noise", "outliers", "overlap"],
)
def test_a_planted_transform_is_found_in_spoilt_clouds(model, D, spoilt):
    truth = TRUTHS[model][D]
    p = planted(SHAPE[D], 400, truth, **spoilt, seed=1)
    config = RegistrationConfig(model=model, outliers=spoilt.get("outliers", 0.0))
    state = last(register(p.source, p.target, config))
    apart = np.abs(state.moved(p.source) - truth.apply(p.source)).max()
    assert apart < 0.02
    assert state.sigma == pytest.approx(spoilt["noise"], rel=0.25)


def test_fewer_source_points_than_target_points_find_their_part():
    p = planted(star, 500, TRUTHS["rigid"][3], noise=0.005)
    part = p.source[p.source[:, 2] > -0.1]
    assert len(part) < 350
    config = RegistrationConfig(each="source", sigma="anneal", sigma_end=0.01)
    state = last(register(part, p.target, config))
    assert np.abs(state.moved(part) - p.truth.apply(part)).max() < 0.02


def test_without_the_outlier_component_strays_pull_the_answer_away():
    p = planted(star, 400, TRUTHS["rigid"][3], noise=0.005, outliers=0.5)
    errors = []
    for w in (0.0, 0.3):
        state = last(register(p.source, p.target, RegistrationConfig(outliers=w)))
        errors.append(np.abs(state.moved(p.source) - p.truth.apply(p.source)).max())
    assert errors[1] < 0.005 < errors[0]


def test_annealing_ends_at_its_last_sigma_and_finds_the_answer():
    p = planted(star, 300, TRUTHS["rigid"][3], noise=0.01)
    config = RegistrationConfig(sigma="anneal", sigma_start=0.5, sigma_end=0.02, cooling=0.8)
    states = list(register(p.source, p.target, config))
    sigmas = [state.sigma for state in states]
    assert sigmas[:3] == pytest.approx([0.5, 0.4, 0.32])
    assert sigmas[-1] == 0.02
    assert np.abs(states[-1].moved(p.source) - p.truth.apply(p.source)).max() < 0.01


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.25])
def test_a_held_scale_is_kept_and_a_fitted_one_is_found(scale):
    truth = Transform(scale * TRUTHS["rigid"][3].linear, np.array([0.1, 0.2, 0.3]))
    p = planted(star, 300, truth, noise=0.005)
    held = last(register(p.source, p.target, RegistrationConfig(scale=scale))).transform
    assert held.scale == pytest.approx(scale, rel=1e-12)
    assert held.degrees == pytest.approx(25, abs=0.3)
    fitted = last(register(p.source, p.target, RegistrationConfig(model="similarity"))).transform
    assert fitted.scale == pytest.approx(scale, abs=0.003)


def test_a_learned_prior_and_a_uniform_one_end_apart():
    """Pi = R hardens the matches from step to step; a uniform Pi leaves them as soft as sigma."""
    p = planted(SHAPES["L"], 60, Transform.shift([0.25, 0.15]), noise=0.03, seed=4)
    ends = {}
    for prior in ("learned", "uniform"):
        state = last(register(p.source, p.target, textbook_config(0.25, prior=prior)))
        ends[prior] = state.log_likelihood, responsibilities(state, p.source, p.target)
    assert ends["learned"][1].max(axis=1).mean() > 0.7
    assert ends["uniform"][1].max(axis=1).mean() < 0.2
    assert ends["learned"][0] > ends["uniform"][0]


@pytest.mark.parametrize("precision", ["fast", "float64"])
def test_the_order_of_points_does_not_matter(rng, precision):
    p = planted(star, 200, TRUTHS["rigid"][3], noise=0.01, outliers=0.1)
    config = RegistrationConfig(outliers=0.1, precision=precision)
    one = last(register(p.source, p.target, config))
    other = last(register(rng.permutation(p.source), rng.permutation(p.target), config))
    np.testing.assert_allclose(other.transform.linear, one.transform.linear, atol=1e-5)
    np.testing.assert_allclose(other.transform.translation, one.transform.translation, atol=1e-5)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=0.01)


@pytest.mark.parametrize("D", [2, 3])
@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
def test_turning_moving_and_scaling_both_clouds_changes_nothing_but_the_frame(model, D):
    p = planted(SHAPE[D], 150, TRUTHS["rigid"][D], noise=0.01)
    frame = Transform.turn(70, None if D == 2 else (3, 1, 1), np.ones(D))
    frame = Transform(100 * frame.linear, frame.translation + 1e4)
    config = RegistrationConfig(model=model)
    one = last(register(p.source, p.target, config))
    other = last(register(frame.apply(p.source), frame.apply(p.target), config))
    inside = frame.then(other.transform).then(frame.inverse())
    np.testing.assert_allclose(inside.linear, one.transform.linear, atol=2e-5)
    np.testing.assert_allclose(inside.translation, one.transform.translation, atol=2e-5)
    assert other.sigma == pytest.approx(100 * one.sigma, rel=1e-4)


def test_float32_clouds_far_from_the_origin_lose_nothing():
    p = planted(star, 300, Transform.turn(10, (0, 0, 1)), noise=0.01)
    far = np.array([5e6, -2e6, 1e6])
    found = last(register(p.source + far, p.target + far, RegistrationConfig(precision="fast")))
    np.testing.assert_allclose(
        found.moved(p.source + far) - far, p.truth.apply(p.source), atol=0.005
    )


def test_the_fast_path_and_the_reference_go_the_same_way():
    p = planted(star, 300, TRUTHS["affine"][3], noise=0.01, outliers=0.2)
    for model in ("translation", "rigid", "similarity", "affine"):
        fast, plain = (
            list(register(p.source, p.target, RegistrationConfig(
                model=model, outliers=0.2, precision=precision, tol=0, max_steps=25)))
            for precision in ("fast", "float64")
        )  # fmt: skip
        assert {state.path for state in fast} == {"exact"}
        for a, b in zip(fast, plain, strict=True):
            np.testing.assert_allclose(a.transform.linear, b.transform.linear, atol=1e-5)
            assert a.sigma == pytest.approx(b.sigma, rel=1e-5)
            assert a.log_likelihood == pytest.approx(b.log_likelihood, abs=5e-3)
            assert a.rms == pytest.approx(b.rms, rel=1e-5)


def test_states_start_where_the_caller_says_and_inputs_stay_as_they_are():
    p = planted(fish, 50, TRUTHS["rigid"][2])
    kept = p.source.copy(), p.target.copy()
    start = Transform.turn(5)
    states = list(register(p.source, p.target, start=start))
    assert states[0].transform is start
    assert [state.step for state in states] == list(range(len(states)))
    np.testing.assert_array_equal(kept[0], p.source)
    np.testing.assert_array_equal(kept[1], p.target)


def test_the_likelihood_of_a_state_is_that_of_its_own_transform_and_sigma(rng):
    source, target = rng.normal(size=(8, 2)), rng.normal(size=(9, 2))
    for state in register(source, target, RegistrationConfig(outliers=0.2, outlier_volume=7.0)):
        squared = np.square(state.moved(source)[:, None] - target[None]).sum(axis=2)
        density = np.exp(-squared / (2 * state.sigma**2)) / (2 * np.pi * state.sigma**2)
        expected = np.log(0.2 / 7.0 + 0.8 * density.mean(axis=0)).sum()
        assert state.log_likelihood == pytest.approx(expected)
        r = responsibilities(state, source, target)
        np.testing.assert_allclose(r, 0.8 * density / 8 / np.exp(np.log(
            0.2 / 7.0 + 0.8 * density.mean(axis=0))))  # fmt: skip
        assert state.matched == pytest.approx(r.sum(), rel=1e-4)
        assert state.rms == pytest.approx(np.sqrt((r * squared).sum() / r.sum()), rel=1e-4)


def test_a_start_that_the_model_lacks_is_replaced_by_a_near_one(rng):
    source = rng.normal(size=(9, 2)) + 5
    start = Transform(np.array([[2.0, 0.3], [0.0, 1.5]]), np.array([1.0, -1.0]))
    first = next(register(source, source, RegistrationConfig(scale=1.3), start)).transform
    np.testing.assert_allclose(first.linear, 1.3 * start.rotation)
    middle = source.mean(axis=0)
    np.testing.assert_allclose(first.apply(middle), start.apply(middle))
    assert next(register(source, source, RegistrationConfig(model="affine"), start)).transform is (
        start
    )


def test_a_large_cloud_passes_through_subsets_and_is_registered_whole_at_the_end():
    p = planted(star, 9000, TRUTHS["rigid"][3], noise=0.003)
    states = list(register(p.source, p.target))
    sizes = [state.points[0] for state in states]
    assert sizes == sorted(sizes)
    assert set(sizes) == {2048, 9000}
    assert states[-1].path == "truncated"
    final = [state.log_likelihood for state in states if state.points == (9000, 9000)]
    assert np.diff(final).min() > -1e-6 * 9000
    assert np.abs(states[-1].moved(p.source) - p.truth.apply(p.source)).max() < 1e-3
    whole = last(register(p.source, p.target, RegistrationConfig(coarse=False, max_steps=60)))
    assert states[-1].log_likelihood == pytest.approx(whole.log_likelihood, abs=1)


def test_a_sigma_that_spans_too_many_pairs_leaves_the_last_word_to_a_subset(monkeypatch):
    monkeypatch.setattr("genlab.registration.matcher.AFFORDABLE", 5_000_000)
    p = planted(star, 6000, Transform.shift([0.1, 0, 0]))
    config = RegistrationConfig(model="translation", sigma=0.5)
    state = last(register(p.source, p.target, config))
    assert state.points == (2048, 2048)
    with pytest.raises(GenLabError, match="smaller sigma or fewer points"):
        last(register(p.source, p.target, RegistrationConfig(sigma=0.5, coarse=False)))


@pytest.mark.parametrize(
    ("source", "target", "model", "sentence"),
    [
        (np.zeros((0, 2)), np.ones((3, 2)), "translation", "source has no points"),
        (np.ones((3, 2)), np.ones((3, 3)), "translation", "source is 2-D but target is 3-D"),
        (np.ones((3, 4)), np.ones((3, 4)), "translation", "source is 3 x 4; give one row"),
        (np.ones(3), np.ones((3, 3)), "translation", "source is 3; give one row"),
        ([[0, 1], [2, np.nan], [np.inf, 1]], np.ones((3, 2)), "rigid", "2 of 3 .* point 2; remove"),
        ([["a", "b"]], np.ones((3, 2)), "rigid", "no table of numbers"),
        ([[1e200, 0]], np.ones((3, 2)), "translation", "larger units"),
        (np.ones((1, 2)), np.eye(2), "rigid", "is a single place.*rigid fit.*a translation"),
        (np.ones((9, 3)), np.eye(3), "similarity", "a single place.*similarity.*a translation"),
        (np.arange(9.0).reshape(3, 3), np.eye(3), "rigid", "lies on one line.*a translation"),
        (np.arange(8.0).reshape(4, 2), np.eye(2), "affine", "an affine fit.*choose a rigid fit"),
        (np.eye(3), np.eye(3), "affine", "lies in one plane.*choose a rigid fit"),
    ],
)  # fmt: skip
def test_clouds_that_cannot_be_registered_get_one_sentence(source, target, model, sentence):
    with pytest.raises(GenLabError, match=sentence):
        next(register(source, target, RegistrationConfig(model=model)))


def test_one_point_and_repeated_points_are_moved_by_a_translation():
    one = last(register([[1.0, 2.0]], [[4.0, 6.0]], RegistrationConfig(model="translation")))
    np.testing.assert_allclose(one.transform.translation, [3, 4], atol=1e-9)
    same = np.ones((20, 3))
    state = last(register(same, same + 2, RegistrationConfig(model="translation")))
    np.testing.assert_allclose(state.transform.translation, 2, atol=1e-6)


def test_repeated_points_count_as_often_as_they_occur():
    p = planted(star, 100, TRUTHS["rigid"][3], noise=0.01)
    once = last(register(p.source, p.target))
    twice = last(register(np.repeat(p.source, 2, axis=0), np.repeat(p.target, 2, axis=0)))
    np.testing.assert_allclose(twice.transform.linear, once.transform.linear, atol=1e-4)
    assert twice.sigma == pytest.approx(once.sigma, rel=1e-3)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"model": "bent"}, "choose one of translation, rigid"),
        ({"sigma": -1.0}, "sigma is -1.0; choose a positive"),
        ({"sigma": "guess"}, "choose one of fit, anneal"),
        ({"sigma": float("nan")}, "sigma is nan"),
        ({"outliers": 1.0}, "less than 1"),
        ({"cooling": 1.0}, "between 0 and 1"),
        ({"scale": 0.0}, "scale is 0"),
        ({"max_steps": -1}, "max_steps is -1"),
        ({"tol": float("nan")}, "tol is nan"),
        ({"prior": "learned"}, 'each="source"'),
        ({"prior": "learned", "each": "source", "outliers": 0.1}, "outliers=0"),
        ({"model": "affine", "each": "source"}, "would shrink the source"),
        ({"constant": "stated"}, "sigma must be given"),
    ],
)
def test_settings_that_make_no_sense_say_what_to_choose(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        RegistrationConfig(**settings)
