"""What the form of a new training holds: recipe, dataset, start and settings as values of the
session, as a link and as a config."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from genlab.data.catalogue import DATASETS, KNOWN, VERIFICATION
from genlab.errors import GenLabError
from genlab.jobs.recipe_book import Book
from genlab.runs.families import family_of
from genlab.runs.folder import list_runs

MOST_SEEDS = 10
Setting = dict[str, Any]  # as recipe_book writes it


@dataclass(frozen=True)
class Wish:
    """A training that somebody may start."""

    recipe: str
    config: dict[str, Any]  # as RunConfig.to_dict writes it
    changed: dict[str, tuple[Any, Any]]  # setting -> its value in the recipe, and here
    name: str  # of the run, or the stem of the runs' names
    is_named: bool  # by the visitor
    seeds: int
    problem: str | None  # why it cannot be started, with the mend

    def jobs(self) -> list[tuple[str, dict[str, Any]]]:
        """The name and config of each run, one for each seed."""
        if self.seeds == 1:
            return [(self.name, self.config)]
        training = self.config["training"]
        return [
            (f"{self.name}-s{seed}", self.config | {"training": training | {"seed": seed}})
            for seed in range(training["seed"], training["seed"] + self.seeds)
        ]


def settings_of(book: Book, recipe: str) -> list[Setting]:
    """What a visitor may set, in the order of the form."""
    family = book["recipes"][recipe]["family"]
    fields = [*book["families"][family], *book["training"]]
    shown = [setting for setting in fields if "fixed" not in setting]
    return sorted(shown, key=lambda setting: "group" in setting)


def recipe_values(book: Book, recipe: str) -> dict[str, Any]:
    """Each setting's value in the recipe."""
    config = book["recipes"][recipe]
    flat = config["model"] | config["training"]
    return {setting["name"]: flat[setting["name"]] for setting in settings_of(book, recipe)}


def build_config(
    book: Book, recipe: str, dataset: str, values: Mapping[str, Any], start: str
) -> dict[str, Any]:
    """The recipe's config with a dataset, values and a start in place of its own."""
    config = book["recipes"][recipe]
    model = {name: values.get(name, value) for name, value in config["model"].items()}
    if "classes" in model:
        model["classes"] = len(KNOWN[dataset].classes)
    sizes = {name: getattr(KNOWN[dataset], name) for name in ("height", "width", "identities")}
    model |= {name: size for name, size in sizes.items() if name in model}
    training = {name: values.get(name, value) for name, value in config["training"].items()}
    return {
        "family": config["family"],
        "dataset": dataset,
        "model": model,
        "training": training,
        "start": start,
    }


def datasets_for(book: Book, recipe: str) -> list[str]:
    """The datasets that a recipe's family fits."""
    verifies = family_of(book["recipes"][recipe]["family"]).verifies
    return [*DATASETS, *(VERIFICATION if verifies else ())]


def starts_for(book: Book, recipe: str) -> list[str]:
    """What a training of the recipe may begin with: "", that is weights drawn by the seed, and the
    runs of its family."""
    return ["", *(run.name for run in list_runs(book["recipes"][recipe]["family"]))]


def closest_recipe(book: Book, config: Mapping[str, Any]) -> str | None:
    """The recipe of the config's family that differs from it in fewest places."""

    def differences(name: str) -> int:
        recipe = book["recipes"][name]
        parts = [
            recipe[part].get(field) != value
            for part in ("model", "training")
            for field, value in config[part].items()
        ]
        return sum(parts) + 3 * (recipe["dataset"] != config["dataset"])

    fitting = [n for n, recipe in book["recipes"].items() if recipe["family"] == config["family"]]
    return min(fitting, key=differences, default=None)


def read_value(setting: Setting, text: str) -> Any:
    """The value that a link's text names, or None where it does not fit the setting."""
    if "choices" in setting:
        return text if text in setting["choices"] else None
    try:
        value = {"int": int, "float": float}[setting["kind"]](text)
    except ValueError:
        return None
    return value if setting["low"] <= value <= setting["high"] else None


# --- the session's values: one widget key for each setting ----------------------------------------


def key_of(setting: str) -> str:
    """Apart from the page's other keys: a GAN too has a smoothing."""
    return f"train.set.{setting}"


def fill_form(
    book: Book, recipe: str, dataset: str, values: Mapping[str, Any], start: str | None = None
) -> None:
    """Put values into the widgets; what they leave out is the recipe's. A start that is gone is
    left out too."""
    st.session_state["train.recipe"], st.session_state["train.dataset"] = recipe, dataset
    start = book["recipes"][recipe]["start"] if start is None else start
    st.session_state["train.from"] = start if start in starts_for(book, recipe) else ""
    for setting in settings_of(book, recipe):
        value = values.get(setting["name"], recipe_values(book, recipe)[setting["name"]])
        if "choices" not in setting:
            value = min(max(value, setting["low"]), setting["high"])
            value = float(value) if setting["kind"] == "float" else value
        st.session_state[key_of(setting["name"])] = value


def fill_from_recipe(book: Book, recipe: str) -> None:
    fill_form(book, recipe, book["recipes"][recipe]["dataset"], {})


def fill_from_config(book: Book, config: Mapping[str, Any]) -> None:
    """Make the form that of a job, to be changed and started again.

    Raises:
        GenLabError: no recipe is of its family.
    """
    recipe = closest_recipe(book, config)
    if recipe is None:
        raise GenLabError(f"No recipe here is a {config['family']}; start it from the terminal.")
    values = config["model"] | config["training"]
    fill_form(book, recipe, config["dataset"], values, config.get("start", ""))
    st.session_state["train.seeds"] = 1


def fill_from_link(book: Book, link: Mapping[str, str]) -> None:
    """Take over a link; what does not fit is left at the recipe's value."""
    recipe = link.get("recipe")
    if recipe not in book["recipes"]:
        recipe = next(iter(book["recipes"]))
    dataset = link.get("dataset")
    if dataset not in datasets_for(book, recipe):
        dataset = book["recipes"][recipe]["dataset"]
    values = {
        setting["name"]: read_value(setting, link[setting["name"]])
        for setting in settings_of(book, recipe)
        if setting["name"] in link
    }
    values = {name: value for name, value in values.items() if value is not None}
    fill_form(book, recipe, dataset, values, link.get("start"))
    seeds = link.get("seeds", "")
    many = seeds.isdecimal() and 1 <= int(seeds[:4]) <= MOST_SEEDS
    st.session_state["train.seeds"] = int(seeds) if many else 1


def link_of_form(wish: Wish, book: Book) -> dict[str, str]:
    """The form as URL parameters: the recipe, and what differs from it."""
    link = {"recipe": wish.recipe}
    if wish.config["dataset"] != book["recipes"][wish.recipe]["dataset"]:
        link["dataset"] = wish.config["dataset"]
    link |= {name: shown(now) for name, (_, now) in wish.changed.items() if name != "dataset"}
    return link | ({"seeds": str(wish.seeds)} if wish.seeds > 1 else {})


def shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
