import numpy as np
import pytest
import torch

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.latent import (
    active_units,
    decode,
    decode_plane,
    dimension_kl,
    encode,
    importance_nll,
    latent_means,
    traversal,
    walk,
)
from genlab.runs.folder import load_array
from genlab.runs.models import load_model


def test_encode_is_the_models_encode_over_several_batches(make_run):
    model, test = load_model(make_run(family="cvae")), load_split("fashion", "test")
    posterior = encode(model, test.images[:1500], test.labels[:1500])
    x = torch.from_numpy(test.images[1400].reshape(1, -1) / np.float32(255))
    mu, logvar = model.encode(x, torch.tensor([int(test.labels[1400])]))
    np.testing.assert_allclose(posterior.mu[1400], mu[0], atol=1e-5)
    np.testing.assert_allclose(posterior.logvar[1400], logvar[0], atol=1e-5)


def test_decode_takes_one_latent_or_many_and_a_label_each(make_run):
    model = load_model(make_run(family="cvae"))
    z = np.zeros(3, np.float32)
    one = decode(model, z, 4)
    assert one.shape == (1, 28, 28)
    assert one.min() >= 0
    assert one.max() <= 1
    many = decode(model, np.stack([z, z]), np.array([4, 5]))
    np.testing.assert_array_equal(many[0], one[0])
    assert np.abs(many[1] - one[0]).max() > 1e-4


def test_latent_means_are_kept_beside_the_run(make_run):
    run = make_run()
    mu = latent_means(run)
    assert mu.shape == (10_000, 3)
    np.testing.assert_array_equal(load_array(run, "latents/mu"), mu)


def test_a_model_of_other_images_is_told_apart(make_run):
    with pytest.raises(GenLabError, match="takes images of 100 pixels"):
        latent_means(make_run(pixels=100))


def test_a_dimension_that_never_moves_is_inactive(rng):
    mu = rng.normal(size=(100, 3)) * [1.0, 0.05, 0.0]
    assert active_units(mu).tolist() == [True, False, False]


def test_dimension_kl_sums_to_the_posteriors_kl(make_run):
    model, test = load_model(make_run()), load_split("fashion", "test")
    posterior = encode(model, test.images[:50], test.labels[:50])
    var = np.exp(posterior.logvar)
    kl = 0.5 * (posterior.mu**2 + var - 1 - posterior.logvar)
    np.testing.assert_allclose(dimension_kl(posterior), kl.mean(0), rtol=1e-4)


def test_the_importance_bound_is_tighter_with_more_samples(make_run, monkeypatch):
    import genlab.explore.latent as latent

    test = load_split("fashion", "test")
    few = type("Few", (), {"images": test.images[:60], "labels": test.labels[:60]})
    monkeypatch.setattr(latent, "load_split", lambda *_: few)
    run = make_run(family="cvae")
    assert importance_nll(run, samples=50).mean() < importance_nll(run, samples=1).mean()


def test_traversal_moves_one_dimension_only():
    line = traversal(np.array([1.0, 2.0, 3.0]), 1, span=2.0, steps=5)
    assert line[:, 1].tolist() == [-2, -1, 0, 1, 2]
    assert (line[:, [0, 2]] == [1.0, 3.0]).all()


@pytest.mark.parametrize("kind", ["straight", "spherical"])
def test_a_walk_begins_and_ends_where_it_should(kind, rng):
    start, end = rng.normal(size=(2, 20))
    path = walk(start, end, steps=9, kind=kind)
    np.testing.assert_allclose(path[[0, -1]], [start, end], atol=1e-5)


def test_a_spherical_walk_keeps_the_length_that_a_straight_one_loses(rng):
    start, end = rng.normal(size=(2, 20))
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    lengths = np.linalg.norm(walk(start, end, steps=9, kind="spherical"), axis=1)
    np.testing.assert_allclose(lengths, np.linalg.norm(start), rtol=1e-5)
    assert np.linalg.norm(walk(start, end, steps=9)[4]) < 0.9 * np.linalg.norm(start)


def test_a_walk_between_opposite_or_parallel_latents_is_straight():
    start = np.array([1.0, 0.0])
    for end in (-start, 2 * start, 0 * start):
        path = walk(start, end, steps=3, kind="spherical")
        np.testing.assert_allclose(path, walk(start, end, steps=3), atol=1e-6)


def test_the_plane_has_high_z2_on_its_top_row(make_run):
    model = load_model(make_run(latent_dim=2))
    plane = decode_plane(model, span=2.0, tiles=3)
    np.testing.assert_allclose(plane[0, 2], decode(model, [2.0, 2.0])[0], atol=1e-6)
    np.testing.assert_allclose(plane[2, 0], decode(model, [-2.0, -2.0])[0], atol=1e-6)


def test_a_plane_of_more_than_two_dimensions_is_refused(make_run):
    with pytest.raises(GenLabError, match="a plane takes 2"):
        decode_plane(load_model(make_run()))
