"""Zipped runs: what goes out comes back, and what must not be trusted gets one sentence."""

import io
import json
import os
import re
import stat
import struct
import tracemalloc
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from genlab.errors import GenLabError
from genlab.places import new_runs
from genlab.runs.archive import import_any, import_zip, zip_run
from genlab.runs.folder import find_run, list_runs, load_tensors, read_metrics
from genlab.runs.manage import read_tags, tag_run

MADE = {
    "date": "2026-11-20",
    "data": "Fashion-MNIST, all",
    "best_epoch": 1,
    "epochs_done": 2,
    "stopped_early": False,
    "owner": "abc",
    "torch": "2.11",
    "machine": "x86_64",
}
EPOCH = {
    "epoch": 1,
    "step": 10,
    "seconds": 0.5,
    "train": {"neg_elbo": 3.0},
    "validation": {"neg_elbo": 2.0},
}


@pytest.fixture
def files(make_run):
    """The files of a good run, to be spoilt one by one."""
    run = make_run("good")
    config = run.config | {"made": MADE}
    return {
        "config.json": json.dumps(config).encode(),
        "model.safetensors": (run.path / "model.safetensors").read_bytes(),
        "metrics.jsonl": (json.dumps(EPOCH) + "\n").encode() * 2,
        "tags.json": b'["first"]',
        "maps/tsne.npy": npy(np.zeros((10_000, 2), np.float16)),
    }


