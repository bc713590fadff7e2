"""Foreign checkpoints that work at once: GenLab gives the outputs of the original."""

import subprocess
import sys
from collections import OrderedDict
from itertools import pairwise

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from torch import nn

from genlab.errors import GenLabError
from genlab.places import ROOT
from genlab.runs.folder import find_run, read_card, weights_path
from genlab.runs.foreign import DoesNotFit, import_file, infer, name_for
from genlab.runs.foreign_fit import Fit, fit
from genlab.runs.foreign_misfit import Misfit
from genlab.runs.foreign_read import read_foreign
from genlab.runs.models import load_model


class CommonVAE(nn.Module):
    """The layers that most tutorials have; K label inputs make it their CVAE."""

    def __init__(self, H=40, Z=5, K=0, names=("fc1", "fc21", "fc22", "fc3", "fc4")):
        super().__init__()
        shapes = (784 + K, H), (H, Z), (H, Z), (Z + K, H), (H, 784)
        for name, (inputs, outputs) in zip(names, shapes, strict=True):
            self.add_module(name, nn.Linear(inputs, outputs))
        self.names = names

    def encode(self, x):
        one, mu, logvar, *_ = (self.get_submodule(name) for name in self.names)
        h = one(x).relu()
        return mu(h), logvar(h)

    def decode(self, z):
        *_, three, four = (self.get_submodule(name) for name in self.names)
        return four(three(z).relu())


class SequentialVAE(nn.Module):
    """Encoder and decoder as nn.Sequential, both heads in one layer."""

    def __init__(self, H=40, Z=5, K=0):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784 + K, H), nn.ReLU(), nn.Linear(H, 2 * Z))
        self.decoder = nn.Sequential(nn.Linear(Z + K, H), nn.ReLU(), nn.Linear(H, 784))

    def encode(self, x):
        return self.encoder(x).chunk(2, dim=1)

    def decode(self, z):
        return self.decoder(z)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_HOME", str(tmp_path / "home"))
    torch.manual_seed(0)
    return tmp_path / "home"


def saved(path, content):
    torch.save(content, path)
    return path


def assert_same_outputs(run, original, *, labels_last=True):
    """GenLab's model of `run` and the original give the same mu, logvar and logits."""
    ours = load_model(run)
    x, z, c = torch.rand(6, 784), torch.randn(6, run.latent_dim), torch.arange(6)
    one_hot = nn.functional.one_hot(c, 10).float()
    join = (lambda a: torch.cat([a, one_hot], 1)) if run.conditional else (lambda a: a)
    if not labels_last:
        join = lambda a: torch.cat([one_hot, a], 1)  # noqa: E731
    with torch.no_grad():
        mu, logvar = original.encode(join(x))
        logits = original.decode(join(z))
    our_mu, our_logvar = ours.encode(x, c)
    for mine, theirs in ((our_mu, mu), (our_logvar, logvar), (ours.decode(z, c), logits)):
        torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-6)


WRAPPINGS = {
    "bare": lambda state: state,
    "plain dict": dict,
    "state_dict": lambda state: {"state_dict": state, "epoch": 3},
    "model_state_dict": lambda state: {
        "epoch": 25,
        "model_state_dict": state,
        "optimizer_state_dict": torch.optim.Adam([nn.Parameter(torch.ones(3))]).state_dict(),
        "loss": torch.tensor(1.5),
    },
    "model": lambda state: {"model": state, "args": {"lr": 0.1}, "history": [1.0, 2.0]},
    "net": lambda state: {"net": state},
    "weights": lambda state: {"weights": state},
    "wrapped twice": lambda state: {"checkpoint": 1, "state_dict": {"model": state}},
    "beside the optimiser's tensors": lambda state: {
        **state,
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(7, 7)}}},
    },
    "DataParallel": lambda state: {f"module.{k}": v for k, v in state.items()},
    "Lightning": lambda state: {"state_dict": {f"model.{k}": v for k, v in state.items()}},
    "a vae inside": lambda state: {f"vae.{k}": v for k, v in state.items()},
    "compiled in DataParallel": lambda state: {
        f"module._orig_mod.net.{k}": v for k, v in state.items()
    },
    "parameters, not tensors": lambda state: OrderedDict(
        (k, nn.Parameter(v)) for k, v in state.items()
    ),
}


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
@pytest.mark.parametrize("K", [0, 10])
def test_a_common_model_works_in_every_wrapping(tmp_path, wrap, K):
    original = CommonVAE(K=K)
    run = import_file(saved(tmp_path / "a.pth", wrap(original.state_dict())), "theirs", "mnist")
    assert (run.family, run.dataset) == ("cvae" if K else "vae", "mnist")
    assert_same_outputs(run, original)


