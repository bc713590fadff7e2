"""The families of models that pages, cards, comparisons, charts, forms and exports know.

None of those knows a family by name: a new one is an entry here, and its model and step one in
training/recipes.py, under the same name. No torch in here.
"""

from genlab.runs.family import (
    PARAMETERS,
    Door,
    Family,
    Figure,
    Graph,
    Loss,
    Reading,
    at,
    number_at,
)
from genlab.runs.family_classifier import CLASSIFIER
from genlab.runs.family_gan import GAN
from genlab.runs.family_siamese import SIAMESE
from genlab.runs.family_vae import CVAE, VAE

__all__ = [
    "FAMILIES",
    "LOSSES",
    "PARAMETERS",
    "Door",
    "Family",
    "Figure",
    "Graph",
    "Loss",
    "Reading",
    "at",
    "family_of",
    "in_order",
    "loss_of",
    "number_at",
    "short",
]

FAMILIES: dict[str, Family] = {
    "vae": VAE,
    "cvae": CVAE,
    "gan": GAN,
    "classifier": CLASSIFIER,
    "siamese": SIAMESE,
}
LOSSES: dict[str, Loss] = {
    name: loss for family in FAMILIES.values() for name, loss in family.losses.items()
}


def family_of(name: str) -> Family:
    """The family of that name. One that this GenLab does not know is shown as far as files tell:
    without figures, by its weights and whatever losses it has."""
    known = FAMILIES.get(name)
    if known is not None:
        return known
    return Family(
        short=name.upper(),
        title=name,
        figures=(),
        losses={},
        watched=(),
        pictures=(),
        portrait="none",
        xray="layers",
        brief=lambda model: "",
        words=lambda model: f"{len(model)} settings",
        layers=lambda model: "of a family that this GenLab does not know",
    )


def loss_of(name: str) -> Loss:
    """The loss of that name; one that no family has is called what it is."""
    return LOSSES.get(name, Loss(name, "", name))


def short(value: float) -> str:
    """A loss in a line of words: "241.1", "0.69"."""
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def in_order(losses: list[str]) -> list[str]:
    """Names of losses in the order of their family; those of none come last."""
    places = {name: place for place, name in enumerate(LOSSES)}
    return sorted(losses, key=lambda name: places.get(name, len(places)))
