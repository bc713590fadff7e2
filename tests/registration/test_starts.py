import numpy as np
import pytest

from genlab.registration.config import RegistrationConfig
from genlab.registration.em import register
from genlab.registration.shapes import SHAPES, planted, star
from genlab.registration.starts import best_attempt, best_start, register_from, spread_starts
from genlab.registration.transforms import Transform


def test_starts_begin_where_the_source_lies_and_repeat_with_their_seed(rng):
    for model, D in [("translation", 2), ("rigid", 2), ("rigid", 3), ("affine", 3)]:
        source, target = rng.normal(size=(20, D)), rng.normal(size=(20, D)) + 7
        starts = spread_starts(source, target, model, 6, seed=3)
        assert len(starts) == 6
        np.testing.assert_array_equal(starts[0].linear, np.eye(D))
        np.testing.assert_array_equal(starts[0].translation, 0)
        again = spread_starts(source, target, model, 6, seed=3)
        for one, other in zip(starts, again, strict=True):
            np.testing.assert_array_equal(one.translation, other.translation)
        for start in starts[1:]:
            assert np.linalg.det(start.linear) == pytest.approx(1)
        middle = starts[1].apply(source).mean(axis=0)
        np.testing.assert_allclose(middle, target.mean(axis=0))


@pytest.mark.parametrize("shape", [SHAPES["R"], star])
def test_the_best_of_several_starts_finds_a_turn_that_one_start_misses(shape):
    D = 2 if shape is SHAPES["R"] else 3
    truth = Transform.turn(150, None if D == 2 else (1, 2, 3))
    p = planted(shape, 150, truth, noise=0.01)
    *_, alone = register(p.source, p.target)
    assert np.abs(alone.moved(p.source) - truth.apply(p.source)).max() > 0.3
    config = RegistrationConfig()
    starts = spread_starts(p.source, p.target, "rigid", 12)
    attempts = list(register_from(p.source, p.target, config, starts))
    best = best_attempt(attempts)
    assert [attempt.index for attempt in attempts] == list(range(12))
    assert best.log_likelihood == max(attempt.states[-1].log_likelihood for attempt in attempts)
    assert np.abs(best.states[-1].moved(p.source) - truth.apply(p.source)).max() < 0.02
    *_, again = register(p.source, p.target, config, best_start(p.source, p.target, config, starts))
    assert again.log_likelihood == pytest.approx(best.log_likelihood, abs=0.1)
