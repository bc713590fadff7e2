import numpy as np
import pytest

from genlab.registration.exp2 import exp2_below_one, kernel
from genlab.registration.reference import soft_matches
from genlab.registration.statistics import Matching
from genlab.registration.sums import centre_sums, data_sums
from genlab.registration.transforms import Transform

STILL = Transform.identity(3)


@kernel
def exp2_of_all(exponents, out):
    for k in range(exponents.size):
        out[k] = exp2_below_one(exponents[k])


def test_exp2_is_right_to_float32_and_nothing_below_its_range():
    exponents = np.linspace(-126, 0.5, 100_001).astype(np.float32)
    out = np.empty_like(exponents)
    exp2_of_all(exponents, out)
    np.testing.assert_allclose(out, np.exp2(exponents.astype(np.float64)), rtol=4e-7)
    exp2_of_all(np.array([-126.5, -1e4, -3e38, -np.inf], np.float32), out)
    np.testing.assert_array_equal(out[:4], 0)


@pytest.mark.parametrize("background", [0.0, 1e-300, 1e-3, 50.0])
@pytest.mark.parametrize("far", [0.0, 4.0, 40.0, 400.0])
@pytest.mark.parametrize("counts", [(1, 1), (3, 70), (130, 64), (7, 5000)])
def test_sums_over_all_pairs_agree_with_plain_numpy(rng, background, far, counts):
    """Also where every e vanishes, and where the centres are many parts or an odd few."""
    K, C = counts
    data = (rng.normal(size=(3, K)) + far).astype(np.float32)
    centres = rng.normal(size=(3, C)).astype(np.float32)
    sigma, (a, b) = 0.5, (data.T.astype(float), centres.T.astype(float))
    r, squared, log_sum = soft_matches(a, b, Matching("source", STILL, sigma, background))
    sharpness = np.float32(np.log2(np.e) / (2 * sigma**2))
    rough = 1e-6 * (1 + squared.max() / sigma**2)  # float32 rounds large exponents

    own = data_sums(data, centres, sharpness, background)
    np.testing.assert_allclose(own.log_sum, log_sum, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(own.weight, r.sum(axis=1), atol=rough)
    np.testing.assert_allclose(own.spread, (r * squared).sum(axis=1), rtol=rough, atol=1e-5)
    offset = np.einsum("kc,kcd->kd", r, b[None] - a[:, None])
    np.testing.assert_allclose(own.offset, offset, rtol=rough, atol=1e-5)

    shared = centre_sums(data, centres, sharpness, background)
    np.testing.assert_allclose(shared.log_sum, log_sum, rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(shared.weight, r.sum(axis=0), atol=rough * K)
    np.testing.assert_allclose(shared.spread, (r * squared).sum(axis=1), rtol=rough, atol=1e-5)
    np.testing.assert_allclose(shared.offset, r.T @ a, atol=rough * K * (1 + far))


def test_one_thread_and_many_give_the_same_sums(rng, monkeypatch):
    data, centres = rng.normal(size=(2, 3, 900)).astype(np.float32)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr("genlab.registration.sums.threads_for", lambda pairs, n=threads: n)
        found.append((data_sums(data, centres, np.float32(3), 0.1),
                      centre_sums(data, centres, np.float32(3), 0.1)))  # fmt: skip
    for one, many in zip(*found, strict=True):
        for a, b in zip(one, many, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
