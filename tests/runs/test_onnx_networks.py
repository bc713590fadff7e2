import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file

from genlab.errors import GenLabError
from genlab.models.gan_networks import ARCHITECTURES
from genlab.runs import onnx_networks
from genlab.runs.folder import weights_path
from genlab.runs.models import load_model
from genlab.runs.onnx_networks import network_onnx


def session(run):
    return onnxruntime.InferenceSession(network_onnx(run), providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def moved():
    """Give the batch norms of a run means and variances that are not those they began with."""

    def move(run):
        tensors, noise = load_file(weights_path(run)), torch.Generator().manual_seed(0)
        for name, values in tensors.items():
            if name.endswith("running_mean"):
                values += torch.rand(values.shape, generator=noise) - 0.5
            if name.endswith("running_var"):
                values *= 0.5 + torch.rand(values.shape, generator=noise)
        save_file(tensors, weights_path(run))
        return run

    return move


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_generator_gives_the_model_s_images_at_rest_for_any_batch(
    train_tiny, moved, architecture, rng
):
    run = moved(train_tiny("mine", architecture=architecture, epochs=1, images=40))
    model, graph = load_model(run), session(run)
    assert [(i.name, i.shape) for i in graph.get_inputs()] == [("noise", ["batch", 4])]
    assert [(o.name, o.shape) for o in graph.get_outputs()] == [("images", ["batch", 1, 28, 28])]
    for B in (1, 7):
        z = rng.standard_normal((B, 4), dtype=np.float32)
        (images,) = graph.run(None, {"noise": z})
        with torch.no_grad():
            wanted = model.generate(torch.from_numpy(z)).reshape(B, 1, 28, 28).numpy()
        np.testing.assert_allclose(images, wanted, atol=1e-5)
        assert images.min() >= 0.0
        assert images.max() <= 1.0


def test_the_averaged_generator_leaves_where_pictures_come_from_it(train_tiny, rng):
    run = train_tiny("mine", averaging=0.9, normalisation="spectral")
    z = rng.standard_normal((3, 4), dtype=np.float32)
    (images,) = session(run).run(None, {"noise": z})
    model = load_model(run)
    with torch.no_grad():
        averaged = model.to_pixels(model.averaged(torch.from_numpy(z))).numpy()
        newest = model.to_pixels(model.generator(torch.from_numpy(z))).numpy()
    np.testing.assert_allclose(images.reshape(3, -1), averaged, atol=1e-5)
    assert np.abs(images.reshape(3, -1) - newest).max() > 1e-4


def test_a_classifier_gives_the_model_s_logits(train_tiny, moved, rng):
    run = moved(train_tiny("mine", "classifier"))
    x = rng.random((5, 1, 28, 28), dtype=np.float32)
    (logits,) = session(run).run(None, {"images": x})
    with torch.no_grad():
        wanted = load_model(run)(torch.from_numpy(x).flatten(1)).numpy()
    np.testing.assert_allclose(logits, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("mirror", ["no", "yes"])
@pytest.mark.parametrize(
    ("loss", "sphere"), [("contrastive", "no"), ("triplet", "yes"), ("cosine-softmax", "no")]
)
def test_a_siamese_network_gives_the_model_s_embeddings(
    train_tiny, moved, rng, loss, sphere, mirror
):
    run = moved(train_tiny("mine", "siamese", loss=loss, sphere=sphere, mirror=mirror))
    x = rng.random((5, 1, 28, 28), dtype=np.float32)
    (embeddings,) = session(run).run(["embeddings"], {"images": x})
    with torch.no_grad():
        wanted = load_model(run).embed(torch.from_numpy(x).flatten(1)).numpy()
    np.testing.assert_allclose(embeddings, wanted, rtol=1e-3, atol=1e-4)


def test_the_file_says_what_it_is_and_asks_for_an_old_opset(train_tiny):
    model = onnx.load_from_string(network_onnx(train_tiny("mine", "classifier")))
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    about = {prop.key: prop.value for prop in model.metadata_props}
    assert (about["run"], about["family"], about["dataset"]) == ("mine", "classifier", "mnist")
    assert about["data_licence"] == "CC BY-SA 3.0"


def test_a_graph_that_gives_other_images_is_not_handed_out(train_tiny, monkeypatch):
    run = train_tiny("mine", architecture="mlp")
    add = onnx_networks.add_module

    def spoilt(flow, module, name):
        add(flow, torch.nn.ReLU() if isinstance(module, torch.nn.Tanh) else module, name)

    monkeypatch.setattr(onnx_networks, "add_module", spoilt)
    with pytest.raises(GenLabError, match="other numbers for mine"):
        network_onnx(run)


def test_a_module_that_is_not_known_and_a_family_without_a_graph_are_refused(train_tiny, make_run):
    flow = onnx_networks.Flow("x")
    with pytest.raises(GenLabError, match="Softplus cannot be written"):
        onnx_networks.add_module(flow, torch.nn.Softplus(), "x")
    with pytest.raises(GenLabError, match="A vae is not written"):
        network_onnx(make_run("mine"))
