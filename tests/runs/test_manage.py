import json
import os
import threading
import time

import pytest

from genlab.errors import GenLabError
from genlab.places import new_runs
from genlab.runs import manage
from genlab.runs.folder import find_run, list_runs, load_tensors, read_card, read_summary
from genlab.runs.manage import (
    KEPT_FOR,
    check_tag,
    delete_run,
    list_trash,
    read_tags,
    remove_for_good,
    rename_run,
    restore_run,
    sweep_trash,
    tag_run,
    trash,
)

SHIPPED = "vae-fashion"


@pytest.fixture(autouse=True)
def shipped(monkeypatch):
    monkeypatch.setattr(manage, "is_shipped", lambda run: run.name == SHIPPED)


def names():
    return [run.name for run in list_runs() if run.path.parent == new_runs()]


def content(run):
    return {p.name: p.read_bytes() for p in sorted(run.path.rglob("*")) if p.is_file()}


def test_a_renamed_run_has_another_name_and_the_same_weights(make_run):
    before = load_tensors(make_run("old"))
    renamed = rename_run("old", "new")
    assert renamed == find_run("new")
    assert names() == ["new"]
    assert all((load_tensors(renamed)[key] == before[key]).all() for key in before)


def test_the_summary_and_our_own_card_say_the_new_name(make_run):
    run = make_run("old")
    (run.path / "summary.json").write_text('{"name": "old", "kl_test": 1.0}')
    (run.path / "README.md").write_text("# old\n\n`python -m genlab evaluate old` older\n")
    run = rename_run("old", "new")
    assert read_summary(run) == {"name": "new", "kl_test": 1.0}
    assert read_card(run) == "# new\n\n`python -m genlab evaluate new` older\n"


def test_somebody_s_own_card_keeps_its_words(make_run):
    (make_run("old").path / "README.md").write_text("# The old one\nold")
    assert read_card(rename_run("old", "new")) == "# The old one\nold"


@pytest.mark.parametrize("taken", ["mine", SHIPPED])
def test_a_taken_name_is_refused_and_both_runs_stay(make_run, taken):
    make_run("mine")
    before = content(make_run("other", latent_dim=2))
    with pytest.raises(GenLabError, match=f'There is a run "{taken}" already; choose another'):
        rename_run("other", taken)
    assert names() == ["mine", "other"]
    assert content(find_run("other")) == before


@pytest.mark.parametrize("name", ["../up", "", ".trash", "<b>", "a/b", "x\n", "A", "x" * 65])
def test_a_name_that_is_none_is_refused_and_the_run_stays(make_run, name):
    make_run("mine")
    with pytest.raises(GenLabError, match="cannot name a run"):
        rename_run("mine", name)
    assert names() == ["mine"]


def test_its_own_name_changes_nothing(make_run):
    run = make_run("mine")
    assert rename_run("mine", "mine") == run


@pytest.mark.parametrize(
    "change",
    [
        lambda: rename_run(SHIPPED, "mine"),
        lambda: tag_run(SHIPPED, ["x"]),
        lambda: delete_run(SHIPPED),
    ],
)
def test_a_shipped_run_stays_as_it_is(change):
    before = content(find_run(SHIPPED))
    with pytest.raises(GenLabError, match="came with GenLab"):
        change()
    assert content(find_run(SHIPPED)) == before


def test_a_run_outside_genlab_home_stays_as_it_is():
    with pytest.raises(GenLabError, match="outside GENLAB_HOME"):
        delete_run("cvae-fashion")  # in the shipped folder, but not listed as shipped here


def test_tags_are_kept_in_order_in_lower_case_and_once(make_run):
    make_run("mine")
    assert tag_run("mine", ["Été 2", " best  run ", "best run", "a+b"]) == [
        "a+b",
        "best run",
        "été 2",
    ]
    assert read_tags(find_run("mine")) == ["a+b", "best run", "été 2"]
    assert tag_run("mine", []) == []
    assert read_tags(find_run("mine")) == []


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "   ",
        "<b>x</b>",
        "![x](http://evil.example/x.png)",
        "../up",
        "a/b",
        "a\x00b",
        "a\u202eb",
        "_x_",
        ":red[x]",
        "x" * 25,
        "$x$",
    ],
)
def test_a_tag_that_could_do_harm_is_refused_with_the_mend(make_run, tag):
    make_run("mine")
    with pytest.raises(GenLabError, match="cannot be a tag; use up to 24 letters"):
        check_tag(tag)
    with pytest.raises(GenLabError):
        tag_run("mine", ["good", tag])
    assert read_tags(find_run("mine")) == []


def test_more_than_twelve_tags_are_refused(make_run):
    make_run("mine")
    with pytest.raises(GenLabError, match="13 tags are too many; keep up to 12"):
        tag_run("mine", [f"t{i}" for i in range(13)])


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("{", []),
        ('{"a": 1}', []),
        ('["ok", 3, "<b>", "![x](y)", null]', ["ok"]),
        (json.dumps([f"t{i}" for i in range(50)]), [f"t{i}" for i in range(12)]),
        ("[" * 100_000, []),
    ],
)
def test_a_tag_file_of_somebody_else_gives_only_tags(make_run, text, tags):
    run = make_run("mine")
    (run.path / "tags.json").write_text(text)
    assert read_tags(run) == tags


def test_a_deleted_run_is_gone_and_comes_back_the_same(make_run):
    before = content(make_run("mine"))
    entry = delete_run("mine")
    assert names() == []
    with pytest.raises(GenLabError, match="no run"):
        find_run("mine")
    (deleted,) = list_trash()
    assert (deleted.entry, deleted.run.name) == (entry, "mine")
    assert abs(deleted.when - time.time()) < 5
    assert content(restore_run(entry)) == before
    assert names() == ["mine"]
    assert list_trash() == []


