import importlib.util

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from genlab.errors import GenLabError
from genlab.runs import onnx_export
from genlab.runs.folder import find_run, load_tensors
from genlab.runs.mlp import mlp, sigmoid
from genlab.runs.models import load_model
from genlab.runs.onnx_export import decoder_onnx

SHIPPED = ("vae-fashion", "cvae-fashion", "vae2d-mnist")


def session(run):
    return onnxruntime.InferenceSession(decoder_onnx(run), providers=["CPUExecutionProvider"])


def feeds(run, B, rng):
    z = rng.standard_normal((B, run.latent_dim), dtype=np.float32)
    labels = rng.integers(0, 10, B)
    one_hot = np.eye(10, dtype=np.float32)[labels] if run.conditional else None
    return z, labels, one_hot


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("B", [1, 7, 100])
def test_pixels_agree_with_numpy_and_with_torch_for_any_batch(name, B, rng):
    run = find_run(name)
    z, labels, one_hot = feeds(run, B, rng)
    (pixels,) = session(run).run(None, {"z": z} | ({"label": one_hot} if run.conditional else {}))
    assert pixels.shape == (B, 784)
    in_numpy = sigmoid(mlp(load_tensors(run), "decoder", z, one_hot).output)
    assert np.abs(pixels - in_numpy).max() < 1e-5
    with torch.no_grad():
        logits = load_model(run).decode(torch.from_numpy(z), torch.from_numpy(labels))
    assert np.abs(pixels - logits.sigmoid().numpy()).max() < 1e-5


def test_the_inputs_are_z_and_for_a_cvae_the_label(make_run):
    for family, wanted in (("vae", [["batch", 3]]), ("cvae", [["batch", 3], ["batch", 10]])):
        inputs = session(make_run(family, family=family)).get_inputs()
        assert [i.name for i in inputs] == ["z", "label"][: len(wanted)]
        assert [i.shape for i in inputs] == wanted


def test_the_file_says_what_it_is_and_asks_for_an_old_opset(make_run):
    model = onnx.load_from_string(decoder_onnx(make_run("mine")))
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    about = {prop.key: prop.value for prop in model.metadata_props}
    assert (about["run"], about["family"], about["dataset"]) == ("mine", "vae", "fashion")
    assert about["data_licence"] == "MIT"
    assert '"Ankle boot"' in about["classes"]


def test_a_graph_that_gives_other_pixels_is_not_handed_out(make_run, monkeypatch):
    built = onnx_export.graph_of

    def spoilt(run, tensors, K):
        bias = tensors["decoder.2.bias"]
        return built(run, tensors | {"decoder.2.bias": bias + np.float32(1e-3)}, K)

    monkeypatch.setattr(onnx_export, "graph_of", spoilt)
    with pytest.raises(GenLabError, match="other pixels for mine than its weights"):
        decoder_onnx(make_run("mine"))


def test_weights_that_are_nan_or_do_not_chain_are_refused(make_run, monkeypatch):
    run = make_run("mine")
    good = load_tensors(run)
    for change, match in (
        ({"decoder.2.bias": np.full(784, np.nan, np.float32)}, "other pixels"),
        ({"decoder.0.weight": good["decoder.0.weight"][:, 1:]}, "does not fit the layer before"),
        ({"decoder.2.weight": None}, "does not fit"),
    ):
        tensors = {k: v for k, v in (good | change).items() if v is not None}
        monkeypatch.setattr(onnx_export, "load_tensors", lambda run, tensors=tensors: tensors)
        with pytest.raises(GenLabError, match=match):
            decoder_onnx(run)


@pytest.mark.parametrize("model", [{}, {"pixels": "many"}, {"pixels": 784, "classes": "few"}])
def test_a_config_without_sizes_is_refused(make_run, model):
    run = make_run("mine")
    run.config["model"] = model
    with pytest.raises(GenLabError, match="does not say its sizes"):
        decoder_onnx(run)


def test_without_onnx_it_says_what_to_install(make_run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(GenLabError, match="pip install onnx"):
        decoder_onnx(make_run("mine"))
