import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from genlab.explore.image_bound import image_bound
from genlab.models.cvae import CVAE, CVAEConfig
from genlab.models.vae import VAE, VAEConfig

IMAGE = np.random.default_rng(1).integers(0, 256, (28, 28)).astype(np.uint8)


def arrays(model):
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


@pytest.fixture(params=["vae", "cvae"])
def model(request):
    torch.manual_seed(0)
    made = VAE(VAEConfig(hidden=30, latent_dim=4)) if request.param == "vae" else None
    return (made or CVAE(CVAEConfig(hidden=30, latent_dim=4))).requires_grad_(False)


def test_the_bound_agrees_with_torch_distributions(model):
    bound = image_bound(arrays(model), IMAGE, 3, draws=4000)
    x = torch.from_numpy(IMAGE.reshape(1, -1) / 255.0).float()
    label = torch.tensor([3])
    mu, logvar = model.encode(x, label)
    q, prior = Normal(mu, (0.5 * logvar).exp()), Normal(torch.zeros(4), 1.0)
    z = q.sample((4000,))[:, 0]
    logits = model.decode(z, label.expand(4000))
    likelihood = Bernoulli(logits=logits, validate_args=False).log_prob(x).sum(1)
    assert bound.kl == pytest.approx(kl_divergence(q, prior).sum().item(), rel=1e-5)
    error = 6 * likelihood.std().item() / 4000**0.5
    assert bound.recon_nll == pytest.approx(-likelihood.mean().item(), abs=error)
    assert bound.neg_elbo == bound.recon_nll + bound.kl


def test_the_same_seed_gives_the_same_bound(model):
    assert image_bound(arrays(model), IMAGE, 3) == image_bound(arrays(model), IMAGE, 3)


def test_the_label_matters_to_a_cvae_only():
    torch.manual_seed(0)
    cvae, vae = CVAE(CVAEConfig(hidden=30)), VAE(VAEConfig(hidden=30))
    for model, matters in ((cvae, True), (vae, False)):
        tensors = arrays(model.requires_grad_(False))
        assert (image_bound(tensors, IMAGE, 1) != image_bound(tensors, IMAGE, 2)) is matters
