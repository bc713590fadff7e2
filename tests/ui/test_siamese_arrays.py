import base64
import gzip
import io
import json
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from genlab.data.images import load_split
from genlab.explore.siamese_query import neighbours
from genlab.explore.siamese_view import (
    RAW,
    bench,
    film_places,
    map_of,
    pixels_of,
    raw_bench,
    raw_map,
    row_of_pairs,
    worst_accepts,
    worst_rejects,
)
from genlab.jobs.queue import change, submit
from genlab.places import ROOT
from genlab.runs.film import load_film
from genlab.ui.routes import ROUTES
from genlab.ui.siamese_arrays import squares
from genlab.ui.siamese_urls import (
    film_tiles_url,
    film_url,
    images_url,
    job_film_tiles_url,
    job_film_url,
    map_url,
    pairs_url,
    query_url,
    raw_map_url,
    raw_url,
    stamp_of,
    tiles_url,
)
from tests.siamese_runs import shoot, submit_siamese_job, write_siamese_run


@pytest.fixture(scope="module")
def browser():
    return TestClient(Starlette(routes=ROUTES))


@pytest.fixture
def run():
    return write_siamese_run("one")


def read(content: bytes) -> tuple[dict, dict]:
    """The header and arrays of a message."""
    length, _ = struct.unpack_from("<II", content)
    header, arrays = json.loads(content[8 : 8 + length]), {}
    for entry in header["arrays"]:
        count = int(np.prod(entry["shape"]))
        at = 8 + length + entry["offset"]
        values = np.frombuffer(content, entry["dtype"], count, at)
        arrays[entry["name"]] = values.reshape(entry["shape"])
    return header, arrays


def answer(browser, url: str, **options) -> bytes:
    got = browser.get(f"/{url}", **options)
    assert got.status_code == 200, got.text
    return got.content


def test_pairs_are_those_of_the_bench_with_its_figures(browser, run):
    header, arrays = read(answer(browser, pairs_url(run) + "?split=train&seed=3"))
    found = bench(run, "train", seed=3)
    np.testing.assert_array_equal(arrays["distances"], found.distances)
    np.testing.assert_array_equal(arrays["same"].astype(bool), found.same)
    assert header["threshold"] == found.threshold
    assert (header["auc"], header["eer"]) == (found.figures.auc, found.figures.eer)
    assert [pair["number"] for pair in header["row"]] == row_of_pairs(found, 3).tolist()
    labels = load_split("mnist", "train").labels
    pair = header["accepts"][0]
    assert pair["images"] == found.pairs[worst_accepts(found)[0]].tolist()
    assert pair["names"] == [str(labels[i]) for i in pair["images"]]


def test_the_floor_has_its_own_message(browser):
    header, arrays = read(answer(browser, raw_url("mnist")))
    found = raw_bench("mnist")
    assert header["name"] == RAW
    np.testing.assert_array_equal(arrays["distances"], found.distances)


def test_tiles_show_the_pairs_in_the_order_of_the_message(browser, run):
    found = bench(run, seed=2)
    picture = np.asarray(Image.open(io.BytesIO(answer(browser, tiles_url(run) + "?seed=2"))))
    images = load_split("mnist", "test").images
    order = [row_of_pairs(found, 2), worst_accepts(found), worst_rejects(found)]
    for row, number in enumerate(np.concatenate(order)):
        for column, image in enumerate(found.pairs[number]):
            tile = picture[28 * row : 28 * (row + 1), 28 * column : 28 * (column + 1)]
            np.testing.assert_array_equal(tile, images[image])