def npy(array, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@contextmanager
def peak_below(megabytes):
    """What runs in it never holds more than that."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * 2**20
    finally:
        tracemalloc.stop()


def zipped(files, folder="good/", **options) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **{"compression": zipfile.ZIP_DEFLATED} | options) as out:
        for name, content in files.items():
            out.writestr(folder + name, content)
    return buffer.getvalue()


def with_config(files, **changes):
    return files | {"config.json": json.dumps(json.loads(files["config.json"]) | changes).encode()}


def with_model(files, **changes):
    model = json.loads(files["config.json"])["model"]
    return with_config(files, model=model | changes)


def with_tensors(files, change):
    tensors = {
        name: torch.from_numpy(array.copy()).numpy()
        for name, array in load_tensors(find_run("good")).items()
    }
    change(tensors)
    return files | {"model.safetensors": save(tensors)}


def assert_refused(data, match, name="mine"):
    """The import fails with one sentence and leaves nothing behind."""
    before = sorted(p.name for p in new_runs().iterdir())
    with pytest.raises(GenLabError, match=match) as caught:
        import_any(data, name, filename="theirs.zip")
    assert "\n" not in str(caught.value)
    assert sorted(p.name for p in new_runs().iterdir()) == before


# What goes out comes back


@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_a_zipped_run_comes_back_with_weights_metrics_maps_and_tags(make_run, files, family):
    run = make_run("mine", family=family)
    for name in ("metrics.jsonl", "maps/tsne.npy"):
        (run.path / name).parent.mkdir(exist_ok=True)
        (run.path / name).write_bytes(files[name])
    tag_run("mine", ["first"])
    back = import_zip(zip_run(run), "back").run
    assert {k: back.config[k] for k in run.config} == run.config
    ours, theirs = load_tensors(run), load_tensors(back)
    assert ours.keys() == theirs.keys()
    assert all((ours[key] == theirs[key]).all() for key in ours)
    assert read_metrics(back) == [EPOCH, EPOCH]
    assert read_tags(back) == ["first"]
    assert (back.path / "maps/tsne.npy").read_bytes() == files["maps/tsne.npy"]


def test_a_zip_does_not_say_who_owns_the_run_and_takes_the_owner_who_brings_it(files):
    run = import_zip(zipped(files), "mine", owner="me").run
    assert run.owner == "me"
    assert run.config["made"] == MADE | {"owner": "me"}
    with zipfile.ZipFile(io.BytesIO(zip_run(run))) as archive:
        assert not any(b"owner" in archive.read(name) for name in archive.namelist())


def test_figures_are_left_behind_to_be_measured_here(files):
    claims = {
        "summary.json": b'{"neg_elbo_test": 1}',
        "README.md": b"# best",
        "latents/mu.npy": npy(np.zeros((10_000, 3), np.float32)),
    }
    found = import_zip(zipped(files | claims), "mine")
    kept = {p.relative_to(found.run.path).as_posix() for p in found.run.path.rglob("*.*")}
    assert kept == files.keys()
    assert found.notes == ()


@pytest.mark.parametrize("folder", ["", "good/", "some/where/deep/", "./good/", "GOOD run/"])
def test_the_folder_in_the_zip_may_have_any_name(files, folder):
    assert import_zip(zipped(files, folder), "mine").run.name == "mine"


def test_the_name_comes_from_the_file_and_is_free(files):
    for name in ("their-run", "their-run-2"):
        assert import_any(zipped(files), filename="C:\\x\\Their Run.ZIP").run.name == name


def test_a_file_by_its_path_is_taken_too(files, tmp_path):
    (tmp_path / "up.zip").write_bytes(zipped(files))
    assert import_any(tmp_path / "up.zip").run.name == "up"


def test_a_checkpoint_of_torch_is_a_zip_but_no_run(tmp_path):
    torch.manual_seed(0)
    shapes = {"fc1": (8, 784), "fc21": (2, 8), "fc22": (2, 8), "fc3": (8, 2), "fc4": (784, 8)}
    state = {f"{n}.weight": torch.randn(s) for n, s in shapes.items()}
    state |= {f"{n}.bias": torch.zeros(s[0]) for n, s in shapes.items()}
    torch.save(state, tmp_path / "vae.pth")
    run = import_any(tmp_path / "vae.pth", "mine", "mnist", owner="me").run
    assert (run.family, run.owner) == ("vae", "me")


# Paths and links


@pytest.mark.parametrize(
    "path",
    [
        "../evil.txt",
        "good/../../evil.txt",
        "/etc/evil",
        "\\\\server\\evil",
        "C:\\evil.txt",
        "c:/evil.txt",
        "..\\evil.txt",
        "good/..",
        "../good/config.json",
        "/tmp/genlab/config.json",
    ],
)
def test_a_path_out_of_the_folder_is_refused(files, path, tmp_path):
    assert_refused(zipped(files | {path: b"evil"}, folder=""), "leads out of its folder")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
@pytest.mark.parametrize("path", ["good/model.safetensors", "good/extra", "good/maps"])
def test_a_link_or_a_device_is_refused(files, path, kind):
    buffer = io.BytesIO(zipped({k: v for k, v in files.items() if f"good/{k}" != path}))
    entry = zipfile.ZipInfo(path)
    entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
    with zipfile.ZipFile(buffer, "a") as out:
        out.writestr(entry, "/etc/passwd")
    assert_refused(buffer.getvalue(), "a link or a device")


def test_control_characters_in_a_path_are_refused(files):
    assert_refused(zipped(files | {"a\x1b[2Jb": b"x"}), "control characters")
    assert_refused(zipped(files | {"a\u202eb": b"x"}), "control characters")


def test_a_file_without_a_name_is_refused(files):
    data = zipped(files | {"QQ": b"x"}, folder="").replace(b"QQ", b"\0Q")  # ends at the zero
    assert_refused(data, "without a name")


def test_files_that_are_no_part_of_a_run_stay_out_and_are_named(files):
    others = {
        "run.py": b"import os",
        ".trash/x": b"x",
        "maps/../../x".replace("..", "dots"): b"x",
        "sub/model.safetensors": b"x",
        "<b>evil</b>.html": b"x",
        "maps/UPPER.npy": b"x",
    }
    found = import_zip(zipped(files | others), "mine")
    kept = {p.relative_to(found.run.path).as_posix() for p in found.run.path.rglob("*.*")}
    assert kept == files.keys()
    (note,) = found.notes
    assert note.startswith("Left out, for they are no part of a run: ")
    assert "and 2 more" in note
    assert "<" not in note


def test_what_macos_adds_is_passed_over(files):
    data = zipped(
        {f"good/{k}": v for k, v in files.items()}
        | {"__MACOSX/good/._config.json": b"x", "__MACOSX/good/config.json": b"x"},
        folder="",
    )
    assert import_zip(data, "mine").run.name == "mine"


# Sizes


@pytest.mark.parametrize(
    "bomb",
    ["config.json", "model.safetensors", "metrics.jsonl", "tags.json", "maps/tsne.npy"],
)
def test_a_file_that_unpacks_to_far_more_is_refused_in_little_memory(files, bomb):
    data = zipped(files | {bomb: bytes(150 * 2**20)})
    assert len(data) < 400_000
    with peak_below(20):
        assert_refused(data, f"{bomb} in theirs.zip unpacks to more than")


def with_declared_size(data, name, size):
    """The archive's list says another size of one file than it has."""
    at = data.index(name.encode(), data.index(b"PK\x01\x02")) - 46
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


def test_a_bomb_that_declares_a_small_size_is_not_unpacked(files):
    data = zipped(files | {"metrics.jsonl": bytes(100 * 2**20)})
    data = with_declared_size(data, "good/metrics.jsonl", 10)
    with peak_below(20):
        assert_refused(data, "damaged or cut short")


def test_a_file_that_declares_a_huge_size_is_refused(files):
    data = with_declared_size(zipped(files), "good/model.safetensors", 2**32 - 10)
    assert_refused(data, "unpacks to more than")


@pytest.mark.parametrize("count", [250, 20_000])
def test_too_many_files_are_refused_before_they_are_listed(files, count):
    data = zipped(files | {f"x{i}": b"" for i in range(count)}, compression=zipfile.ZIP_STORED)
    with peak_below(2):
        assert_refused(data, r"holds [\d,]+ files; a run has about ten")


@pytest.mark.parametrize("field", ["hidden", "latent_dim"])
def test_a_config_that_asks_for_a_huge_model_is_refused_in_little_memory(files, field):
    for size, match in (
        (10**8, "describes a model of [\\d,]+ MB"),  # found without making one
        (10**18, "describes a model of|cannot be built"),
        (10**300, "describes no run|cannot be built"),
    ):
        assert_refused(zipped(with_model(files, **{field: size})), match)


# Archives that are not what they seem


def test_a_file_that_is_there_twice_is_refused(files):
    buffer = io.BytesIO(zipped(files))
    with zipfile.ZipFile(buffer, "a") as out, pytest.warns(UserWarning, match="Duplicate"):
        out.writestr("good/config.json", files["config.json"])
    assert_refused(buffer.getvalue(), "holds config.json twice")


def test_the_same_file_by_two_paths_is_refused(files):
    assert_refused(zipped(files | {"./model.safetensors": b"x"}), "holds model.safetensors twice")


def test_two_runs_in_one_zip_are_refused(files):
    data = zipped(
        {f"{folder}/{k}": v for folder in ("a", "b") for k, v in files.items()}, folder=""
    )
    assert_refused(data, r"holds 2 runs \(a, b\); zip one at a time")


def test_a_zip_within_a_zip_is_refused(files):
    assert_refused(zipped({"good.zip": zipped(files)}), "unpack it|torch.save did not write")
    assert_refused(zipped({"config.json": zipped(files)}), "cannot be read")
    with pytest.raises(GenLabError, match="has no config.json"):
        import_zip(zipped({"good.zip": zipped(files)}), "mine")


def test_an_encrypted_zip_is_refused(files):
    data = bytearray(zipped(files))
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        for found in re.finditer(re.escape(mark), bytes(data)):
            data[found.start() + offset] |= 1
    assert_refused(bytes(data), "encrypted; zip it without a password")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_unusual_compression_is_refused(files, method):
    assert_refused(zipped(files, compression=method), "packed in an unusual way")


def test_a_file_whose_content_was_changed_is_refused(files):
    data = zipped(files, compression=zipfile.ZIP_STORED)
    assert_refused(data.replace(b"first", b"worst"), "damaged or cut short")


def test_a_list_that_names_another_file_than_lies_there_is_refused(files):
    data = zipped(files)
    at = data.index(b"good/model.safetensors")  # in front of the file itself
    assert_refused(data[:at] + b"evil" + data[at + 4 :], "damaged or cut short")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_zip_that_is_cut_short_is_refused(files, share):
    data = zipped(files)
    assert_refused(data[: int(share * len(data))], "damaged or cut short")


@pytest.mark.parametrize("seed", range(60))
def test_a_spoilt_zip_is_refused_or_imported_whole(files, seed):
    rng, data = np.random.default_rng(seed), bytearray(zipped(files))
    for place in rng.integers(0, len(data), 1 + seed % 5):
        data[place] = rng.integers(256)
    tail = rng.integers(len(data) - 700, len(data), seed % 4)  # the archive's list
    for place in tail:
        data[place] = rng.integers(256)
    try:
        run = import_any(bytes(data), "mine", filename="theirs.zip").run
    except GenLabError:
        assert [r.name for r in list_runs() if r.path.parent == new_runs()] == ["good"]
    else:
        assert load_tensors(run).keys() == load_tensors(find_run("good")).keys()


# What is missing or wrong inside


def test_without_weights_or_config_it_is_refused(files):
    for missing, match in (
        ("config.json", "has no config.json, so it is not a run"),
        ("model.safetensors", "no model.safetensors; zip the whole folder"),
    ):
        assert_refused(zipped({k: v for k, v in files.items() if k != missing}), match)


def test_without_the_rest_it_is_taken(files):
    only = {k: files[k] for k in ("config.json", "model.safetensors")}
    assert read_metrics(import_zip(zipped(only), "mine").run) == []


@pytest.mark.parametrize(
    ("config", "match"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"[]", "not that of a GenLab run"),
        (b'{"model_type": "bert"}', "not that of a GenLab run"),
    ],
)
def test_a_config_of_another_kind_is_refused(files, config, match):
    assert_refused(zipped(files | {"config.json": config}), match)


