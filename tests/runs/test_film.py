"""The film: when its frames are taken, that nothing is lost on disk, and what hostile bytes do."""

import io
import zipfile

import numpy as np
import pytest
import torch

from genlab.errors import GenLabError
from genlab.models.gan import GANConfig
from genlab.runs.film import Film, Reel, film_path, has_film, load_film, pack_film, unpack_film
from genlab.runs.recording import Recorder, record_run
from genlab.training.config import TrainConfig
from genlab.training.gan_step import EARLY_FRAMES, film_noise
from genlab.training.loop import EpochRecord, split_data, total_steps, train
from genlab.training.recipes import FAMILIES, RunConfig, build_model

CONFIG = RunConfig(
    family="gan",
    dataset="mnist",
    model=GANConfig(architecture="dcgan-32", latent_dim=3),
    training=TrainConfig(epochs=2, batch_size=8, precision="float32", learning_rate=2e-4),
)
UPDATES = [0, 10, 15, 25, 30]  # fifteen updates an epoch


def session(count=150, config=CONFIG):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 784), generator=generator, dtype=torch.uint8)
    data = split_data(images, torch.arange(count) % 10, config.training)
    steps = total_steps(len(data.images), config.training)
    step = FAMILIES[config.family].step(build_model(config), config.training, steps)
    return step, train(step, data, config.training, report_every=7)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A short training's step, film and scores given to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLAB_HOME", str(tmp_path_factory.mktemp("home")))
        step, records = session()
        told = []

        def score(model):
            told.append(model.training)
            return {"quality": float(len(told)), "histogram": np.full(10, len(told))}

        run = record_run("mine", CONFIG, step, records, data_origin="made up", score=score)
        return run, step, load_film(run), told


def same_parts(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and np.array_equal(one[name], other[name], True)
        for name in one
    )


def same(one: Film, other: Film) -> bool:
    parts = ("fixed", "frames", "scores", "trace")
    return (
        np.array_equal(one.updates, other.updates)
        and np.array_equal(one.images_seen, other.images_seen)
        and all(same_parts(getattr(one, part), getattr(other, part)) for part in parts)
    )


def small_film(frames=3, updates=5) -> Film:
    return Film(
        updates=np.arange(frames),
        images_seen=np.arange(frames) * 8,
        fixed={"noise": np.ones((64, 3), np.float32)},
        frames={"images": np.zeros((frames, 64, 784), np.uint8)},
        scores={"frechet": np.array([np.nan, 2.0, 1.0], np.float32)[:frames]},
        trace={"loss_d": np.linspace(0, 1, updates, dtype=np.float32)},
    )


def test_frames_are_taken_before_the_first_update_early_on_and_after_each_epoch(filmed):
    _, _, film, _ = filmed
    assert film.updates.tolist() == UPDATES
    assert film.images_seen.tolist() == [0, 80, 120, 200, 240]
    assert len(film) == 5


def test_a_frame_shows_what_the_model_makes_of_the_fixed_noise_at_that_time(filmed):
    _, step, film, _ = filmed
    assert film.frames["images"].shape == (5, 64, 784)
    assert film.frames["images"].dtype == np.uint8
    assert film.frames["opinions"].shape == (5, 64)
    assert np.array_equal(film.fixed["noise"], film_noise(CONFIG.model).numpy())
    assert np.array_equal(film.frames["images"][-1], step.frame()["images"])
    first = session()[0].frame()["images"]  # untrained, from the same seed
    assert np.array_equal(film.frames["images"][0], first)
    assert not np.array_equal(first, film.frames["images"][-1])


def test_the_trace_has_one_value_for_every_update(filmed):
    _, _, film, _ = filmed
    assert set(film.trace) == {"loss_d", "loss_g", "d_real", "d_fake"}
    assert {len(values) for values in film.trace.values()} == {30}
    epochs = [r.train for r in session()[1] if isinstance(r, EpochRecord)]
    for name, values in film.trace.items():
        for epoch, mean in enumerate(epochs):
            assert values[epoch * 15 : epoch * 15 + 15].mean() == pytest.approx(
                mean[name], rel=1e-3
            )