NAMES = {
    "tutorial": ("fc1", "fc2", "fc3", "fc4", "fc5"),
    "fc_mu": ("encoder.0", "fc_mu", "fc_var", "decoder_input", "final"),
    "heads in the encoder": ("encoder.fc1", "encoder.mu", "encoder.logvar", "dec.fc1", "dec.out"),
    "logvar before mu": ("enc_hidden", "enc_log_var", "enc_mean", "dec_hidden", "dec_out"),
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("K", [0, 10])
def test_layers_are_recognised_by_shape_and_heads_by_name(tmp_path, names, K):
    flat = [name.replace(".", "_") for name in names]
    original = CommonVAE(K=K, names=flat)
    if names == NAMES["logvar before mu"]:
        original.names = [flat[0], flat[2], flat[1], *flat[3:]]
    state = {
        key.replace(one, other): value
        for key, value in original.state_dict().items()
        for one, other in zip(flat, names, strict=True)
        if key.rsplit(".", 1)[0] == one
    }
    assert_same_outputs(import_file(saved(tmp_path / "a.pt", state), "theirs", "mnist"), original)


@pytest.mark.parametrize("K", [0, 10])
@pytest.mark.parametrize(("H", "Z"), [(400, 20), (64, 2), (7, 1)])
def test_a_sequential_model_with_joint_heads_works_at_any_width(tmp_path, H, Z, K):
    original = SequentialVAE(H, Z, K)
    path = tmp_path / "a.safetensors"
    safetensors.torch.save_file(original.state_dict(), path)
    run = import_file(path, "theirs", "fashion")
    assert run.config["model"]["hidden"] == H
    assert run.latent_dim == Z
    assert_same_outputs(run, original)


def test_content_decides_and_not_the_extension(tmp_path):
    original = CommonVAE()
    data = safetensors.torch.save(original.state_dict())
    run = import_file(data, "a", "mnist", filename="weights.pth")
    assert_same_outputs(run, original)
    renamed = saved(tmp_path / "weights.safetensors", original.state_dict())
    assert_same_outputs(import_file(renamed, "b", "mnist"), original)


def test_the_file_format_from_before_torch_1_6_works(tmp_path):
    original = CommonVAE()
    path = tmp_path / "old.pth"
    torch.save(original.state_dict(), path, _use_new_zipfile_serialization=False)
    tensors = read_foreign(path)
    assert tensors.container == "torch.save file from before 1.6"
    assert_same_outputs(import_file(path, "old", "mnist"), original)


def test_separate_state_dicts_of_encoder_and_decoder_work(tmp_path):
    original = SequentialVAE()
    parts = {"encoder": original.encoder.state_dict(), "decoder": original.decoder.state_dict()}
    assert_same_outputs(import_file(saved(tmp_path / "a.pt", parts), "two", "mnist"), original)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_other_number_types_are_converted_and_said(tmp_path, dtype, suffix):
    original = CommonVAE()
    state = {name: tensor.to(dtype) for name, tensor in original.state_dict().items()}
    path = tmp_path / f"a.{suffix}"
    if suffix == "pt":
        torch.save(state, path)
    else:
        safetensors.torch.save_file(state, path)
    original.load_state_dict(state)
    run = import_file(path, "half", "mnist")
    assert_same_outputs(run, original)
    kind = str(dtype).removeprefix("torch.")
    assert f"Tensors of {kind} were converted to float32." in run.config["imported"]["notes"]


def test_non_contiguous_tensors_keep_their_values(tmp_path):
    original = CommonVAE()
    state = {
        k: v.t().contiguous().t() if v.ndim == 2 else v for k, v in original.state_dict().items()
    }
    assert not state["fc1.weight"].is_contiguous()
    assert_same_outputs(import_file(saved(tmp_path / "a.pt", state), "t", "mnist"), original)


def test_a_missing_bias_is_zero_and_said(tmp_path):
    original = CommonVAE()
    state = {k: v for k, v in original.state_dict().items() if k != "fc3.bias"}
    with torch.no_grad():
        original.fc3.bias.zero_()
    run = import_file(saved(tmp_path / "a.pt", state), "nobias", "mnist")
    assert_same_outputs(run, original)
    assert "No bias in fc3: it is 0." in run.config["imported"]["assumptions"]


def test_different_widths_of_encoder_and_decoder_give_the_same_outputs(tmp_path):
    original = CommonVAE(H=30)
    original.fc3, original.fc4 = nn.Linear(5, 50), nn.Linear(50, 784)
    run = import_file(saved(tmp_path / "a.pt", original.state_dict()), "wide", "mnist")
    assert run.config["model"]["hidden"] == 50
    assert_same_outputs(run, original)


def test_a_head_that_gives_log_std_is_doubled(tmp_path):
    names = ("fc1", "fc_mu", "fc_log_std", "fc3", "fc4")
    original = CommonVAE(names=names)
    tensors = read_foreign(saved(tmp_path / "a.pt", original.state_dict()))
    found = infer(tensors)
    assert isinstance(found, Fit)
    np.testing.assert_array_equal(
        found.tensors["encoder.2.weight"][5:], 2 * original.fc_log_std.weight.detach().numpy()
    )


@pytest.mark.parametrize("name", ["log_sigma2", "logsigma_sq", "log_var", "logvar"])
def test_a_head_that_gives_the_log_of_the_variance_is_not_doubled(tmp_path, name):
    original = CommonVAE(names=("fc1", "fc_mu", name, "fc3", "fc4"))
    found = infer(read_foreign(saved(tmp_path / "a.pt", original.state_dict())))
    head = original.get_submodule(name).weight.detach().numpy()
    np.testing.assert_array_equal(found.tensors["encoder.2.weight"][5:], head)


def plant(original, *, label_first):
    """Weights under which only the right order of label and values has a low loss: the label
    column of the encoder and the decoder are huge, and cancel only in their own places."""
    with torch.no_grad():
        for parameter in original.parameters():
            parameter.mul_(0.1)
        for layer in (original.fc1, original.fc3):
            part = slice(0, 10) if label_first else slice(-10, None)
            layer.weight[:, part] = -1000.0  # every unit off, whatever the label
        original.fc4.bias.fill_(-3.0)


def test_a_label_joined_before_the_pixels_is_found_by_its_loss(tmp_path):
    original = CommonVAE(K=10)
    plant(original, label_first=True)
    run = import_file(saved(tmp_path / "a.pt", original.state_dict()), "before", "mnist")
    assert_same_outputs(run, original, labels_last=False)
    assert "The one-hot label comes before the pixels." in run.config["imported"]["assumptions"]


def test_heads_whose_names_say_nothing_are_told_apart_by_their_loss(tmp_path):
    original = CommonVAE(names=("fc1", "fc2", "fc3", "fc4", "fc5"))
    with torch.no_grad():
        original.fc2.bias.fill_(-9.0)  # as a mean: far from the prior; as a logvar: sharp
        original.fc3.bias.zero_()
    run = import_file(saved(tmp_path / "a.pt", original.state_dict()), "swapped", "mnist")
    original.names = ("fc1", "fc3", "fc2", "fc4", "fc5")
    assert_same_outputs(run, original)
    assert "fc3 is the mean mu and fc2 is logvar." in run.config["imported"]["assumptions"]


def test_the_usual_order_stays_where_the_loss_does_not_decide(tmp_path):
    original = CommonVAE(names=("fc1", "fc2", "fc3", "fc4", "fc5"), K=10)
    run = import_file(saved(tmp_path / "a.pt", original.state_dict()), "usual", "mnist")
    assert_same_outputs(run, original)


@pytest.mark.parametrize("dataset", ["mnist", None])
def test_a_loss_worse_than_the_mean_image_is_said(tmp_path, dataset):
    path = saved(tmp_path / "a.pt", CommonVAE().state_dict())
    notes = import_file(path, "untrained", dataset).config["imported"]["notes"]
    assert "always predicting the mean image" in notes[-2]
    assert notes[-1] == "It may want another dataset, pixel range or activation."


@pytest.mark.parametrize("name", ["vae-fashion", "cvae-fashion", "vae2d-mnist"])
def test_the_dataset_is_found_out(name):
    original = find_run(name)
    run = import_file(weights_path(original), "again", None)
    assert run.dataset == original.dataset
    assert run.config["model"] == original.config["model"]
    assert "does best on that" in run.config["imported"]["notes"][-1]


def test_the_wrong_dataset_is_said_with_the_right_one():
    run = import_file(weights_path(find_run("vae-fashion")), "again", "mnist")
    assert run.dataset == "mnist"
    assert "It does far better on Fashion-MNIST" in run.config["imported"]["notes"][-1]


def test_the_run_folder_says_where_it_came_from(tmp_path):
    data = saved(tmp_path / "a.pth", CommonVAE().state_dict()).read_bytes()
    name = "C:\\Users/me/From a <b>friend ![x](http:x.example).pth"
    run = import_file(data, "friend", "mnist", filename=name)
    card = read_card(run)
    assert "Imported on" in card
    assert "from `From a" in card
    for mark in ("<", "![", "](", "http:", "Users"):
        assert mark not in card
    assert run.config["imported"]["layers"]["mu"] == "fc21"
    assert sorted(p.name for p in run.path.iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("My VAE (best).pth", "my-vae-best"),
        ("runs/epoch=25.ckpt", "epoch-25"),
        ("checkpoint.pth.tar", "checkpoint"),
        ("../../etc/passwd", "passwd"),
        ("ひ.pt", "imported"),
        ("x" * 300, "x" * 56),
    ],
)
def test_a_name_is_made_from_the_file(filename, name):
    assert name_for(filename) == name