@pytest.mark.parametrize(
    "change",
    [
        {"family": "gan"},
        {"family": "__class__"},
        {"dataset": "../mnist"},
        {"dataset": "imagenet"},
        {"model": {}},
        {"model": {"pixels": 784, "hidden": 8, "latent_dim": 3, "extra": 1}},
        {"model": {"pixels": 784, "hidden": 8.0, "latent_dim": 3}},
        {"model": {"pixels": 784, "hidden": True, "latent_dim": 3}},
        {"model": {"pixels": 784, "hidden": "8", "latent_dim": 3}},
        {"model": {"pixels": 784, "hidden": -8, "latent_dim": 3}},
        {"model": {"pixels": 100, "hidden": 8, "latent_dim": 3}},
        {"training": {}},
        {"training": {"epochs": "<b>"}},
    ],
    ids=str,
)
def test_a_config_that_is_none_of_ours_is_refused(files, change):
    assert_refused(zipped(with_config(files, **change)), "theirs.zip")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("learning_rate", v) for v in (float("nan"), 10**400, "0.1", None, [], True)]
    + [("seed", v) for v in ("x", 1.5, None, [1], {})]
    + [("epochs", 2.5), ("batch_size", True), ("schedule", ["cosine"]), ("precision", 3)],
)
def test_training_settings_of_another_kind_are_refused(files, setting, value):
    training = json.loads(files["config.json"])["training"] | {setting: value}
    assert_refused(
        zipped(with_config(files, training=training)), f"no run of this GenLab.*{setting}"
    )


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t: t.pop("decoder.2.bias"), "lacks decoder.2.bias"),
        (lambda t: t.update(evil=np.zeros(1, np.float32)), "unknown tensor evil"),
        (lambda t: t.update({"decoder.2.bias": np.zeros(3, np.float32)}), r"of shape \(3,\)"),
        (lambda t: t.update({"decoder.2.bias": np.zeros(784)}), "as float64, not float32"),
        (lambda t: t["encoder.0.weight"].__setitem__((0, 0), np.nan), "1 numbers of encoder.0"),
        (lambda t: t["decoder.0.bias"].__setitem__(slice(2), np.inf), "2 numbers of decoder.0"),
    ],
)
def test_weights_that_do_not_fit_the_config_are_refused_by_name(files, change, match):
    assert_refused(zipped(with_tensors(files, change)), match)


