"""The weights of a run as a torch model."""

import torch
from torch import nn

from genlab.errors import GenLabError
from genlab.runs.folder import Run, load_tensors
from genlab.training.recipes import FAMILIES, config_from_dict

CONFIG_FIELDS = ("family", "dataset", "model", "training")


def load_model(run: Run) -> nn.Module:
    """The model in eval mode on the CPU, its weights frozen. Shared by callers: do not train it."""
    config = config_from_dict({key: run.config[key] for key in CONFIG_FIELDS})
    model = FAMILIES[config.family].model(config.model)
    tensors = {name: torch.from_numpy(array) for name, array in load_tensors(run).items()}
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise GenLabError(f'The weights of "{run.name}" do not fit its config: {first}') from error
    return model.eval().requires_grad_(False)
