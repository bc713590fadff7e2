"""The decoder of a run as an ONNX graph, built layer by layer from its weights. No torch in here.

    z (batch, Z) [, label (batch, K) one-hot] -> Concat -> (Gemm -> Relu)* -> Gemm -> Sigmoid
    -> pixels (batch, P), the mean image in [0, 1]

Opset 17 and IR 8, of 2022, so that older runtimes take it too.
"""

import importlib.util
import json
from typing import TYPE_CHECKING

import numpy as np

from genlab.data.catalogue import KNOWN
from genlab.errors import GenLabError
from genlab.runs.folder import Run, load_tensors
from genlab.runs.mlp import Tensors, check_layers, layer_names, mlp, sigmoid

if TYPE_CHECKING:
    import onnx

OPSET, IR = 17, 8
TOLERANCE = 1e-5  # of a pixel in [0, 1]
TRIALS = 64


def decoder_onnx(run: Run) -> bytes:
    """The decoder of a VAE or CVAE as the bytes of an .onnx file.

    Where onnxruntime is installed, the file is run on draws of the prior before it is handed out.

    Raises:
        GenLabError: the weights are not such a decoder, `onnx` is not installed, or onnxruntime
            gives other pixels than the weights do.
    """
    check_onnx()
    tensors, sizes = load_tensors(run), run.config["model"]
    P, K = sizes.get("pixels"), sizes.get("classes", 0)
    if not isinstance(P, int) or not isinstance(K, int):
        raise GenLabError(f"The config of {run.name} does not say its sizes; mend config.json.")
    check_layers(tensors, P, K, run.name)
    content = graph_of(run, tensors, K).SerializeToString()
    if importlib.util.find_spec("onnxruntime") is not None:
        check_pixels(content, tensors, K, run.name)
    return content


def check_onnx() -> None:
    """Refuse where no graph can be written."""
    if importlib.util.find_spec("onnx") is None:
        raise GenLabError("ONNX export needs the onnx package; install it: pip install onnx.")


def graph_of(run: Run, tensors: Tensors, K: int) -> "onnx.ModelProto":
    from onnx import TensorProto, helper, numpy_helper

    layers = layer_names(tensors, "decoder")
    Z = tensors[f"{layers[0]}.weight"].shape[1] - K
    P = len(tensors[f"{layers[-1]}.bias"])
    inputs = [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", Z])]
    nodes, flow = [], "z"
    if K:
        inputs.append(helper.make_tensor_value_info("label", TensorProto.FLOAT, ["batch", K]))
        nodes.append(helper.make_node("Concat", ["z", "label"], ["z_label"], "z_label", axis=1))
        flow = "z_label"
    for layer in layers:
        parts = [flow, f"{layer}.weight", f"{layer}.bias"]
        nodes.append(helper.make_node("Gemm", parts, [layer], layer, transB=1))
        flow = layer
        if layer != layers[-1]:
            flow = f"{layer}.relu"
            nodes.append(helper.make_node("Relu", [layer], [flow], flow))
    nodes.append(helper.make_node("Sigmoid", [flow], ["pixels"], "pixels"))
    graph = helper.make_graph(
        nodes,
        f"decoder of {run.name}",
        inputs,
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", P])],
        [
            numpy_helper.from_array(np.ascontiguousarray(tensors[name], np.float32), name)
            for layer in layers
            for name in (f"{layer}.weight", f"{layer}.bias")
        ],
        doc_string="z is a draw of N(0, I); pixels are Bernoulli means, row by row.",
    )
    return finished(graph, run)


def finished(graph: "onnx.GraphProto", run: Run) -> "onnx.ModelProto":
    """The graph as a model that says what it is; checked by onnx."""
    import onnx
    from onnx import helper

    model = helper.make_model(
        graph,
        producer_name="GenLab",
        ir_version=IR,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    info = KNOWN.get(run.dataset)
    about = {"run": run.name, "family": run.family, "dataset": run.dataset}
    if info is not None:
        about |= {"classes": json.dumps(info.classes), "data_licence": info.licence}
    helper.set_model_props(model, about)
    onnx.checker.check_model(model, full_check=True)
    return model


def run_graph(content: bytes, feeds: dict[str, np.ndarray]) -> np.ndarray:
    """The one output of an .onnx file, by onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)[0]


def check_pixels(content: bytes, tensors: Tensors, K: int, name: str) -> None:
    """Run the graph on draws of the prior and compare it with the weights in numpy."""
    Z = tensors["decoder.0.weight"].shape[1] - K
    z = np.random.default_rng(0).standard_normal((TRIALS, Z), dtype=np.float32)
    one_hot = np.eye(K, dtype=np.float32)[np.arange(TRIALS) % K] if K else None
    pixels = run_graph(content, {"z": z} | ({"label": one_hot} if K else {}))
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = sigmoid(mlp(tensors, "decoder", z, one_hot).output)
    if not np.abs(pixels - wanted).max() <= TOLERANCE:  # also where there is NaN
        raise GenLabError(
            f"onnxruntime gives other pixels for {name} than its weights do; export the weights "
            "as safetensors instead."
        )