def test_weights_of_another_config_are_refused(files):
    assert_refused(zipped(with_model(files, latent_dim=4)), "has encoder.2.weight of shape")
    assert_refused(zipped(with_model(files, hidden=9)), "has encoder.0.weight of shape")


@pytest.mark.parametrize(
    "weights",
    [
        b"",
        b"x",
        b"\x80\x02.",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 10) + b"{not json}",
        struct.pack("<Q", 2) + b"{}" + b"x" * 100,
    ],
)
def test_weights_that_are_no_safetensors_are_refused(files, weights):
    assert_refused(zipped(files | {"model.safetensors": weights}), "damaged|lacks")


def test_a_pickle_in_place_of_the_weights_is_not_opened(files, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "mark"),)

    buffer = io.BytesIO()
    torch.save({"w": Trap()}, buffer)
    assert_refused(zipped(files | {"model.safetensors": buffer.getvalue()}), "damaged")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "metrics",
    [
        b"{",
        b"[1]\n",
        b'{"epoch": 1}\n',
        json.dumps(EPOCH | {"epoch": "<b>"}).encode(),
        json.dumps(EPOCH | {"train": {"neg_elbo": float("nan")}}).encode(),
        json.dumps(EPOCH | {"step": 10**400}).encode(),
        json.dumps(EPOCH | {"train": {"![x](y)": 1.0}}).encode(),
        json.dumps(EPOCH | {"train": {}}).encode(),
        b"[" * 100_000,
    ],
    ids=range(9),
)
def test_metrics_of_another_kind_are_left_out_with_a_note(files, metrics):
    found = import_zip(zipped(files | {"metrics.jsonl": metrics}), "mine")
    assert found.notes == ("Its metrics.jsonl is not one of GenLab's and was left out.",)
    assert read_metrics(found.run) == []