def test_a_film_travels_as_places_and_losses(browser, run):
    content = browser.get(f"/{film_url(run)}").content  # unpacked by the client
    header, arrays = read(content if content[:2] != b"\x1f\x8b" else gzip.decompress(content))
    film = load_film(run)
    np.testing.assert_array_equal(arrays["places"], film_places(film))
    np.testing.assert_array_equal(arrays["labels"], film.fixed["labels"])
    assert header["margin"] == 1.0
    assert header["images"] == film.fixed["index"].tolist()
    np.testing.assert_allclose(arrays["trace.pair_loss"], film.trace["pair_loss"], rtol=1e-2)
    picture = np.asarray(Image.open(io.BytesIO(answer(browser, film_tiles_url(run)))))
    image = load_split("mnist", "train").images[film.fixed["index"][7]]
    np.testing.assert_array_equal(
        picture[:28, 7 * 28 : 8 * 28, ...].reshape(28, 28, -1)[..., 0], image
    )


def live(browser, url: str) -> tuple[dict, dict]:
    content = answer(browser, url)
    return read(content if content[:2] != b"\x1f\x8b" else gzip.decompress(content))


def test_a_job_shows_its_film_as_it_grows_and_nothing_twice(browser):
    job = submit_siamese_job("new", margin=0.75)
    url = job_film_url(job) + "?known="
    header, arrays = live(browser, url)
    assert (header["version"], arrays) == ("", {})
    assert browser.get(f"/{job_film_tiles_url(job)}").status_code == 404
    versions = {""}
    for updates in ((0,), (0, 10, 25)):
        film = shoot(job, updates)
        change(job.id, step=updates[-1], steps=400)
        header, arrays = live(browser, url)
        assert header["job"] == {
            "state": "running", "step": updates[-1], "steps": 400, "run": None,
        }  # fmt: skip
        assert (header["updates"], header["margin"]) == (list(updates), 0.75)
        np.testing.assert_array_equal(arrays["places"], film_places(film))
        assert header["version"] not in versions
        versions.add(header["version"])
        again, arrays = live(browser, url + header["version"])
        assert (again["version"], again["job"]["step"]) == (header["version"], updates[-1])
        assert arrays == {}
    picture = np.asarray(Image.open(io.BytesIO(answer(browser, job_film_tiles_url(job)))))
    image = load_split("mnist", "train").images[film.fixed["index"][7]]
    np.testing.assert_array_equal(
        picture[:28, 7 * 28 : 8 * 28, ...].reshape(28, 28, -1)[..., 0], image
    )


def test_a_job_that_has_ended_names_the_run_it_became(browser, run):
    for state, name, became in (
        ("running", "one", None),  # it is being measured
        ("done", "one", "one"),
        ("stopped", "one", "one"),
        ("failed", "another", None),
    ):
        job = submit_siamese_job(name, state=state)
        header, _ = live(browser, job_film_url(job))
        assert header["job"]["run"] == became


def test_a_job_of_something_else_and_one_that_is_not_there_are_a_sentence(browser):
    gan = submit("gan", {"family": "gan", "dataset": "mnist"}, state="running")
    for job_id, words in ((gan.id, "trains no Siamese network"), (77, "no job 77")):
        for ending in ("bin", "png"):
            got = browser.get(f"/genlab/siamese/film/job/{job_id}.{ending}")
            assert (got.status_code, words in got.text) == (404, True)


def test_maps_and_their_images_stand_in_the_same_order(browser, run):
    points = np.frombuffer(answer(browser, map_url(run, "test")), "<f4").reshape(-1, 2)
    np.testing.assert_array_equal(points, map_of(run, "test"))
    raw = np.frombuffer(answer(browser, raw_map_url("mnist", "test")), "<f4").reshape(-1, 2)
    np.testing.assert_array_equal(raw, raw_map("mnist", "test"))
    groups = np.frombuffer(answer(browser, images_url("mnist", "test", "bin")), np.uint8)
    np.testing.assert_array_equal(groups, load_split("mnist", "test").labels)
    sprite = Image.open(io.BytesIO(answer(browser, images_url("mnist", "test", "png"))))
    assert sprite.size == (2800, 2800)


