import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from genlab.errors import GenLabError
from genlab.jobs.recipe_book import recipe_book, write_book
from genlab.training.recipes import RECIPES, config_from_dict


@pytest.fixture(scope="module")
def book():
    return write_book()


def settings(book):
    for name, fields in (*book["families"].items(), ("training", book["training"])):
        for field in fields:
            yield pytest.param(field, id=f"{name}.{field['name']}")


def test_another_process_writes_the_recipes_as_they_are_and_they_are_kept(monkeypatch):
    written = recipe_book()
    assert {n: config_from_dict(c) for n, c in written["recipes"].items()} == RECIPES
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: pytest.fail("asked again"))
    assert recipe_book() == written


def test_many_visitors_at_once_have_the_book_written_once(monkeypatch, book):
    asked = []

    def write(*args, **kwargs):
        asked.append(args)
        time.sleep(0.1)
        return subprocess.CompletedProcess(args, 0, json.dumps(book), "")

    monkeypatch.setattr(subprocess, "run", write)
    with ThreadPoolExecutor(8) as pool:
        books = list(pool.map(lambda _: recipe_book(), range(8)))
    assert len(asked) == 1
    assert all(found == books[0] for found in books)


@pytest.mark.parametrize("setting", list(settings(write_book())))
def test_every_setting_can_be_shown_in_a_form(setting):
    if "fixed" in setting:
        return
    assert setting["label"]
    assert setting["help"].endswith(".")
    if "choices" in setting:
        assert setting["default"] in setting["choices"]
    else:
        assert setting["low"] <= setting["default"] <= setting["high"]


@pytest.mark.parametrize("end", ["low", "high"])
def test_both_ends_of_every_range_make_a_config(book, end):
    for recipe in book["recipes"].values():
        fields = {"model": book["families"][recipe["family"]], "training": book["training"]}
        ends = {
            part: {f["name"]: f[end] for f in found if end in f} for part, found in fields.items()
        }
        wished = recipe | {part: recipe[part] | ends[part] for part in ends}
        assert config_from_dict(wished).to_dict() == wished


def test_every_recipe_lies_within_the_ranges_of_the_form(book):
    for recipe in book["recipes"].values():
        values = recipe["model"] | recipe["training"]
        for setting in book["families"][recipe["family"]] + book["training"]:
            if "low" in setting:
                assert setting["low"] <= values[setting["name"]] <= setting["high"]


def test_recipes_that_cannot_be_read_are_one_sentence(monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "Traceback\nModuleNotFoundError: torch")
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: failed)
    with pytest.raises(GenLabError, match="ModuleNotFoundError: torch"):
        recipe_book()
