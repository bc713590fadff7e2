import numpy as np
import pytest

from genlab.errors import GenLabError
from genlab.places import new_runs
from genlab.runs.folder import (
    check_name,
    find_run,
    list_runs,
    load_array,
    load_tensors,
    new_run_folder,
    read_metrics,
    read_summary,
    save_array,
    saved_arrays,
    weights_version,
    write_summary,
)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../up",
        "a/b",
        ".hidden",
        "Capital",
        "a b",
        "é",
        "a\n",
        "<b>",
        "x" * 65,
        "-flag",
        "a\x00",
    ],
)
def test_a_name_that_could_leave_the_folder_or_a_page_is_refused(name):
    with pytest.raises(GenLabError, match="cannot name a run"):
        check_name(name)


def test_names_in_use_are_accepted():
    for name in ("vae-fashion", "vae2d-mnist", "0", "a.b_c-d", "x" * 64):
        assert check_name(name) == name


def test_a_new_run_is_listed_after_the_shipped_ones_and_found(make_run):
    run = make_run("mine")
    assert list_runs()[-1] == run == find_run("mine")
    assert (run.family, run.dataset, run.latent_dim, run.conditional) == (
        "vae",
        "fashion",
        3,
        False,
    )
    assert make_run("c", family="cvae").conditional


def test_an_unknown_run_lists_those_there_are(make_run):
    make_run("mine")
    with pytest.raises(GenLabError, match='no run "other" here; .*mine'):
        find_run("other")


def test_a_folder_that_fails_half_way_leaves_nothing(own_home):
    with pytest.raises(RuntimeError), new_run_folder("half") as folder:
        (folder / "config.json").write_text("{}")
        raise RuntimeError
    assert list(new_runs().iterdir()) == []


def test_a_run_is_not_there_before_it_is_whole(make_run):
    with new_run_folder("slow") as folder:
        (folder / "config.json").write_text("{}")
        assert "slow" not in [run.name for run in list_runs()]


def test_a_taken_name_is_refused(make_run):
    make_run("mine")
    with pytest.raises(GenLabError, match="choose another name"), new_run_folder("mine"):
        pass


@pytest.mark.parametrize(
    "content", ["", "not json", "[]", "null", '{"family": 3}', '{"model": []}']
)
def test_a_broken_config_hides_its_folder_and_no_other(make_run, content):
    make_run("good")
    bad = new_runs() / "bad"
    bad.mkdir()
    (bad / "config.json").write_text(content)
    names = [run.name for run in list_runs()]
    assert "good" in names
    assert "bad" not in names


def test_weights_that_are_missing_or_cut_short_give_a_sentence(make_run):
    run = make_run()
    path = run.path / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(GenLabError, match="cannot be read"):
        load_tensors(run)
    path.unlink()
    with pytest.raises(GenLabError, match="may still be training"):
        load_tensors(run)


def test_other_weights_have_another_version(make_run):
    assert weights_version(make_run("one")) != weights_version(make_run("two", latent_dim=4))


def test_arrays_survive_and_are_listed(make_run):
    run, array = make_run(), np.arange(6, dtype=np.float32).reshape(3, 2)
    assert load_array(run, "maps/tsne") is None
    save_array(run, "maps/tsne", array)
    np.testing.assert_array_equal(load_array(run, "maps/tsne"), array)
    assert saved_arrays(run, "maps") == ["tsne"]
    assert saved_arrays(run, "latents") == []


def test_an_array_key_cannot_leave_the_run(make_run):
    with pytest.raises(ValueError, match="array key"):
        save_array(make_run(), "../x", np.zeros(1))


def test_an_array_that_holds_objects_is_not_unpickled(make_run):
    run = make_run()
    (run.path / "maps").mkdir()
    np.save(run.path / "maps" / "tsne.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(GenLabError, match="cannot be read"):
        load_array(run, "maps/tsne")


def test_summary_and_metrics_are_empty_where_there_are_none(make_run):
    run = make_run()
    assert read_summary(run) == {}
    assert read_metrics(run) == []
    write_summary(run, {"kl": 1.5})
    assert read_summary(run) == {"kl": 1.5}