BAD_MAPS = {
    "of objects": npy(np.array([{}], dtype=object), allow_pickle=True),
    "of other images": npy(np.zeros((9_999, 2), np.float32)),
    "with NaN": npy(np.full((10_000, 2), np.nan, np.float32)),
    "of whole numbers": npy(np.zeros((10_000, 2), np.int32)),
    "cut short": npy(np.zeros((10_000, 2), np.float16))[:-1],
    "empty": b"",
    "of a huge shape": npy(np.zeros((0, 2), np.float16)).replace(b"(0, 2)", b"(9999999999999, 2)"),
}


@pytest.mark.parametrize("content", BAD_MAPS.values(), ids=BAD_MAPS)
def test_a_map_of_another_kind_is_left_out_with_a_note(files, content):
    found = import_zip(zipped(files | {"maps/tsne.npy": content}), "mine")
    assert found.notes == ("maps/tsne.npy is no map of its test images and was left out.",)
    assert not (found.run.path / "maps").exists()


def test_hostile_tags_and_words_are_tamed(files):
    made = MADE | {"data": "<img src=x>\x1b[2J\u202e" + "x" * 1000, "evil": {"a": [1]}}
    tags = b'["ok", "<script>", "![x](http://evil.example)", 3, "ok"]'
    run = import_zip(zipped(with_config(files, made=made) | {"tags.json": tags}), "mine").run
    assert read_tags(run) == ["ok"]
    assert "evil" not in run.config["made"]
    assert len(run.config["made"]["data"]) <= 400
    assert run.config["made"]["data"].isprintable()


@pytest.mark.parametrize("made", ["x", [], {"date": 3}, {"date": "x"}, MADE | {"best_epoch": "1"}])
def test_a_story_of_another_kind_is_left_out(files, made):
    assert "made" not in import_zip(zipped(with_config(files, made=made)), "mine").run.config


@pytest.mark.parametrize(
    ("start", "kept"),
    [("vae-of-mine", "vae-of-mine"), ("../up", ""), ("<b>", ""), (3, ""), ([], "")],
)
def test_what_a_training_began_with_is_kept_where_it_is_the_name_of_a_run(files, start, kept):
    run = import_zip(zipped(with_config(files, start=start)), "mine").run
    assert run.config["start"] == kept


def test_unknown_keys_of_a_config_are_left_out(files):
    run = import_zip(zipped(with_config(files, evil="<b>", unpacked={"owner": "you"})), "mine").run
    assert run.config.keys() == {
        "family",
        "dataset",
        "model",
        "training",
        "start",
        "made",
        "unpacked",
    }
    assert run.owner == ""


# Names


def test_a_taken_name_or_none_is_refused_and_the_run_there_stays(files):
    before = (new_runs() / "good" / "config.json").read_bytes()
    assert_refused(zipped(files), "choose another name", name="good")
    assert_refused(zipped(files), "choose another name", name="vae-fashion")
    assert_refused(zipped(files), "cannot name a run", name="../up")
    assert (new_runs() / "good" / "config.json").read_bytes() == before
