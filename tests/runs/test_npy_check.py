"""Films that somebody brings: good ones come back the same, others are left out."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.runs import npy_check
from genlab.runs.archive import import_zip, zip_run
from genlab.runs.film import Film, film_path, has_film, pack_film, unpack_film
from genlab.runs.folder import find_run
from genlab.runs.npy_check import check_film

F, N, Z, U = 3, 5, 4, 7


@pytest.fixture
def film(rng):
    return Film(
        updates=np.array([0, 10, 25], np.int64),
        images_seen=np.array([0, 320, 800], np.int64),
        fixed={"noise": rng.standard_normal((N, Z)).astype(np.float32)},
        frames={
            "images": rng.integers(0, 256, (F, N, 784)).astype(np.uint8),
            "opinions": rng.random((F, N), dtype=np.float32),
        },
        scores={
            "frechet": np.array([9.0, np.nan, 1.0], np.float32),
            "histogram": rng.random((F, 10), dtype=np.float32),
        },
        trace={name: rng.random(U, dtype=np.float32) for name in ("loss_d", "d_real")},
    )


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes], compression=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("small", [True, False])
def test_a_film_comes_back_as_it_was(film, small):
    back = unpack_film(check_film(pack_film(film, small=small), Z))
    for name, values in film.frames.items():
        np.testing.assert_array_equal(back.frames[name], values)
    for name, values in film.scores.items():
        np.testing.assert_array_equal(back.scores[name], values)
    for name, values in film.trace.items():
        np.testing.assert_array_equal(back.trace[name], values.astype(np.float16))
    np.testing.assert_array_equal(back.fixed["noise"], film.fixed["noise"])
    np.testing.assert_array_equal(back.updates, film.updates)


def test_a_film_without_scores_opinions_or_losses_is_one_too(film):
    bare = replace(film, scores={}, trace={}, frames={"images": film.frames["images"]})
    assert check_film(pack_film(bare), Z) is not None


@pytest.fixture
def places(film, rng):
    """The film of a Siamese network whose embedding has Z numbers."""
    fixed = {"index": np.arange(N) * 3, "labels": np.arange(N) % 2}
    frames = {"embedding": rng.normal(size=(F, N, Z)).astype(np.float16)}
    return replace(film, fixed=fixed, frames=frames)


def test_the_film_of_an_embedding_comes_back_as_it_was(places):
    back = unpack_film(check_film(pack_film(places), 0, Z))
    np.testing.assert_array_equal(back.frames["embedding"], places.frames["embedding"])
    np.testing.assert_array_equal(back.fixed["index"], places.fixed["index"])
    assert check_film(pack_film(places), Z) is None  # no GAN's
    assert check_film(pack_film(places), 0, 0) is None


@pytest.mark.parametrize(
    "change",
    [
        {"fixed": {"index": np.arange(N)}},
        {"fixed": {"index": np.arange(N), "labels": np.arange(N) - 1}},
        {"fixed": {"index": np.arange(N), "labels": np.arange(N) * 1e9}},
        {"fixed": {"index": np.arange(N - 1), "labels": np.arange(N - 1)}},
        {"frames": {"embedding": np.zeros((F, N, Z + 1), np.float16)}},
        {"frames": {"embedding": np.full((F, N, Z), np.nan, np.float16)}},
        {"frames": {"embedding": np.zeros((F, N, Z), np.uint8)}},
        {"frames": {"images": np.zeros((F, N, 784), np.uint8)}},
    ],
)
def test_what_is_no_film_of_an_embedding_is_left_out(places, change):
    assert check_film(pack_film(replace(places, **change)), 0, Z) is None


BAD = {
    "noise of another size": lambda f: {"fixed": {"noise": np.zeros((N, Z + 1), np.float32)}},
    "no noise": lambda f: {"fixed": {}},
    "more that is fixed": lambda f: {"fixed": f.fixed | {"more": np.zeros(3, np.float32)}},
    "noise with NaN": lambda f: {"fixed": {"noise": np.full((N, Z), np.nan, np.float32)}},
    "no images": lambda f: {"frames": {"opinions": f.frames["opinions"]}},
    "images of floats": lambda f: {"frames": {"images": f.frames["images"].astype(np.float32)}},
    "images of 27 x 28": lambda f: {"frames": {"images": f.frames["images"][:, :, :756]}},
    "other frames": lambda f: {"frames": f.frames | {"more": np.zeros((F, 2), np.float32)}},
    "infinite opinions": lambda f: {
        "frames": f.frames | {"opinions": np.full((F, N), np.inf, np.float32)}
    },
    "a clock that goes back": lambda f: {"updates": f.updates[::-1].copy()},
    "a clock from before the start": lambda f: {"updates": f.updates - 1},
    "a clock of floats": lambda f: {"updates": f.updates.astype(np.float64)},
    "no frame": lambda f: {
        "updates": f.updates[:0],
        "images_seen": f.images_seen[:0],
        "frames": {"images": f.frames["images"][:0]},
        "scores": {},
    },
    "fewer scores than frames": lambda f: {"scores": {"frechet": np.zeros(2, np.float32)}},
    "infinite scores": lambda f: {"scores": {"frechet": np.full(F, np.inf, np.float32)}},
    "vast scores": lambda f: {"scores": {"frechet": np.zeros((F, 1000), np.float32)}},
    "losses of different lengths": lambda f: {
        "trace": f.trace | {"loss_g": np.zeros(3, np.float32)}
    },
    "losses with NaN": lambda f: {"trace": {"loss_d": np.full(U, np.nan, np.float32)}},
    "losses in a square": lambda f: {"trace": {"loss_d": np.zeros((2, 2), np.float32)}},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_film_of_another_kind_is_none(film, change):
    assert check_film(pack_film(replace(film, **change(film))), Z) is None


def spoilt(parts: dict[str, bytes], name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in parts[name]
    return parts | {name: parts[name].replace(old, new)}


PARTS = {
    "an unknown part": lambda p: p | {"evil.npy": npy(np.zeros(2))},
    "a part with a path": lambda p: p | {"../fixed.noise.npy": npy(np.zeros(2))},
    "a part that is no array": lambda p: p | {"trace.loss_d.npy": b"x" * 200},
    "an array of objects": lambda p: (
        p | {"trace.loss_d.npy": npy(np.array([{}], object), allow_pickle=True)}
    ),
    "an array of words": lambda p: p | {"trace.loss_d.npy": npy(np.array(["x"] * U))},
    "a huge claim": lambda p: spoilt(p, "frame.images.npy", b"(3, 5, 784)", b"(99999, 5, 784)"),
    "a claim beyond all memory": lambda p: spoilt(
        p, "updates.npy", b"'shape': (3,), }", b"'shape': (9999999999999,), }"
    ),
    "a cut array": lambda p: p | {"frame.images.npy": p["frame.images.npy"][:-1]},
    "an array that is turned": lambda p: (
        p | {"frame.opinions.npy": npy(np.asfortranarray(np.zeros((F, N), np.float32)))}
    ),
    "too many parts": lambda p: (
        p | {f"score.s{i}.npy": npy(np.zeros(F, np.float32)) for i in range(50)}
    ),
    "no clock": lambda p: {k: v for k, v in p.items() if k != "updates.npy"},
    "nothing": lambda p: {},
}


@pytest.mark.parametrize("change", PARTS.values(), ids=PARTS)
def test_an_archive_of_other_things_is_no_film(film, change):
    assert check_film(packed(change(parts_of(pack_film(film)))), Z) is None


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_unusual_compression_is_no_film(film, method):
    assert check_film(packed(parts_of(pack_film(film)), method), Z) is None


def test_a_film_that_unpacks_to_too_much_is_none(film, monkeypatch):
    content = pack_film(film)
    monkeypatch.setattr(npy_check, "MAX_FILM", 1000)
    assert check_film(content, Z) is None


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", b"\x93NUMPY"])
def test_bytes_that_are_no_archive_are_no_film(content):
    assert check_film(content, Z) is None


@pytest.mark.parametrize("seed", range(150))
def test_a_spoilt_film_is_none_or_a_film(film, seed):
    rng, data = np.random.default_rng(seed), bytearray(pack_film(film))
    for place in rng.integers(0, len(data), 1 + seed % 5):
        data[place] = rng.integers(256)
    content = check_film(bytes(data), Z)
    if content is not None:
        assert unpack_film(content).frames["images"].shape[1:] == (N, 784)


def test_a_bad_film_is_left_out_of_an_imported_run_with_a_note(train_tiny):
    run = train_tiny("mine")
    film_path(run.path).write_bytes(b"not a film")
    found = import_zip(zip_run(run), "back")
    assert found.notes == ("Its film.npz is no film of such a run and was left out.",)
    assert not has_film(found.run)


def test_a_film_beside_a_model_that_has_none_is_left_out(make_run, film):
    run = make_run("mine")
    film_path(run.path).write_bytes(pack_film(film))
    assert not has_film(import_zip(zip_run(run), "back").run)


@pytest.mark.parametrize("architecture", ["mlp", "dcgan-course", "dcgan-32", "dcgan-28"])
@pytest.mark.parametrize("more", [{}, {"normalisation": "spectral", "averaging": 0.9}])
def test_weights_of_every_architecture_come_in_and_those_of_others_do_not(
    train_tiny, architecture, more
):
    run = train_tiny("mine", architecture=architecture, epochs=1, images=40, **more)
    assert import_zip(zip_run(run), "back").notes == ()
    config = (run.path / "config.json").read_text()
    (run.path / "config.json").write_text(config.replace('"latent_dim": 4', '"latent_dim": 5'))
    with pytest.raises(GenLabError, match="of shape"):
        import_zip(zip_run(find_run("mine")), "other")


def test_counters_that_are_no_whole_numbers_are_refused(train_tiny):
    from safetensors.numpy import load_file, save_file

    run = train_tiny("mine", "classifier")
    path = run.path / "model.safetensors"
    good = load_file(path)
    name = next(key for key in good if key.endswith("num_batches_tracked"))
    for value, match in (
        (np.array(3.0, np.float32), "as float32, not int64"),
        (np.array(-1), "counts below 0"),
    ):
        save_file(good | {name: value}, path)
        with pytest.raises(GenLabError, match=match):
            import_zip(zip_run(run), "back")
