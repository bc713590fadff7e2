"""Networks that convolve as ONNX graphs, built module by module from the torch model at rest.

    gan         noise (batch, Z) -> images (batch, 1, 28, 28) in [0, 1], by the generator that
                pictures come from
    classifier  images (batch, 1, 28, 28) in [0, 1] -> logits (batch, K)
    siamese     images (batch, 1, H, W) in [0, 1] -> embeddings (batch, E)

Opset and IR are those of onnx_export.py. Batch normalisation takes its running means, so that an
image does not depend on the others of its batch.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from genlab.errors import GenLabError
from genlab.models.gan import SIDE, sample_noise
from genlab.runs.folder import Run
from genlab.runs.models import load_model
from genlab.runs.onnx_export import TRIALS, check_onnx, finished, run_graph

if TYPE_CHECKING:
    import onnx

TOLERANCE = 1e-4  # of the largest output: the two add up in other orders


@dataclass
class Flow:
    """A graph in the making: where the values are, and what has been added for it."""

    at: str  # the name of the values so far
    nodes: list["onnx.NodeProto"] = field(default_factory=list)
    weights: list["onnx.TensorProto"] = field(default_factory=list)

    def through(self, kind: str, name: str, *weights: tuple[str, Any], **settings: Any) -> None:
        """Lead the values through one node, whose other inputs are these weights."""
        from onnx import helper, numpy_helper

        names = [f"{name}.{word}" for word, _ in weights]
        arrays = [numpy(values) for _, values in weights]
        self.weights += map(numpy_helper.from_array, arrays, names)
        self.nodes.append(helper.make_node(kind, [self.at, *names], [name], name, **settings))
        self.at = name

    def behind(self, first: str, name: str) -> None:
        """Put the values behind earlier ones in one batch."""
        from onnx import helper

        self.nodes.append(helper.make_node("Concat", [first, self.at], [name], name, axis=0))
        self.at = name


def numpy(values: Tensor | list[int] | float) -> np.ndarray:
    if isinstance(values, Tensor):
        return np.ascontiguousarray(values.detach().numpy(), np.float32)
    return np.array(values, np.float32 if isinstance(values, float) else np.int64)


def add_modules(flow: Flow, modules: nn.Sequential, name: str) -> None:
    """Lead the values through each module of a Sequential.

    Raises:
        GenLabError: one is of a kind that is not written as ONNX here.
    """
    for number, module in enumerate(modules):
        add_module(flow, module, f"{name}.{number}")


def add_module(flow: Flow, module: nn.Module, name: str) -> None:
    if isinstance(module, nn.Linear):
        parts = [("weight", module.weight), ("bias", module.bias)]
        flow.through("Gemm", name, *parts, transB=1)
    elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        parts = [("weight", module.weight)]
        parts += [("bias", module.bias)] if module.bias is not None else []
        kind = "Conv" if isinstance(module, nn.Conv2d) else "ConvTranspose"
        flow.through(
            kind,
            name,
            *parts,
            kernel_shape=list(module.kernel_size),
            strides=list(module.stride),
            pads=list(module.padding) * 2,
        )
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        words = ("weight", "bias", "running_mean", "running_var")
        parts = [(word, getattr(module, word)) for word in words]
        flow.through("BatchNormalization", name, *parts, epsilon=module.eps)
    elif isinstance(module, nn.InstanceNorm2d):
        parts = [
            ("scale", torch.ones(module.num_features)),
            ("bias", torch.zeros(module.num_features)),
        ]
        flow.through("InstanceNormalization", name, *parts, epsilon=module.eps)
    elif isinstance(module, nn.LeakyReLU):
        flow.through("LeakyRelu", name, alpha=module.negative_slope)
    elif isinstance(module, nn.ReLU | nn.Tanh):
        flow.through("Relu" if isinstance(module, nn.ReLU) else "Tanh", name)
    elif isinstance(module, nn.MaxPool2d):
        sides = [module.kernel_size] * 2
        flow.through("MaxPool", name, kernel_shape=sides, strides=[module.stride] * 2)
    elif isinstance(module, nn.Flatten):
        flow.through("Flatten", name, axis=1)
    elif isinstance(module, nn.Unflatten):
        flow.through("Reshape", name, ("shape", [-1, *module.unflattened_size]))
    else:
        raise GenLabError(
            f"{type(module).__name__} cannot be written as ONNX here; export the zip."
        )


@dataclass(frozen=True)
class Trial:
    """What a graph takes and gives, and a batch to compare it by with the model."""

    source: str  # name of the input
    takes: np.ndarray  # a batch of it
    target: str  # name of the output
    gives: np.ndarray  # what the model makes of that batch


def add_generator(flow: Flow, model: nn.Module) -> Trial:
    """Noise to images in [0, 1], without the margin that the network may have."""
    add_modules(flow, model.shown_generator, "generator")
    margin = (model.side - SIDE) // 2
    if margin:
        ends = [("starts", [margin] * 2), ("ends", [margin + SIDE] * 2), ("axes", [2, 3])]
        flow.through("Slice", "inner", *ends)
    flow.through("Add", "from_zero", ("one", 1.0))
    flow.through("Mul", "images", ("half", 0.5))
    z = sample_noise(TRIALS, model.config, torch.Generator().manual_seed(0))
    images = model.generate(z).reshape(TRIALS, 1, SIDE, SIDE)
    return Trial("noise", z.numpy(), "images", images.numpy())


def add_classifier(flow: Flow, model: nn.Module) -> Trial:
    """Images in [0, 1] to a logit for each class."""
    add_modules(flow, model.body, "body")
    add_module(flow, model.head, "logits")
    images = torch.rand(TRIALS, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    return Trial("images", images.numpy(), "logits", model(images.flatten(1)).numpy())


def add_embedding(flow: Flow, model: nn.Module) -> Trial:
    """Images in [0, 1] to their embeddings; with `mirror` by way of their mirror images too."""
    config = model.config
    if config.mirror == "yes":
        ends = [("starts", [-1]), ("ends", [-(2**31)]), ("axes", [3]), ("steps", [-1])]
        flow.through("Slice", "mirrored", *ends)
        flow.behind("images", "both")
    add_modules(flow, model.body, "body")
    add_module(flow, model.head, "head")
    if config.is_spherical:
        flow.through("LpNormalization", "sphere", axis=1, p=2)
    if config.mirror == "yes":
        flow.through("Reshape", "sides", ("shape", [2, -1, config.embedding_dim]))
        flow.through("ReduceMean", "mean", axes=[0], keepdims=0)
        if config.is_spherical:
            flow.through("LpNormalization", "mean_on_sphere", axis=1, p=2)
    flow.through("Identity", "embeddings")
    shape = (TRIALS, 1, model.config.height, model.config.width)
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    return Trial("images", images.numpy(), "embeddings", model.embed(images.flatten(1)).numpy())


GRAPHS: dict[str, tuple[str, Callable[[Flow, nn.Module], Trial]]] = {
    "gan": ("noise", add_generator),
    "classifier": ("images", add_classifier),
    "siamese": ("images", add_embedding),
}


@torch.no_grad()
def network_onnx(run: Run) -> bytes:
    """The part of a run's model that leaves as ONNX, as the bytes of an .onnx file.

    Where onnxruntime is installed, the file is run before it is handed out.

    Raises:
        GenLabError: the weights do not fit the config, `onnx` is not installed, or onnxruntime
            gives other numbers than the model does.
    """
    from onnx import TensorProto, helper

    check_onnx()
    if run.family not in GRAPHS:
        raise GenLabError(f"A {run.family} is not written as ONNX here; export the zip.")
    source, add = GRAPHS[run.family]
    flow = Flow(source)
    trial = add(flow, load_model(run))
    ends = {trial.source: trial.takes, trial.target: trial.gives}
    takes, gives = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *values.shape[1:]])
        for name, values in ends.items()
    )
    name = f"{run.family} {run.name}"
    graph = helper.make_graph(flow.nodes, name, [takes], [gives], flow.weights)
    content = finished(graph, run).SerializeToString()
    if importlib.util.find_spec("onnxruntime") is not None:
        check_outputs(content, trial, run.name)
    return content


def check_outputs(content: bytes, trial: Trial, name: str) -> None:
    """Run the graph on the trial's batch and compare it with what the model gave."""
    found = run_graph(content, {trial.source: trial.takes})
    scale = max(1.0, float(np.abs(trial.gives).max()))
    if not np.abs(found - trial.gives).max() <= TOLERANCE * scale:  # also where there is NaN
        raise GenLabError(
            f"onnxruntime gives other numbers for {name} than its weights do; export the weights "
            "as safetensors instead."
        )
