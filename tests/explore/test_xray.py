import numpy as np
import pytest
import torch
from torch import nn

from genlab.data.catalogue import find_dataset
from genlab.data.images import ImageSplit, load_split
from genlab.errors import GenLabError
from genlab.explore import latent
from genlab.explore.findings import findings
from genlab.explore.xray import ACTIVE_VARIANCE, reconstruct, xray, xray_of
from genlab.models.cvae import CVAE, CVAEConfig
from genlab.models.vae import VAE, VAEConfig
from genlab.objectives.elbo import bernoulli_nll, kl_per_dimension
from genlab.runs.folder import find_run, load_tensors, read_summary
from genlab.runs.mlp import mlp

MODELS = {
    0: lambda: VAE(VAEConfig(pixels=784, hidden=12, latent_dim=3)),
    10: lambda: CVAE(CVAEConfig(pixels=784, hidden=12, latent_dim=3)),
}


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (300, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, 300).astype(np.uint8)
    return ImageSplit(find_dataset("mnist"), "test", pictures, labels, "made up", False)


def arrays(model):
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def seeded(K):
    torch.manual_seed(1)
    return MODELS[K]()


def as_torch(images):
    x = torch.from_numpy(images.images.copy()).flatten(1).float() / 255.0
    return x, torch.from_numpy(images.labels.astype(np.int64))


@pytest.mark.parametrize("K", [0, 10])
@torch.no_grad()
def test_kl_and_reconstruction_loss_agree_with_torch(images, K):
    model = seeded(K)
    x, labels = as_torch(images)
    mu, logvar = model.encode(x, labels)
    found = xray_of(arrays(model), K, images)
    np.testing.assert_allclose(found.kl, kl_per_dimension(mu, logvar).mean(0), rtol=1e-5)
    np.testing.assert_allclose(found.mu_variance, mu.var(0, correction=0), rtol=1e-4)
    loss = bernoulli_nll(model.decode(mu, labels), x).mean()
    assert found.recon_nll == pytest.approx(loss.item(), rel=1e-5)
    signed = model.decode(model.encode(2 * x - 1, labels)[0], labels)
    assert found.recon_nll_signed == pytest.approx(bernoulli_nll(signed, x).mean().item(), rel=1e-5)
    standard = (x - x.mean()) / x.std(correction=0)
    fed = model.decode(model.encode(standard, labels)[0], labels)
    assert found.recon_nll_standard == pytest.approx(bernoulli_nll(fed, x).mean().item(), rel=1e-4)
    assert found.parameters == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("K", [0, 10])
@torch.no_grad()
def test_the_numpy_layers_give_what_torch_gives(images, K):
    model = seeded(K)
    z, labels = torch.randn(300, 3), as_torch(images)[1]
    one_hot = nn.functional.one_hot(labels, 10).float().numpy() if K else None
    ours = mlp(arrays(model), "decoder", z.numpy(), one_hot).output
    np.testing.assert_allclose(ours, model.decode(z, labels), atol=1e-6)


def test_active_means_the_same_here_as_in_the_latent_figures():
    assert ACTIVE_VARIANCE == latent.ACTIVE_VARIANCE


@torch.no_grad()
def test_a_silenced_dimension_is_inactive_and_has_no_kl(images):
    model = seeded(0)
    model.encoder[2].weight.mul_(20)  # random pixels move a fresh encoder too little
    for row in (1, 4):  # mu and logvar of dimension 1
        model.encoder[2].weight[row] = 0
        model.encoder[2].bias[row] = 0
    found = xray_of(arrays(model), 0, images)
    assert found.active.tolist() == [True, False, True]
    assert found.kl[1] == 0
    assert found.collapsed.tolist() == [False, True, False]
    assert findings(found)[0].text.startswith("Posterior collapse in 1 of 3 latent dimensions (z1)")


@torch.no_grad()
def test_an_encoder_that_ignores_the_image_has_collapsed_altogether(images):
    model = seeded(0)
    model.encoder[2].weight.zero_()
    model.encoder[2].bias.zero_()
    found = findings(xray_of(arrays(model), 0, images))[0]
    assert (found.kind, "in all 3 latent dimensions" in found.text) == ("bad", True)


@torch.no_grad()
def test_a_dimension_that_is_off_but_not_at_the_prior_is_not_called_collapsed(images):
    model = seeded(0)
    model.encoder[2].weight.mul_(20)
    model.encoder[2].weight[1] = 0
    model.encoder[2].bias[1] = 1.0  # mu is 1 for every image: 0.5 nats and more for nothing
    found = xray_of(arrays(model), 0, images)
    assert found.active.tolist() == [True, False, True]
    assert not found.collapsed.any()
    text = findings(found)[0].text
    assert "inactive (z1) yet no prior" in text
    assert f"{found.kl[1]:.2f} nats" in text


def test_the_shipped_vae_has_its_collapse_named():
    found = xray(find_run("vae-fashion"))
    texts = " ".join(finding.text for finding in findings(found))
    assert 0 < found.collapsed.sum() < 20
    assert f"Posterior collapse in {found.collapsed.sum()} of 20" in texts