def test_narrow_pictures_become_squares_in_the_middle():
    faces = np.full((3, 56, 46), 9, np.uint8)
    padded = squares(faces)
    assert padded.shape == (3, 56, 56)
    assert (padded[:, :, 5:51] == 9).all()
    assert padded.sum() == faces.sum()


def asks(browser, run, query: str, body: bytes = b""):
    return browser.post(f"/{query_url(run)}?{query}", content=body)


def test_a_test_image_finds_its_neighbours_by_network_and_by_pixels(browser):
    run = write_siamese_run("bare", kept=False)
    told = asks(browser, run, "among=test&image=12").json()
    images, labels = (load_split("mnist", "test"),) * 2
    own, raw = told["runs"]
    pixels = pixels_of("mnist", "test")
    wanted = neighbours(pixels, pixels[[12]], 8, leave_out=12)
    assert (raw["name"], raw["index"]) == (RAW, wanted.index[0].tolist())
    assert 12 not in own["index"]
    assert own["names"] == [str(labels.labels[i]) for i in own["index"]]
    assert base64.b64decode(own["pixels"][0]) == images.images[own["index"][0]].tobytes()
    assert base64.b64decode(told["seen"]) == images.images[12].tobytes()
    assert told["name"] == str(labels.labels[12])
    np.testing.assert_allclose(told["place"], map_of(run, "test")[12], atol=5e-3)


def test_a_drawing_is_cut_out_and_centred_before_it_asks(browser, run):
    drawn = np.zeros((28, 28), np.uint8)
    drawn[2:12, 4] = 255
    told = asks(browser, run, "among=train&height=28&width=28", drawn.tobytes()).json()
    seen = np.frombuffer(base64.b64decode(told["seen"]), np.uint8).reshape(28, 28)
    assert seen[:, 13:15].sum() > 0.9 * seen.sum()
    assert told["name"] is None


@pytest.mark.parametrize(
    ("query", "body", "sentence"),
    [
        ("among=test&image=10000", b"", "test images"),
        ("among=all&image=3", b"", "no split"),
        ("among=test&fit=0", b"123", "no such picture"),
        ("among=test&height=9999&width=2", b"x" * 40, "no such picture"),
        ("among=test&height=28&width=28", bytes(784), "nothing to see"),
        ("among=test", b"x" * 70_000, "more than one small picture"),
    ],
)
def test_a_question_that_cannot_be_answered_gets_a_sentence(browser, run, query, body, sentence):
    got = asks(browser, run, query, body)
    assert got.status_code == 404
    assert sentence in got.text
    assert "Traceback" not in got.text


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("one", "nowhere"),
        lambda url: url.replace(".bin", "0.bin"),
        lambda url: url + "?split=validation",
        lambda url: url + "?seed=-1",
        lambda url: url + "?seed=10000",
    ],
)
def test_what_is_not_there_is_a_404_with_a_sentence_and_is_not_kept(browser, run, change):
    got = browser.get("/" + change(pairs_url(run)))
    assert got.status_code == 404
    assert got.text.endswith((".", ";"))
    assert "immutable" not in got.headers.get("cache-control", "")


def test_another_family_has_no_pairs(browser, make_run, run):
    other = make_run("vae")
    url = pairs_url(run).replace("one", "vae").replace(stamp_of(run), stamp_of(other))
    assert "has no pairs" in browser.get(f"/{url}").text


def test_pairs_are_served_without_torch(run, own_home):
    script = (
        "import sys\n"
        "from genlab.runs.folder import find_run\n"
        "from genlab.ui.siamese_arrays import film_bytes, map_bytes, pairs_bytes\n"
        "from genlab.ui.siamese_urls import stamp_of\n"
        "run = find_run('one'); pairs_bytes(run, 'test', 0); film_bytes('one', 'x')\n"
        "map_bytes('one', stamp_of(run), 'test')\n"
        "print('torch' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert shown.stdout.split()[-1] == "False"
