import dataclasses

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from genlab.explore.equilibrium import equilibrium
from genlab.explore.layer_findings import layer_findings
from genlab.explore.layers import layer_xray, share_on
from genlab.explore.samples import sample_images, some_noise, spread
from genlab.models.gan import GANConfig
from genlab.objectives.adversarial import discriminator_loss, generator_loss, opinion
from genlab.runs.film import film_path, load_film, pack_film
from genlab.runs.folder import find_run, write_summary
from genlab.runs.models import load_model
from genlab.training.gan_step import code_of


def found(run) -> dict[str, list[str]]:
    """The sentences on a run, by their kind."""
    sentences = {"good": [], "note": [], "bad": []}
    for finding in layer_findings(run, layer_xray(run)):
        sentences[finding.kind].append(finding.text)
    return sentences


def with_tensors(run, change):
    path = run.path / "model.safetensors"
    tensors = {name: array.copy() for name, array in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)
    return find_run(run.name)


def with_film(run, **changes):
    film = dataclasses.replace(load_film(run), **changes)
    film_path(run.path).write_bytes(pack_film(film))


@pytest.mark.parametrize(
    ("family", "settings"),
    [("gan", {}), ("classifier", {}), ("siamese", {}), ("siamese", {"loss": "cosine-softmax"})],
)
def test_the_layers_hold_all_parameters_of_the_model(train_tiny, family, settings):
    run = train_tiny("mine", family, **settings)
    xray = layer_xray(run)
    assert xray.parameters == sum(p.numel() for p in load_model(run).parameters())
    assert xray.not_finite == 0
    places = [layer.name for layer in xray.layers if layer.name.startswith("body.")]
    numbers = [int(name.split(".")[1]) for name in places]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("architecture", ["dcgan-course", "dcgan-28"])
def test_each_layer_is_called_what_it_is(train_tiny, architecture):
    run = train_tiny("mine", architecture=architecture, normalisation="spectral", epochs=1,
                     images=40)  # fmt: skip
    modules = dict(load_model(run).named_modules())
    kinds = {
        torch.nn.Linear: "linear",
        torch.nn.Conv2d: "convolution",
        torch.nn.ConvTranspose2d: "transposed convolution",
        torch.nn.BatchNorm1d: "batch normalisation",
        torch.nn.BatchNorm2d: "batch normalisation",
    }
    layers = layer_xray(run).layers
    assert len(layers) == sum(type(m) in kinds or "ParametrizedC" in type(m).__name__
                              or "ParametrizedL" in type(m).__name__
                              for m in modules.values())  # fmt: skip
    for layer in layers:
        module = modules[layer.name]
        wanted = next(kind for base, kind in kinds.items() if isinstance(module, base))
        assert layer.kind == wanted, layer.name


def test_numbers_that_are_none_are_counted_and_said(train_tiny):
    run = train_tiny("mine")

    def break_some(tensors):
        tensors["discriminator.head.weight"][0, :3] = np.nan

    run = with_tensors(run, break_some)
    assert layer_xray(run).not_finite == 3
    assert "3 weights are NaN or infinite" in found(run)["bad"][0]


def test_dead_units_of_a_generator_are_those_that_no_noise_turns_on(train_tiny):
    run = train_tiny("mine", architecture="mlp", epochs=1, images=40)

    def kill(tensors):
        tensors["generator.0.bias"][:100] = -1e3
        tensors["generator.2.bias"][:] = -1e3

    (silence,) = layer_xray(with_tensors(run, kill)).silences
    z = torch.from_numpy(some_noise(run))
    model = load_model(find_run("mine"))
    with torch.no_grad():
        first = model.generator[:2](z)
    dead = int((first <= 0).all(dim=0).sum()) + 1024
    assert dead >= 1124
    assert (silence.units, silence.dead) == (2048, dead)


def test_a_leaky_network_has_no_dead_unit_to_speak_of(train_tiny):
    assert layer_xray(train_tiny("mine")).silences == ()


def test_channels_that_a_batch_norm_keeps_below_zero_are_dead(train_tiny):
    def kill(tensors):
        tensors["body.1.bias"][0] = -20.0 * abs(tensors["body.1.weight"][0])

    (silence,) = layer_xray(with_tensors(train_tiny("mine", "classifier"), kill)).silences
    assert (silence.units, silence.dead) == (28, 1)


def test_how_often_a_gaussian_is_above_zero(rng):
    for mean, std in ((0.0, 1.0), (-1.0, 2.0), (0.5, 0.3)):
        draws = rng.normal(mean, std, 200_000)
        assert share_on(mean, std) == pytest.approx((draws > 0).mean(), abs=0.005)
    assert (share_on(1.0, 0.0), share_on(-1.0, 0.0)) == (1.0, 0.0)