@torch.no_grad()
def test_units_that_cannot_fire_are_counted_dead_on_their_side(images):
    model = seeded(0)
    model.encoder[0].bias[:2] = -1e6
    model.decoder[0].bias[5:8] = -1e6
    model.decoder[0].bias[9] = 1e6
    found = xray_of(arrays(model), 0, images)
    before = xray_of(arrays(seeded(0)), 0, images)
    assert found.encoder.firing[:2].tolist() == [0, 0]
    assert found.encoder.dead == 2 + (before.encoder.firing[2:] == 0).sum()
    assert found.decoder.firing[5:8].tolist() == [0, 0, 0]
    assert found.decoder.firing[9] == 1
    assert found.decoder.always_on >= 1


@torch.no_grad()
def test_nan_weights_are_counted_and_reported_first(images):
    model = seeded(0)
    model.decoder[2].weight[3, 2:5] = float("nan")
    model.decoder[2].bias[0] = float("inf")
    found = xray_of(arrays(model), 0, images)
    assert found.not_finite == 4
    assert findings(found)[0].kind == "bad"
    assert findings(found)[0].text.startswith("4 weights are NaN or infinite")
    assert all(np.isfinite(t.mean) for t in found.tensors)


def test_a_tensor_of_nothing_but_nan_has_an_empty_histogram(images):
    broken = arrays(seeded(0)) | {"decoder.2.bias": np.full(784, np.nan, np.float32)}
    figures = {t.name: t for t in xray_of(broken, 0, images).tensors}["decoder.2.bias"]
    assert figures.not_finite == 784
    assert figures.counts.sum() == 0


def test_histograms_count_every_weight(images):
    model = seeded(0)
    for figures in xray_of(arrays(model), 0, images).tensors:
        tensor = model.state_dict()[figures.name]
        assert figures.counts.sum() == tensor.numel()
        assert (figures.low, figures.high) == (tensor.min(), tensor.max())
        assert figures.std == pytest.approx(tensor.double().std(correction=0).item())


def test_a_model_of_signed_pixels_is_recognised():
    run = find_run("vae-fashion")
    tensors, test = dict(load_tensors(run)), load_split("fashion", "test")
    assert "Pixels in [0, 1]" in findings(xray_of(tensors, 0, test))[-1].text
    # the same function of 2x - 1: W' = W / 2, b' = b + W 1 / 2
    weight = tensors["encoder.0.weight"]
    tensors["encoder.0.bias"] = tensors["encoder.0.bias"] + weight.sum(axis=1) / 2
    tensors["encoder.0.weight"] = weight / 2
    found = xray_of(tensors, 0, test)
    assert found.recon_nll_signed < found.recon_nll
    assert "Pixels in [-1, 1]" in findings(found)[-1].text


def test_a_model_of_standardised_pixels_is_recognised():
    run = find_run("vae-fashion")
    tensors, test = dict(load_tensors(run)), load_split("fashion", "test")
    x = test.images[:2000].astype(np.float32) / 255.0
    # the same function of (x - m) / s: W' = s W, b' = b + m W 1
    weight = tensors["encoder.0.weight"]
    tensors["encoder.0.bias"] = tensors["encoder.0.bias"] + x.mean() * weight.sum(axis=1)
    tensors["encoder.0.weight"] = weight * x.std()
    found = xray_of(tensors, 0, test)
    assert found.recon_nll_standard == pytest.approx(xray(run).recon_nll, rel=1e-3)
    assert "less their mean" in findings(found)[-1].text


def test_an_untrained_model_is_told_from_a_trained_one(images):
    found = xray_of(arrays(seeded(0)), 0, images)
    assert "it saw other data, or no training" in findings(found)[-1].text


@pytest.mark.parametrize("change", ["decoder.0.weight", "encoder.2.bias", "decoder.2.weight"])
def test_layers_that_do_not_chain_are_refused_by_name(images, change):
    broken = arrays(seeded(0))
    broken[change] = broken[change][1:]
    with pytest.raises(GenLabError, match=r"import the file again"):
        xray_of(broken, 0, images, "theirs")
    del broken[change]
    with pytest.raises(GenLabError, match="theirs"):
        xray_of(broken, 0, images, "theirs")


def test_fewer_label_inputs_than_labels_are_refused(images):
    model = CVAE(CVAEConfig(pixels=784, hidden=12, latent_dim=3, classes=5))
    with pytest.raises(GenLabError, match="takes 5 labels"):
        xray_of(arrays(model), 5, images)


@pytest.mark.parametrize("name", ["vae-fashion", "cvae-fashion", "vae2d-mnist"])
def test_the_shipped_runs_have_an_x_ray_and_thumbnails(name):
    run = find_run(name)
    found = xray(run)
    figures = read_summary(run)  # made with torch from the same images
    np.testing.assert_allclose(found.kl, figures["kl_per_dim"], rtol=1e-3, atol=1e-5)
    assert found.active.tolist() == figures["active"]
    assert found.recon_nll < found.mean_image_nll
    originals, recons = reconstruct(run)
    assert originals.shape == recons.shape == (10, 28, 28)
    of_mean = np.square(originals - originals.mean(axis=0)).mean()
    assert np.square(originals - recons).mean() < of_mean
