import base64
import json
import struct

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from starlette.applications import Starlette
from starlette.testclient import TestClient

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.gan_layers import GENERATORS
from genlab.jobs.queue import change, submit
from genlab.runs.film import Film, film_path, pack_film
from genlab.runs.models import load_model
from genlab.ui.gan_arrays import film_message, film_url, generator_url, job_film_url
from genlab.ui.routes import ROUTES
from tests.gan_runs import some_film, write_gan_run


@pytest.fixture(scope="module")
def browser():
    return TestClient(Starlette(routes=ROUTES))


def read_message(content: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """What film_message lays out, read by its words alone."""
    length, zero = struct.unpack_from("<II", content)
    header = json.loads(content[8 : 8 + length])
    arrays = {}
    for entry in header["arrays"]:
        assert (8 + length + entry["offset"]) % 8 == 0
        count = int(np.prod(entry["shape"]))
        kind = np.dtype(entry["dtype"]).newbyteorder("<")
        values = np.frombuffer(content, kind, count, 8 + length + entry["offset"])
        arrays[entry["name"]] = values.reshape(entry["shape"])
    assert zero == 0
    return header, arrays


def test_a_film_arrives_whole(browser):
    film = some_film()
    run = write_gan_run("one", film=film)
    answer = browser.get(film_url(run))
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    header, arrays = read_message(answer.content)
    assert (header["frames"], header["first"]) == (len(film), 0)
    assert header["updates"] == film.updates.tolist()
    assert header["images_seen"] == film.images_seen.tolist()
    np.testing.assert_array_equal(arrays["noise"], film.fixed["noise"])
    for name in ("images", "opinions"):
        np.testing.assert_array_equal(arrays[name], film.frames[name])
    for name, values in film.scores.items():
        np.testing.assert_array_equal(arrays[f"score.{name}"], values)
    for name, values in film.trace.items():
        np.testing.assert_array_equal(arrays[f"trace.{name}"], values.astype(np.float16))


def test_the_parts_of_a_film_that_is_asked_for_in_turn_make_it_whole():
    film = some_film()
    _, early = read_message(film_message(film, after=-1, seen=0))
    header, late = read_message(film_message(film, after=3, seen=100))
    assert (header["first"], header["seen"]) == (4, 100)
    np.testing.assert_array_equal(late["images"], early["images"][4:])
    np.testing.assert_array_equal(late["trace.loss_g"], early["trace.loss_g"][100:])
    header, nothing = read_message(film_message(film, after=len(film) - 1, seen=500))
    assert len(nothing["images"]) == 0
    assert header["frames"] == len(film)


def test_the_film_of_another_version_is_not_served(browser):
    run = write_gan_run("one")
    old = film_url(run)
    film_path(run.path).write_bytes(pack_film(some_film(seed=7)))
    assert browser.get(old).status_code == 404
    assert "reload the page" in browser.get(old).text
    assert browser.get(film_url(run)).status_code == 200


@pytest.mark.parametrize("missing", ["noise", "images", "opinions"])
def test_a_film_of_something_else_is_refused_in_one_sentence(missing):
    film = some_film()
    fixed = {name: v for name, v in film.fixed.items() if name != missing}
    frames = {name: v for name, v in film.frames.items() if name != missing}
    other = Film(film.updates, film.images_seen, fixed, frames, film.scores, film.trace)
    with pytest.raises(GenLabError, match="shows no images made from noise"):
        film_message(other)


def test_a_job_shows_its_frames_as_they_come(browser):
    job = submit("new", {"family": "gan"}, state="running")
    header, _ = read_message(browser.get(job_film_url(job)).content)
    assert header["frames"] == 0
    job.folder.mkdir(parents=True)
    film_path(job.folder).write_bytes(pack_film(some_film(updates=(0, 10))))
    change(job.id, step=12, steps=400)
    header, arrays = read_message(browser.get(job_film_url(job) + "?after=-1").content)
    assert header["job"] == {"state": "running", "step": 12, "steps": 400, "run": None}
    assert arrays["images"].shape == (2, 64, 784)
    film_path(job.folder).write_bytes(pack_film(some_film(updates=(0, 10, 25))))
    answer = browser.get(job_film_url(job) + "?after=1&seen=10")
    header, arrays = read_message(answer.content)
    assert answer.headers["cache-control"] == "no-store"
    assert (header["first"], len(arrays["images"]), len(arrays["trace.d_real"])) == (2, 1, 15)


def test_a_job_that_has_ended_names_its_run(browser):
    job = submit("one", {"family": "gan"}, state="done")
    write_gan_run("one")
    header, _ = read_message(browser.get(job_film_url(job)).content)
    assert header["job"]["run"] == "one"


def test_a_job_that_is_not_there_is_told_in_one_sentence(browser):
    answer = browser.get("/genlab/film/job/77.bin?after=-1")
    assert (answer.status_code, "no job 77" in answer.text) == (404, True)


@pytest.mark.parametrize("architecture", list(GENERATORS))
def test_the_weights_that_travel_make_the_images_of_the_run(browser, architecture):
    """By torch's own functions from the layers that are named, to within one grey of 255."""
    run = write_gan_run("one", architecture=architecture)
    content = browser.get(generator_url(run)).content
    tensors = {name: torch.from_numpy(v.astype(np.float32)) for name, v in load(content).items()}
    length = struct.unpack_from("<Q", content)[0]
    about = json.loads(content[8 : 8 + length])["__metadata__"]
    assert (about["latent_dim"], about["noise"]) == ("8", "gaussian")
    z = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    x = z
    for n, layer in enumerate(json.loads(about["layers"])):
        weight, bias = tensors.get(f"{n}.weight"), tensors.get(f"{n}.bias")
        x = x.view(3, *layer["takes"])
        how = {"stride": layer["stride"], "padding": layer["padding"]}
        match layer["kind"]:
            case "linear":
                x = torch.nn.functional.linear(x.flatten(1), weight, bias)
            case "conv":
                x = torch.nn.functional.conv2d(x, weight, bias, **how)
            case "deconv":
                x = torch.nn.functional.conv_transpose2d(x, weight, bias, **how)
            case "affine":
                x = x * weight.view(1, -1, 1, 1) + bias.view(1, -1, 1, 1)
            case "leaky":
                x = torch.nn.functional.leaky_relu(x, layer["slope"])
            case "tanh":
                x = x.tanh()
        x = x.reshape(3, *layer["gives"])
    margin = (x.shape[-1] - 28) // 2
    inner = x[:, 0, margin : margin + 28, margin : margin + 28].flatten(1)
    with torch.no_grad():
        wanted = load_model(run).eval().generate(z)
    assert (inner.add(1).div(2) - wanted).abs().max() < 1 / 255
    assert wanted.std() > 0.003


def test_the_training_images_nearest_to_some_come_with_their_floor(browser):
    train = load_split("mnist", "train")
    pixels = train.images[[5, 9]].copy()
    pixels[1, 0, 0] = 51  # a fifth of white, where it was black
    answer = browser.post("/genlab/nearest/mnist", content=pixels.tobytes()).json()
    assert answer["index"] == [5, 9]
    assert answer["distance"] == [0.0, 0.2]
    assert answer["label"] == [train.info.classes[train.labels[i]] for i in (5, 9)]
    shown = np.frombuffer(base64.b64decode(answer["pixels"][1]), np.uint8)
    np.testing.assert_array_equal(shown, train.images[9].ravel())
    assert 0 < answer["floor"]["low"] < answer["floor"]["median"]


@pytest.mark.parametrize("count", [0, 783, 65 * 784])
def test_what_are_no_images_is_refused(browser, count):
    answer = browser.post("/genlab/nearest/mnist", content=bytes(count))
    assert answer.status_code == 404
    assert "64" in answer.text
