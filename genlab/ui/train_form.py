"""The form of a new training: recipe, dataset and settings as values, a link and a config."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from genlab.data.catalogue import DATASETS, KNOWN, VERIFICATION
from genlab.data.images import count_images, find_split
from genlab.errors import GenLabError
from genlab.jobs.queue import ENDED, Job
from genlab.jobs.recipe_book import Book
from genlab.runs.families import family_of
from genlab.runs.folder import check_free, list_runs

MOST_SEEDS = 10
DRAWN = "weights drawn by the seed"
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


# --- the form's state: one widget key for each setting -------------------------------------------


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


# --- the widgets ---------------------------------------------------------------------------------


def training_form(book: Book, jobs: list[Job]) -> tuple[Wish, DeltaGenerator]:
    """Show the form; return what it now says, and the place for its cost and its button."""
    state = st.session_state
    recipe = st.selectbox(
        "Recipe",
        list(book["recipes"]),
        key="train.recipe",
        help="A model and settings that are known to work.",
        on_change=lambda: fill_from_recipe(book, state["train.recipe"]),
    )
    standard = recipe_values(book, recipe)
    own = book["recipes"][recipe]["dataset"]
    dataset = st.selectbox(
        "Dataset" + mark(state["train.dataset"] != own),
        datasets_for(book, recipe),
        key="train.dataset",
        format_func=lambda name: KNOWN[name].title,
        help=f"The recipe has {KNOWN[own].title}.",
    )
    problem = None
    try:
        st.markdown(f":small[{data_in_use(dataset)}]")
    except GenLabError as error:
        problem = str(error)
    action = st.container(gap="xsmall")
    start = start_widget(book, recipe)
    settings = settings_of(book, recipe)
    plain = [setting for setting in settings if "group" not in setting]
    cells = in_pairs(len(plain) + 1)
    values = {
        setting["name"]: setting_widget(next(cells), setting, standard[setting["name"]])
        for setting in plain
    }
    seeds = next(cells).number_input(
        "Runs",
        1,
        MOST_SEEDS,
        key="train.seeds",
        help="Each with the next seed. Their curves are drawn as a mean in a band from the "
        "lowest to the highest: how much is chance?",
    )
    for group in dict.fromkeys(setting["group"] for setting in settings if "group" in setting):
        values |= folded(group, [s for s in settings if s.get("group") == group], standard)
    name, misnamed = name_widget(recipe, jobs)
    changed = {k: (standard[k], v) for k, v in values.items() if v != standard[k]}
    if dataset != own:
        changed = {"dataset": (own, dataset)} | changed
    if start != (first := book["recipes"][recipe]["start"]):
        changed["start"] = (first, start)
    config = build_config(book, recipe, dataset, values, start)
    show_changes(book, recipe, changed)
    named = bool(st.session_state["train.name"].strip())
    return Wish(recipe, config, changed, name, named, seeds, problem or misnamed), action


def start_widget(book: Book, recipe: str) -> str:
    """Whose weights the training begins with."""
    own = book["recipes"][recipe]["start"]
    return st.selectbox(
        "Start from" + mark(st.session_state["train.from"] != own),
        starts_for(book, recipe),
        key="train.from",
        format_func=lambda name: name or DRAWN,
        help="A run of this kind whose weights are taken over wherever name and shape fit: fine-"
        "tuning. It may have learned from images that are held out here.",
    )


def in_pairs(count: int) -> Iterator[DeltaGenerator]:
    """Cells in rows of two."""
    pairs = [st.columns(2, gap="small") for _ in range(math.ceil(count / 2))]
    return iter([cell for pair in pairs for cell in pair])


def folded(group: str, settings: list[Setting], standard: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that are changed less often, under a heading that opens; their values."""
    changed = any(st.session_state[key_of(s["name"])] != standard[s["name"]] for s in settings)
    with st.expander(group + mark(changed), key=f"train.group.{group}"):
        cells = in_pairs(len(settings))
        return {
            setting["name"]: setting_widget(next(cells), setting, standard[setting["name"]])
            for setting in settings
        }


def mark(is_changed: bool) -> str:
    return " ●" if is_changed else ""


def setting_widget(cell, setting: Setting, standard: Any) -> Any:
    """One setting: its range, unit and help, and a mark where it is not the recipe's."""
    key = key_of(setting["name"])
    now = st.session_state[key]
    unit = f", {setting['unit']}" if "unit" in setting else ""
    label = f"{setting['label']}{unit}{mark(now != standard)}"
    help_text = f"{setting['help']} The recipe has {shown(standard)}."
    if "choices" in setting:
        return cell.selectbox(label, setting["choices"], key=key, help=help_text)
    help_text += f" From {shown(setting['low'])} to {shown(setting['high'])}."
    if setting["kind"] == "int":
        return cell.number_input(
            label, setting["low"], setting["high"], step=setting.get("step", 1), key=key,
            help=help_text,
        )  # fmt: skip
    step = setting.get("step") or 10.0 ** math.floor(math.log10(now) - 1e-9)
    return cell.number_input(
        label, setting["low"], setting["high"], step=step, format="%g", key=key, help=help_text
    )


def name_widget(recipe: str, jobs: list[Job]) -> tuple[str, str | None]:
    """A run's name, typed or a free one made from the recipe's; and what is wrong with it."""
    free = free_name(recipe, jobs)
    typed = st.text_input(
        "Name of the run",
        key="train.name",
        placeholder=free,
        max_chars=60,
        help="Lower-case letters, digits, dots, hyphens and underscores.",
    ).strip()
    if not typed:
        return free, None
    try:
        return check_free(typed), None
    except GenLabError as error:
        return typed, str(error)


def free_name(stem: str, jobs: list[Job]) -> str:
    """The stem, numbered where a run or a living job has it, alone or with a seed behind it."""
    taken = {run.name for run in list_runs()}
    taken |= {job.name for job in jobs if job.state not in ENDED}
    taken |= {name.rpartition("-s")[0] for name in taken}
    names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def data_in_use(dataset: str) -> str:
    """Which training images there are here, for people; in orange where they are but a part.

    Raises:
        GenLabError: none are.
    """
    files = find_split(dataset, "train")
    count = count_images(files)
    words = files.origin(count).removeprefix(f"{files.info.title}, ")
    words = words.replace(" training images", "")
    return f":{'gray' if count >= files.info.train_count else 'orange'}[{words}]"


def show_changes(book: Book, recipe: str, changed: Mapping[str, tuple[Any, Any]]) -> None:
    if not changed:
        return
    words = ", ".join(f"{name} {shown(now) or DRAWN} (not {shown(own) or DRAWN})" for name,
                      (own, now) in changed.items())  # fmt: skip
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(f"● {words}")
    right.button(
        "Reset",
        key="train.reset",
        width="stretch",
        type="tertiary",
        help="Back to the recipe's values.",
        on_click=lambda: fill_from_recipe(book, recipe),
    )