def test_every_frame_is_scored_by_the_model_in_eval_mode(filmed):
    _, _, film, told = filmed
    assert told == [False] * 5
    assert film.scores["quality"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert film.scores["histogram"].shape == (5, 10)


def test_an_update_that_is_early_and_ends_an_epoch_has_one_frame(own_home):
    count = 100  # 80 to train on: ten updates an epoch
    step, records = session(count)
    film = load_film(record_run("mine", CONFIG, step, records, data_origin=""))
    assert film.updates.tolist() == [0, 10, 20]


def test_scoring_and_filming_change_nothing_of_the_training(own_home):
    filmed, records = session()
    record_run("mine", CONFIG, filmed, records, data_origin="", score=lambda m: {"one": 1.0})
    plain, records = session()
    list(records)
    for name, value in plain.model.state_dict().items():
        assert torch.equal(value, filmed.model.state_dict()[name]), name


def test_the_last_weights_are_kept_for_no_loss_tells_which_are_best(filmed):
    run, step, _, _ = filmed
    assert run.config["made"]["best_epoch"] == 2
    from genlab.runs.models import load_model

    kept = load_model(run)
    for name, value in step.model.state_dict().items():
        assert torch.equal(kept.state_dict()[name], value), name


def test_a_recorder_restored_in_the_middle_makes_the_film_of_an_uninterrupted_one(filmed):
    _, _, whole, _ = filmed
    step, records = session()
    scores = iter(range(1, 100))

    def score(model):
        n = next(scores)
        return {"quality": float(n), "histogram": np.full(10, n)}

    recorder = Recorder(CONFIG, step, score)
    recorder.begin()
    for number, record in enumerate(records):
        if number == 3:
            state = recorder.state_dict()
            recorder = Recorder(CONFIG, step, score)
            recorder.load_state_dict(state)
            recorder.begin()  # has its first frame already
        recorder.take(record)
    assert same(unpack_film(recorder.reel.packed()), whole)


@pytest.mark.parametrize("small", [True, False])
def test_a_film_survives_the_disk_and_is_smaller_than_its_frames(small, filmed):
    _, _, film, _ = filmed
    content = pack_film(film, small=small)
    assert same(unpack_film(content), film)
    assert content == pack_film(film, small=small)
    assert same(Reel.unpacked(content).film(), film)


def test_a_loss_beyond_float16_is_kept_as_the_largest_there_is():
    film = small_film()
    film.trace["loss_d"][0] = 1e9
    found = unpack_film(pack_film(film)).trace["loss_d"]
    assert np.isfinite(found).all()
    assert found[0] == 65504.0


def test_a_figure_that_a_frame_lacks_is_nan():
    reel = Reel()
    for update, scores in enumerate(({}, {"frechet": 3.0}, {"recall": 0.5})):
        reel.add_frame(update, update, {"images": np.zeros(4, np.uint8)}, scores)
    scores = unpack_film(reel.packed()).scores
    assert np.isnan(scores["frechet"]).tolist() == [True, False, True]
    assert np.isnan(scores["recall"]).tolist() == [True, True, False]


def test_families_without_a_film_have_none(make_run):
    run = make_run("mine")
    assert not has_film(run)
    with pytest.raises(GenLabError, match='Run "mine" has no film; runs that GenLab trains'):
        load_film(run)


def test_the_courses_pictures_are_among_the_early_ones():
    assert {250, 500, 1000} <= set(EARLY_FRAMES)


def npy(array, header=None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True)
    content = file.getvalue()
    return content.replace(*header) if header else content


def zipped(**entries) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", ".") + ".npy", content)
    return buffer.getvalue()


def replaced(**entries) -> bytes:
    """A good film with some of its arrays replaced."""
    film = small_film()
    good = {
        "updates": npy(film.updates),
        "images_seen": npy(film.images_seen),
        "frame__images": npy(film.frames["images"]),
        "trace__loss_d": npy(film.trace["loss_d"]),
    }
    return zipped(**good | entries)


HUGE = (b"(3,), }" + b" " * 12, b"(3000000000000,), }")
BAD = {
    "nothing": b"",
    "no archive": b"PK\x03\x04 but no more",
    "truncated": pack_film(small_film())[:-200],
    "another archive": zipped(weights=npy(np.zeros(3))),
    "pickled objects": replaced(frame__images=npy(np.array([{}, {}, {}], object))),
    "words": replaced(frame__images=npy(np.array(["a", "b", "c"]))),
    "a claim of 24 TB": replaced(updates=npy(np.arange(3), HUGE)),
    "an array cut short": replaced(updates=npy(np.arange(3))[:-8]),
    "one frame less": replaced(frame__images=npy(np.zeros((2, 64, 784), np.uint8))),
    "one number": replaced(images_seen=npy(np.array(3))),
    "time running backwards": replaced(updates=npy(np.array([0, 2, 1]))),
    "traces of two lengths": replaced(trace__loss_g=npy(np.zeros(4, np.float16))),
    "no array": replaced(frame__images=b"\x93NUMPY\x01\x00\xff\xff{'descr"),
}


def test_the_good_film_of_these_tests_is_one():
    assert len(unpack_film(replaced())) == 3
    assert b"3000000000000" in npy(np.arange(3), HUGE)


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_bytes_that_are_no_film_give_one_sentence_with_its_mend(content):
    with pytest.raises(GenLabError) as caught:
        unpack_film(content)
    sentence = str(caught.value)
    assert sentence.startswith("film.npz cannot be read (")
    assert sentence.endswith("; delete it, or train the run again.")
    assert "\n" not in sentence


def test_an_archive_that_would_unpack_to_gigabytes_is_not_unpacked(monkeypatch):
    monkeypatch.setattr("genlab.runs.film.LARGEST", 100_000)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *a: pytest.fail("was unpacked"))
    with pytest.raises(GenLabError, match="it unpacks to 0 MB"):
        unpack_film(pack_film(small_film()))


def read_or_refused(content: bytes) -> tuple[Film | None, str]:
    try:
        return unpack_film(content), ""
    except GenLabError as error:
        return None, str(error)


def test_damaged_films_are_read_as_they_were_or_refused_in_one_sentence(rng):
    good = bytearray(pack_film(small_film(), small=False))
    for _ in range(300):
        damaged = bytearray(good)
        for place in rng.integers(0, len(good), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        film, sentence = read_or_refused(bytes(damaged))
        assert len(film) == 3 if film else "\n" not in sentence


def test_a_broken_film_of_a_run_is_said_when_it_is_loaded(filmed, own_home):
    step, records = session()
    run = record_run("mine", CONFIG, step, records, data_origin="")
    film_path(run.path).write_bytes(b"half a fi")
    assert has_film(run)
    with pytest.raises(GenLabError, match="film.npz cannot be read"):
        load_film(run)