def test_a_name_made_from_a_file_is_a_free_one(tmp_path):
    path = saved(tmp_path / "Theirs.pth", CommonVAE().state_dict())
    assert [import_file(path, dataset="mnist").name for _ in range(2)] == ["theirs", "theirs-2"]


def test_a_name_in_use_is_refused_and_the_run_kept(tmp_path):
    path = saved(tmp_path / "a.pt", CommonVAE().state_dict())
    first = import_file(path, "mine", "mnist")
    with pytest.raises(GenLabError, match="choose another name"):
        import_file(path, "mine", "fashion")
    assert first.config["dataset"] == "mnist"


def conv_vae():
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5408, 20))


def mlp(*widths):
    return nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise(widths)))


def deep_vae():
    model = CommonVAE(H=64)
    model.fc0 = nn.Linear(784, 784)
    return model


MISFITS = {
    "convolutions": (conv_vae, "1 convolution layers"),
    "a second hidden layer": (deep_vae, "it has 6 linear layers"),
    "a plain autoencoder": (lambda: mlp(784, 40, 5, 40, 784), "no second head for logvar"),
    "a classifier": (lambda: mlp(784, 40, 10), "no layer gives the 784 pixels"),
    "colour images": (lambda: mlp(3072, 40, 5, 40, 3072), "no layer gives the 784 pixels"),
    "26 classes": (lambda: CommonVAE(K=26), "takes 810 inputs"),
    "batch normalisation": (
        lambda: nn.Sequential(CommonVAE(), nn.BatchNorm1d(40)),
        "normalisation layers",
    ),
    "no layers": (lambda: nn.ParameterList([torch.ones(3, 3)]), "it has no linear layers"),
}


