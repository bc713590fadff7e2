"""The weights of a run as a torch model, or as what another training begins with."""

import torch
from torch import nn

from genlab.errors import GenLabError
from genlab.runs.folder import Run, find_run, load_tensors
from genlab.training.recipes import CONFIG_FIELDS, FAMILIES, RunConfig, config_from_dict


def load_model(run: Run) -> nn.Module:
    """The model in eval mode on the CPU, its weights frozen. Shared by callers: do not train it."""
    config = config_from_dict({key: run.config[key] for key in CONFIG_FIELDS})
    model = FAMILIES[config.family].model(config.model)
    try:
        model.load_state_dict(weights_of(run))
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise GenLabError(f'The weights of "{run.name}" do not fit its config: {first}') from error
    return model.eval().requires_grad_(False)


def weights_of(run: Run) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in load_tensors(run).items()}


def start_weights(config: RunConfig) -> dict[str, torch.Tensor]:
    """What a training of this config begins with: the weights of its run `start`, by their names;
    none where it has no start.

    Raises:
        GenLabError: there is no such run, or it is of another family.
    """
    if not config.start:
        return {}
    run = find_run(config.start)
    if run.family != config.family:
        raise GenLabError(
            f'"{run.name}" is a {run.family}; a {config.family} starts from one of its own kind.'
        )
    return weights_of(run)
