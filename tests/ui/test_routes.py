from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load
from starlette.applications import Starlette
from starlette.testclient import TestClient

from genlab.data.images import load_split
from genlab.explore.maps import align, load_map
from genlab.runs.folder import load_tensors, save_array
from genlab.ui.arrays import decoder_url, latents_url, map_url
from genlab.ui.components import FOLDER, components_version
from genlab.ui.routes import ROUTES


@pytest.fixture(scope="module")
def browser():
    return TestClient(Starlette(routes=ROUTES))


def floats(answer) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.frombuffer(answer.content, "<f4")


def test_component_files_are_kept_for_ever_under_their_version(browser):
    answer = browser.get(f"/genlab/static/{components_version()}/mlp.js")
    assert answer.content == (FOLDER / "mlp.js").read_bytes()
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["{v}/__init__.py", "{v}/%2e%2e%2fmain.py", "{v}/nothing.js", "000000000000/mlp.js"],
)
def test_nothing_but_component_files_of_this_version_is_served(browser, path):
    answer = browser.get("/genlab/static/" + path.format(v=components_version()))
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_the_sprite_holds_the_test_images_in_rows_of_a_hundred(browser):
    picture = Image.open(BytesIO(browser.get("/genlab/sprite/fashion.png").content))
    assert picture.size == (2800, 2800)
    tile = np.asarray(picture)[28 * 3 : 28 * 4, 28 * 7 : 28 * 8]
    np.testing.assert_array_equal(tile, load_split("fashion", "test").images[307])


def test_labels_are_those_of_the_test_images(browser):
    answer = browser.get("/genlab/labels/mnist.bin")
    np.testing.assert_array_equal(
        np.frombuffer(answer.content, np.uint8), load_split("mnist", "test").labels
    )


def test_the_decoder_alone_is_sent_with_what_the_browser_must_know(browser, make_run):
    run = make_run(family="cvae")
    content = browser.get(f"/{decoder_url(run)}").content
    tensors, expected = load(content), load_tensors(run)
    assert sorted(tensors) == sorted(name for name in expected if name.startswith("decoder."))
    np.testing.assert_array_equal(tensors["decoder.0.weight"], expected["decoder.0.weight"])
    assert b'"latent_dim":"3"' in content[:600]
    assert b'"classes":"10"' in content[:600]


def test_latents_and_maps_come_as_little_endian_floats(browser, make_run, rng):
    run, other = make_run("one"), make_run("two")
    mu, a, b = rng.normal(size=(50, 3)), rng.normal(size=(50, 2)), rng.normal(size=(50, 2))
    save_array(run, "latents/mu", mu)
    save_array(run, "maps/tsne", a)
    save_array(other, "maps/umap", b)
    np.testing.assert_array_equal(
        floats(browser.get(f"/{latents_url(run)}")).reshape(50, 3), mu.astype(np.float32)
    )
    found = floats(browser.get("/" + map_url(run, "tsne", onto=(other, "umap"))))
    expected = align(load_map(run, "tsne"), load_map(other, "umap"))
    np.testing.assert_array_equal(found.reshape(50, 2), expected)


def test_a_run_without_latents_has_them_encoded_when_they_are_asked_for(browser, make_run):
    assert floats(browser.get(f"/{latents_url(make_run())}")).shape == (30_000,)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("genlab/sprite/cifar.png", "cifar"),
        ("genlab/labels/..bin", ""),
        ("genlab/decoder/nothing/0.safetensors", 'no run "nothing"'),
        ("genlab/decoder/tiny/000000000000.safetensors", "has changed; reload the page"),
        ("{map}?onto=nothing:pca", 'no run "nothing"'),
        ("{umap}", "no UMAP map yet"),
        ("genlab/live/nothing.bin", "no longer in memory"),
        ("genlab/live/nothing.bin?after=x", ""),
    ],
)
def test_what_is_not_there_is_a_404_with_a_sentence_and_is_not_kept(
    browser, make_run, rng, path, sentence
):
    run = make_run()
    save_array(run, "latents/mu", rng.normal(size=(50, 3)))
    urls = {"map": map_url(run, "pca"), "umap": map_url(run, "umap")}
    answer = browser.get("/" + path.format(**urls))
    assert answer.status_code == 404
    assert sentence in answer.text
    assert "Traceback" not in answer.text
    assert "immutable" not in answer.headers.get("cache-control", "")