@pytest.mark.parametrize(("make", "reason"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_gets_an_x_ray_with_its_reason(tmp_path, make, reason):
    state = make().state_dict()
    path = saved(tmp_path / "a.pt", state)
    with pytest.raises(DoesNotFit, match=reason) as caught:
        import_file(path, "other", "mnist")
    report = caught.value.report
    assert [row.shape for row in report.tensors] == [tuple(t.shape) for t in state.values()]
    assert sum(row.parameters for row in report.tensors) == sum(t.numel() for t in state.values())
    text = report.as_text()
    assert reason in text
    assert all(row.name in text for row in report.tensors)


def test_the_x_ray_names_what_is_missing_extra_and_of_another_shape(tmp_path):
    state = CommonVAE().state_dict()
    del state["fc22.weight"], state["fc22.bias"]
    state["fc3.weight"] = torch.zeros(40, 6)
    state["fc7.weight"] = torch.zeros(3, 3)
    report = infer(read_foreign(saved(tmp_path / "a.pt", state)))
    assert isinstance(report, Misfit)
    assert report.nearest == "VAE with layers fc1, fc21, fc22, fc3, fc4, 784-40-5"
    assert report.missing == (("fc22.weight", (5, 40)), ("fc22.bias", (5,)))
    assert report.extra == ("fc7.weight",)
    assert report.reshaped == (("fc3.weight", (40, 6), (40, 5)),)


def test_the_nearest_of_a_cvae_with_a_part_missing_is_the_cvae(tmp_path):
    state = CommonVAE(K=10).state_dict()
    del state["fc4.weight"]
    report = infer(read_foreign(saved(tmp_path / "a.pt", state)))
    assert report.nearest.startswith("CVAE with layers fc1")
    assert report.missing == (("fc4.weight", (784, 40)),)


def test_reading_a_file_twice_gives_the_same_run(tmp_path):
    tensors = read_foreign(saved(tmp_path / "a.pt", CommonVAE(K=10).state_dict()))
    one, two = fit(tensors), fit(tensors)
    assert one.assumptions == two.assumptions
    assert all(np.array_equal(one.tensors[k], two.tensors[k]) for k in one.tensors)


def test_a_safetensors_file_is_imported_without_torch():
    path = weights_path(find_run("vae2d-mnist"))
    script = (
        "import sys\n"
        "from genlab.runs.foreign import import_file\n"
        f"import_file({str(path)!r}, 'again', 'mnist')\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "torch" not in done.stdout.split()