def test_a_name_can_be_deleted_twice_and_both_come_back(make_run):
    make_run("mine", latent_dim=2)
    first = delete_run("mine")
    make_run("mine", latent_dim=4)
    second = delete_run("mine")
    assert {d.entry for d in list_trash()} == {first, second}
    assert restore_run(first).latent_dim == 2
    with pytest.raises(GenLabError, match="choose another name"):
        restore_run(second)
    assert [d.entry for d in list_trash()] == [second]  # it lies where it lay
    assert restore_run(second, "mine-2").latent_dim == 4


def test_a_name_taken_after_it_was_found_free_is_not_written_over(make_run, monkeypatch):
    make_run("mine", latent_dim=2)
    make_run("other", latent_dim=4)
    entry = delete_run("other")
    make_run("other", latent_dim=6)
    monkeypatch.setattr(manage, "check_free", lambda name: name)  # free a moment ago
    for act in (lambda: rename_run("mine", "other"), lambda: restore_run(entry)):
        with pytest.raises(GenLabError, match='There is a run "other" already'):
            act()
    assert (find_run("mine").latent_dim, find_run("other").latent_dim) == (2, 6)
    assert [d.entry for d in list_trash()] == [entry]


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "mine",
        "../mine",
        "../../etc",
        "mine~1~../../..",
        "mine~1~00000000",
        ".trash",
        "a~1~0/../b",
    ],
)
def test_what_is_not_in_the_trash_cannot_be_restored_nor_removed(make_run, entry):
    make_run("gone")
    delete_run("gone")
    make_run("mine")
    for act in (restore_run, remove_for_good):
        with pytest.raises(GenLabError, match="no longer in the trash"):
            act(entry)
    assert names() == ["mine"]


def test_the_trash_is_emptied_of_what_is_a_week_old_and_of_no_more(make_run, monkeypatch):
    now = time.time()
    for name, age in (("old", KEPT_FOR + 10), ("new", KEPT_FOR - 100)):
        make_run(name)
        monkeypatch.setattr(manage.time, "time", lambda age=age: now - age)
        delete_run(name)
    assert sweep_trash(now) == 1
    assert [d.run.name for d in list_trash()] == ["new"]
    assert len(list(trash().iterdir())) == 1  # nothing is left of the other


def test_sweeping_finishes_a_removal_that_was_cut_short_and_touches_nothing_else(make_run):
    make_run("mine")
    delete_run("mine")
    (trash() / ("." + "0" * 32)).mkdir()
    (trash() / "notes").mkdir()
    assert sweep_trash() == 0
    assert sorted(path.name.split("~")[0] for path in trash().iterdir()) == ["mine", "notes"]


def test_removed_for_good_is_off_the_disk(make_run):
    make_run("mine")
    remove_for_good(delete_run("mine"))
    assert list(trash().iterdir()) == []


def test_a_linked_folder_is_removed_without_what_it_points_to(make_run, tmp_path):
    make_run("mine").path.rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", new_runs() / "mine")
    remove_for_good(delete_run("mine"))
    assert (tmp_path / "elsewhere" / "config.json").exists()


def test_a_full_or_read_only_disk_gives_a_sentence_and_loses_nothing(make_run, monkeypatch):
    make_run("mine")

    def refuse(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manage.os, "rename", refuse)
    for act in (lambda: rename_run("mine", "other"), lambda: delete_run("mine")):
        with pytest.raises(GenLabError, match='"mine" could not be changed: No space left'):
            act()
    assert names() == ["mine"]


def race(*acts):
    """Call all at once; what each returned or raised."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(i, act):
        barrier.wait()
        try:
            results[i] = act()
        except GenLabError as error:
            results[i] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("attempt", range(10))
def test_of_two_renamed_to_one_name_one_gets_it_and_the_other_stays(make_run, attempt):
    make_run("a", latent_dim=2)
    make_run("b", latent_dim=4)
    results = race(lambda: rename_run("a", "c"), lambda: rename_run("b", "c"))
    failed = [r for r in results if isinstance(r, GenLabError)]
    assert len(failed) == 1
    assert "choose another name" in str(failed[0])
    winner = results[0] if failed[0] is results[1] else results[1]
    assert find_run("c").latent_dim == winner.latent_dim
    assert names() == sorted(["c", "b" if winner.latent_dim == 2 else "a"])


@pytest.mark.parametrize("attempt", range(10))
def test_of_a_delete_and_a_rename_at_once_one_happens(make_run, attempt):
    make_run("mine")
    results = race(lambda: delete_run("mine"), lambda: rename_run("mine", "new"))
    assert sum(isinstance(r, GenLabError) for r in results) == 1
    assert len(names()) + len(list_trash()) == 1


@pytest.mark.parametrize("attempt", range(10))
def test_two_that_delete_one_run_delete_it_once(make_run, attempt):
    make_run("mine")
    results = race(*[lambda: delete_run("mine")] * 2)
    assert sum(isinstance(r, str) for r in results) == 1
    assert len(list_trash()) == 1


@pytest.mark.parametrize("attempt", range(10))
def test_of_a_restore_and_a_removal_at_once_one_happens(make_run, attempt):
    make_run("mine")
    entry = delete_run("mine")
    results = race(lambda: restore_run(entry), lambda: remove_for_good(entry))
    assert sum(isinstance(r, GenLabError) for r in results) == 1
    assert list_trash() == []
    if names():
        assert load_tensors(find_run("mine"))