def test_a_collapsed_generator_is_called_so_by_its_classes_and_by_its_samples(train_tiny):
    run = train_tiny("mine")
    write_summary(run, {"mode_kl": 2.2})
    one = np.random.default_rng(0).integers(0, 256, (1, 1, 784)).astype(np.uint8)
    frames = load_film(run).frames
    with_film(run, frames=frames | {"images": np.broadcast_to(one, frames["images"].shape).copy()})
    bad = " ".join(found(run)["bad"])
    assert "Mode collapse: the generator makes few of the classes (mode KL 2.200" in bad
    assert "Samples of different noise resemble one another: two samples lie 0.0 apart" in bad


def test_samples_as_unlike_as_real_images_are_called_good(train_tiny):
    from genlab.explore.samples import real_images

    run = train_tiny("mine")
    frames = load_film(run).frames
    images = frames["images"].copy()
    images[-1] = real_images(run, 200)[-64:].reshape(64, -1)
    with_film(run, frames=frames | {"images": images})
    write_summary(run, {"mode_kl": 0.02, "frechet_test": 1.0, "frechet_floor": 0.3})
    good = " ".join(found(run)["good"])
    assert "Different noise gives different samples" in good
    assert "The generator makes every class" in good
    assert "Fréchet distance 1.00, train against test 0.30" in good


@pytest.mark.parametrize(
    ("real", "fake", "kind", "words"),
    [
        (0.99, 0.01, "note", "saturated: it tells all fakes"),
        (0.8, 0.3, "good", "ahead and not saturated"),
        (0.52, 0.49, "good", "can hardly tell"),
        (0.3, 0.7, "bad", "takes fakes for more real"),
    ],
)
def test_the_discriminator_is_judged_by_its_last_opinions(train_tiny, real, fake, kind, words):
    run = train_tiny("mine")
    early = np.full(500, 0.123, np.float32)
    trace = {
        name: np.concatenate([early, np.full(200, value, np.float32)])
        for name, value in (("loss_d", 1.0), ("loss_g", 1.0), ("d_real", real), ("d_fake", fake))
    }
    with_film(run, trace=trace)
    assert any(words in text and "over the last 200 updates" in text for text in found(run)[kind])


def test_scores_of_the_film_stand_in_where_nothing_was_measured(train_tiny):
    run = train_tiny("mine")
    F = len(load_film(run))
    with_film(run, scores={"mode_kl": np.linspace(2.3, 0.5, F).astype(np.float32)})
    assert any("some classes seldom (mode KL 0.500" in text for text in found(run)["note"])
    with_film(run, scores={"mode_kl": np.full(F, np.nan, np.float32)})
    assert not any("mode KL" in text for kind in found(run).values() for text in kind)


def test_a_classifier_below_its_floor_is_not_called_good(train_tiny):
    run = train_tiny("mine", "classifier")
    for accuracy, kind in ((0.97, "good"), (0.90, "note")):
        write_summary(run, {"test_accuracy": accuracy, "floors": {"raw_3nn": 0.95, "chance": 0.1}})
        assert any(f"Test accuracy {accuracy:.4f}" in text for text in found(run)[kind])


@pytest.mark.parametrize("noise", ["gaussian", "uniform"])
def test_a_run_without_a_film_is_drawn_from_its_weights_as_torch_draws_it(train_tiny, noise):
    run = train_tiny("mine", noise=noise)
    last = sample_images(run)
    np.testing.assert_array_equal(last.reshape(64, -1), load_film(run).frames["images"][-1])
    film_path(run.path).unlink()
    z = some_noise(run)
    with torch.no_grad():
        wanted = load_model(run).generate(torch.from_numpy(z)).numpy()
    made = sample_images(run)
    assert made.shape == (64, 28, 28)
    assert np.abs(made.reshape(64, -1) / 255.0 - wanted).max() < 0.5 / 255 + 1e-5
    assert np.array_equal(made, sample_images(run))


def test_the_spread_is_the_mean_and_the_nearest_distance(rng):
    images = rng.integers(0, 256, (6, 28, 28)).astype(np.uint8)
    x = images.reshape(6, -1) / 255.0
    apart = [[np.linalg.norm(a - b) for j, b in enumerate(x) if i != j] for i, a in enumerate(x)]
    mean, nearest = spread(images)
    assert mean == pytest.approx(np.mean(apart))
    assert nearest == pytest.approx(np.median(np.min(apart, axis=1)))


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "non-saturating"},
        {"loss": "minimax"},
        {"loss": "least-squares"},
        {"loss": "least-squares", "fake_code": -1.0, "real_code": 1.0, "wanted_code": 0.0},
    ],
    ids=str,
)
def test_the_lines_are_the_losses_of_a_discriminator_that_cannot_tell(settings):
    config = GANConfig(**settings)
    code = code_of(config)
    said = 0.5 * (code.a + code.b) if config.loss == "least-squares" else 0.0
    logits = torch.full((1,), said)
    lines = equilibrium(dataclasses.asdict(config))
    loss_d = sum(discriminator_loss(logits, logits, config.loss, code=code)).item()
    assert lines["loss_d"] == pytest.approx(loss_d)
    assert lines["loss_g"] == pytest.approx(generator_loss(logits, config.loss, code=code).item())
    view = opinion(logits, config.loss, code).item()
    assert lines["d_real"] == lines["d_fake"] == pytest.approx(view)
