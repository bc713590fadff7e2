"""The Train page in Python."""

from typing import Any


def training_script(recipe: str, changed: dict[str, Any], name: str) -> str:
    """Python that trains the same config and keeps it as a run of that name.

    Args:
        changed: setting -> its value, where it is not the recipe's.
    """
    settings = {key: str(value) for key, value in changed.items()}
    on_terminal = "".join(f" --set {key}={value}" for key, value in settings.items())
    return f"""\
from genlab.runs.models import start_weights
from genlab.runs.recording import record_run
from genlab.training.recipes import find_recipe, with_settings
from genlab.training.session import prepare

config = with_settings(find_recipe("{recipe}"), {settings})
session = prepare(config, weights=start_weights(config))  # images, model, optimiser


def watch(record):
    if hasattr(record, "validation"):  # an epoch has ended; else a few updates
        print(record.epoch, record.train, record.validation)


run = record_run(
    "{name}", config, session.step, session.records(), data_origin=session.origin, watch=watch
)
print(run.path)

# On the terminal, with its figures and maps:
# python -m genlab train {recipe}{on_terminal} --name {name}
"""
