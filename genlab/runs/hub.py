"""A run in the layout of a Hugging Face Hub repository: config, weights and a card with metadata.

    config.json         as in the run, without its owner
    model.safetensors   the weights
    README.md           YAML metadata between two lines of ---, then the card

The metadata's licence is that of the images, which a generative model can give back in part.
https://huggingface.co/docs/hub/model-cards
"""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from genlab.data.catalogue import KNOWN
from genlab.errors import GenLabError
from genlab.runs.archive import public_config
from genlab.runs.families import family_of
from genlab.runs.folder import Run, read_card, read_summary, weights_path, write_whole
from genlab.runs.manage import read_tags

LICENCES = {"CC BY-SA 3.0": "cc-by-sa-3.0", "CC BY-SA 4.0": "cc-by-sa-4.0", "MIT": "mit"}
HUB_DATASETS = {
    "mnist": "ylecun/mnist",
    "mnist-unseen": "ylecun/mnist",
    "fashion": "zalando-datasets/fashion_mnist",
}
USE_DECODER = """
## Use

The decoder alone, in NumPy:

```python
import numpy as np
from safetensors.numpy import load_file

weights = load_file("model.safetensors")
z = np.random.default_rng(0).standard_normal((16, {Z}), dtype=np.float32)
{label}hidden = np.maximum(z @ weights["decoder.0.weight"].T + weights["decoder.0.bias"], 0)
logits = hidden @ weights["decoder.2.weight"].T + weights["decoder.2.bias"]
images = (0.5 + 0.5 * np.tanh(0.5 * logits)).reshape(16, 28, 28)  # the sigmoid
```

With GenLab, zip this folder and import it on the Checkpoints page.
"""
USE_NETWORK = """
## Use

With GenLab and PyTorch:

```python
import json

import torch
from safetensors.torch import load_file

from genlab.training.recipes import FAMILIES

config = json.load(open("config.json"))
family = FAMILIES[config["family"]]
model = family.model(family.config(**config["model"]))
model.load_state_dict(load_file("model.safetensors"))
model.eval()
with torch.no_grad():
    {call}
```

Zipped, this folder comes back as a run by Import on the Checkpoints page.
"""
LABEL = """\
labels = np.eye({K}, dtype=np.float32)[np.arange(16) % {K}]  # one-hot, after z
z = np.concatenate([z, labels], axis=1)
"""


def hub_files(run: Run) -> dict[str, bytes]:
    """The files of the repository, by name.

    Raises:
        GenLabError: the run has no weights, or its dataset is not one of GenLab's.
    """
    return {
        "config.json": public_config(run),
        "model.safetensors": weights_path(run).read_bytes(),
        "README.md": hub_card(run).encode(),
    }


def zip_hub(run: Run) -> bytes:
    """The repository as one zip, with the files at its top."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in hub_files(run).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write_hub(run: Run, folder: Path) -> None:
    """The repository as a folder, ready for `hf upload`; files of the same name are replaced."""
    files = hub_files(run)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(folder / name, content)
    except OSError as error:
        raise GenLabError(f"{folder} could not be written: {error.strerror}.") from error


def hub_card(run: Run) -> str:
    """The run's card with the Hub's metadata before it and a way to use it behind it."""
    text = read_card(run) or f"# {run.name}\n\nA {family_of(run.family).short} of GenLab.\n"
    if text.startswith("---\n") and "\n---\n" in text:
        text = text.split("\n---\n", 1)[1]
    return f"---\n{yaml(hub_metadata(run))}---\n\n{text.strip()}\n{use_of(run)}"


def use_of(run: Run) -> str:
    """A section on how to use the weights; none for a family without one."""
    family, model = family_of(run.family), run.config["model"]
    if family.call is not None:
        return USE_NETWORK.replace("{call}", family.call(model))
    if family.portrait != "reconstructions":
        return ""
    K = model.get("classes", 0)
    return USE_DECODER.format(Z=run.latent_dim, label=LABEL.format(K=K) if K else "")


def hub_metadata(run: Run) -> dict[str, Any]:
    """The metadata of the card: licence of the data, tags, dataset and measured figures."""
    info = KNOWN.get(run.dataset)
    if info is None:
        raise GenLabError(f'The dataset of "{run.name}" is not one of {", ".join(KNOWN)}.')
    family = family_of(run.family)
    tags = ["genlab", *(family.tags or [run.family]), *read_tags(run)]
    found: dict[str, Any] = {
        "license": LICENCES.get(info.licence, "other"),
        "library_name": "genlab",
        "pipeline_tag": family.task,
        "tags": list(dict.fromkeys(tags)),
    }
    hub_name = HUB_DATASETS.get(run.dataset)
    if hub_name:
        found["datasets"] = [hub_name]
    figures = read_summary(run)
    results = [
        {"type": figure.key, "name": figure.name, "value": round(reading.value, 4)}
        for figure in family.figures
        if (reading := figure.read(figures)) is not None and isinstance(reading.value, float)
    ]
    if results:
        found["metrics"] = [result["type"] for result in results]
        data = {"type": hub_name or info.name, "name": info.title, "split": "test"}
        result = {"task": {"type": family.task}, "dataset": data, "metrics": results}
        found["model-index"] = [{"name": run.name, "results": [result]}]
    return found


def yaml(value: Any, indent: str = "") -> str:
    """Lists and dicts of words and numbers as YAML in block style; words stand in double quotes,
    as JSON writes them, which YAML reads alike."""
    lines = []
    pairs = value.items() if isinstance(value, dict) else [(None, item) for item in value]
    for key, item in pairs:
        start = f"{indent}- " if key is None else f"{indent}{key}:"
        if not isinstance(item, (dict, list)):
            space = "" if key is None else " "
            lines.append(f"{start}{space}{json.dumps(item, ensure_ascii=False)}\n")
        elif key is None:  # the first line of the item stands beside the dash
            lines.append(start + yaml(item, indent + "  ").removeprefix(indent + "  "))
        else:
            lines.append(f"{start}\n{yaml(item, indent + '  ')}")
    return "".join(lines)
