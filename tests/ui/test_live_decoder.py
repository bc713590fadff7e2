"""Links, messages and scripts of the live decoder. Shapes: Z latent dimensions."""

import numpy as np
import pytest

from genlab.explore.latent import decode, latent_means
from genlab.runs.folder import find_run
from genlab.runs.models import load_model
from genlab.ui.live_decoder import View, link_of, nll_of, read_view, settled, sliders_script

LIMITS = {"latent_dim": 3, "classes": 10, "images": 100}
FULL = View(
    z=(0.125, -1.5, 0.0),
    label=4,
    start=17,
    other=42,
    tab="walk",
    dim=2,
    seed=8,
    temperature=0.5,
    span=4,
)


def test_a_link_gives_back_the_view_it_was_made_from():
    assert read_view(link_of(FULL), **LIMITS) == FULL
    assert read_view(link_of(View()), **LIMITS) == View()


def test_a_link_holds_only_text_and_leaves_out_what_is_as_usual():
    assert link_of(View(z=(0.5, -0.25), start=3)) == {"z": "0.5_-0.25", "start": "3"}


@pytest.mark.parametrize(
    "raw",
    [
        {"z": "1_2"},
        {"z": "1_2_nan"},
        {"z": "1_2_1e9"},
        {"z": [1, 2, "x"]},
        {"z": {"0": 1}},
        {"label": "10"},
        {"label": "-1"},
        {"start": "100"},
        {"start": "1.5"},
        {"start": None},
        {"dim": 3},
        {"tab": "<b>"},
        {"temperature": "inf"},
        {"temperature": 3},
        {"span": 100},
        {"seed": "x"},
    ],
)
def test_what_does_not_fit_is_left_out_of_a_view(raw):
    assert read_view(raw, **LIMITS) == View()


def test_a_label_in_a_link_means_nothing_to_a_vae():
    assert read_view({"label": "4"}, latent_dim=3, classes=0, images=100).label is None


def test_numbers_of_a_message_are_finite_or_none():
    assert nll_of({"nll": {"floor": 1, "mean": 2.5, "now": 3}}) == {
        "floor": 1.0,
        "mean": 2.5,
        "now": 3.0,
    }
    assert nll_of({"nll": {"floor": 1, "mean": "nan", "now": 3}}) is None
    assert nll_of({"nll": None}) is None


def test_a_settled_view_starts_at_the_mean_and_under_the_label_of_its_image():
    means, labels = np.float32([[1, 2], [3, 4]]), np.uint8([7, 9])
    view = settled(View(start=1), kl=[0.1, 0.2], classes=10, means=means, labels=labels)
    assert (view.z, view.label, view.dim) == ((3.0, 4.0), 9, 1)
    assert view.other == 0  # a walk leads somewhere else


def test_a_settled_view_without_test_images_starts_at_the_prior_mean():
    view = settled(View(start=1), kl=[0.1, 0.2], classes=0, means=None, labels=None)
    assert (view.z, view.label, view.start) == ((0.0, 0.0), None, None)


@pytest.mark.parametrize("name", ["vae-fashion", "cvae-fashion", "vae2d-mnist"])
def test_the_script_runs_and_gives_the_pictures_on_show(name):
    run = find_run(name)
    model, classes = load_model(run), run.config["model"].get("classes", 0)
    z = tuple(np.linspace(-1, 1, run.latent_dim).round(3).tolist())
    view = View(z=z, label=4 if classes else None, start=17, other=42, dim=1, span=2)
    found = {}
    exec(sliders_script(name, view, latent_dim=run.latent_dim, classes=classes), found)

    label = view.label or 0
    np.testing.assert_array_equal(found["image"], decode(model, np.float32(z), label)[0])
    assert found["traversal_strip"].shape == (11, 28, 28)
    ends = decode(model, latent_means(run)[[17, 42]], label)
    np.testing.assert_allclose(found["walk_strip"][[0, -1]], ends, atol=1e-5)
    assert ("label_strip" in found) == bool(classes)
    assert ("plane" in found) == (run.latent_dim == 2)
    if classes:
        np.testing.assert_allclose(found["label_strip"][label], found["image"], atol=1e-6)
