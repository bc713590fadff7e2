"""The Checkpoints page: find, compare, rename, tag, delete and bring runs."""

import io
import json
import re
import zipfile
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from genlab.jobs.queue import submit
from genlab.places import ROOT, new_runs
from genlab.runs.archive import zip_run
from genlab.runs.exports import formats_of
from genlab.runs.folder import find_run, list_runs, load_tensors, read_summary
from genlab.runs.manage import delete_run, list_trash, read_tags, tag_run
from genlab.ui import page_link
from genlab.ui.owner import visitor_id_of
from genlab.ui.run_compare import compare_script

SECRET = "0" * 32
ME = visitor_id_of(SECRET)
OPEN = "checkpoints.open."


@pytest.fixture(autouse=True)
def known_list(three_shipped):
    """The lists in these tests are whole."""


@pytest.fixture
def make(make_run):
    """Write a run of some owner, with figures and curves."""

    def write(name, owner=ME, *, loss=None, tags=(), epochs=3, **options):
        run = make_run(name, **options)
        made = {"owner": owner, "date": "2026-11-20", "data": "made up"}
        (run.path / "config.json").write_text(json.dumps(run.config | {"made": made}))
        if loss is not None:
            figures = read_summary(find_run("vae-fashion")) | {"name": name, "neg_elbo_test": loss}
            (run.path / "summary.json").write_text(json.dumps(figures))
        lines = [
            {"epoch": e, "step": e, "seconds": 1.0, "train": {"kl": 1.0}, "validation": {"kl": 2.0}}
            for e in range(1, epochs + 1)
        ]
        (run.path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        if tags:
            tag_run(name, tags)
        return find_run(name)

    return write


def open_page(**link: str) -> AppTest:
    page = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=60)
    page.switch_page("../../pages/checkpoints.py")
    page.session_state["owner.secret"] = SECRET
    for name, value in ({"tab": "Config"} | link).items():
        page.query_params[name] = value
    return run(page)


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def press(page: AppTest, key: str) -> None:
    page.button(key=key).click()
    run(page)


def put(page: AppTest, kind: str, key: str, value) -> None:
    getattr(page, kind)(key=key).set_value(value)
    run(page)


def listed(page: AppTest) -> list[str]:
    return [b.key.removeprefix(OPEN) for b in page.button if b.key and b.key.startswith(OPEN)]


def keys(page: AppTest) -> set[str]:
    return {b.key for b in page.button if b.key}


def words(page: AppTest) -> str:
    kinds = ("title", "subheader", "caption", "markdown", "error", "warning", "info", "success")
    return "\n".join(e.value for kind in kinds for e in page.get(kind))


def own_names() -> list[str]:
    return [run.name for run in list_runs() if run.path.parent == new_runs()]


# Search, sort, filter


def test_words_are_searched_in_name_family_data_and_tags(make):
    make("alpha", dataset="mnist")
    make("beta", family="cvae", tags=["best run"])
    page = open_page()
    for text, names in (
        ("alpha", ["alpha"]),
        ("CVAE best", ["beta"]),
        ("fashion cvae", ["beta", "cvae-fashion"]),
        ("mnist 3-d", ["alpha", "beta"]),  # Fashion-MNIST too
        ("<script>", []),
    ):
        put(page, "text_input", "checkpoints.q", text)
        assert sorted(listed(page)) == names
        assert page.query_params["q"] == text
    assert "0 of 5 runs: nothing has all of this" in words(page)


def test_runs_are_sorted_by_name_loss_and_size(make):
    make("b", loss=200.0, latent_dim=9)
    make("a", loss=300.0, latent_dim=2)
    make("c", latent_dim=5)
    page = open_page(whose="mine")
    for order, names in (
        ("name", ["a", "b", "c"]),
        ("loss", ["b", "a", "c"]),  # what is not measured comes last
        ("newest", ["c", "a", "b"]),
    ):
        put(page, "selectbox", "checkpoints.sort", order)
        assert listed(page) == names


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"family": "cvae"}, ["cvae-fashion", "theirs"]),
        ({"data": "mnist"}, ["mine", "vae2d-mnist"]),
        ({"tag": "sweep"}, ["mine"]),
        ({"whose": "mine"}, ["mine"]),
        ({"whose": "others"}, ["theirs"]),
        ({"whose": "shipped"}, ["cvae-fashion", "vae-fashion", "vae2d-mnist"]),
        ({"whose": "shipped", "data": "mnist", "q": "2-d"}, ["vae2d-mnist"]),
    ],
    ids=str,
)
def test_filters_narrow_the_list_and_stand_in_the_link(make, filters, names):
    make("mine", dataset="mnist", tags=["sweep"])
    make("theirs", "another", family="cvae")
    page = open_page()
    for name, value in filters.items():
        kind = "text_input" if name == "q" else "selectbox"
        put(page, kind, f"checkpoints.{name}", value)
    assert sorted(listed(page)) == names
    link = {name: page.query_params[name] for name in filters}
    assert link == {name: value for name, value in filters.items()}
    assert sorted(listed(open_page(**filters))) == names  # sent to somebody else
    press(page, "checkpoints.all")
    assert len(listed(page)) == 5


def test_a_long_list_is_turned_by_pages_and_opens_where_the_run_is(make):
    for i in range(8):
        make(f"run-{i}")
    page = open_page(run="run-0", sort="name")
    assert listed(page)[0] == "cvae-fashion"
    press(page, "checkpoints.pager.next")
    assert "vae2d-mnist" in listed(page)
    assert page.query_params["page"] == "2"
    assert "vae2d-mnist" in listed(open_page(run="vae2d-mnist", sort="name"))


@pytest.mark.parametrize(
    "link",
    [
        {"sort": "![x](y)", "page": "-1", "family": "<b>", "tag": "../x", "whose": "root"},
        {"page": "99999", "compare": "../../etc,<b>,a" * 30, "loss": "evil", "by": "x"},
        {"page": "²", "train": "maybe", "tab": "<script>", "q": "x" * 5000},
        {"run": "", "compare": ",,,", "data": "\x00"},
    ],
    ids=range(4),
)
def test_a_link_of_nonsense_makes_no_traceback(link):
    assert "![" not in words(open_page(**link))


# Compare


def test_two_runs_chosen_by_their_cards_are_compared_and_the_link_opens_it(make):
    make("a", loss=200.0, latent_dim=2)
    make("b", loss=250.0, family="cvae", latent_dim=2)
    page = open_page()
    put(page, "checkbox", "checkpoints.compare.a", True)
    assert "**a** is in the comparison" in words(page)
    put(page, "checkbox", "checkpoints.compare.b", True)
    assert page.query_params["compare"] == "a,b"
    for seen in (page, open_page(compare="a,b")):
        text = words(seen).replace("\\", "")
        assert "2 runs side by side" in text
        assert "| family | vae | :orange-background[**cvae**] |" in text
        assert "| Negative ELBO, nats | **200.00** | 250.00 | 189" in text
        assert "model.latent_dim" not in text  # is the same in both
        assert len(seen.get("plotly_chart")) == 3
    press(page, "checkpoints.compare.close")
    assert "compare" not in page.query_params
    assert "2 runs side by side" not in words(page)


def test_runs_of_different_images_have_no_best_and_floors_of_their_own():
    text = words(open_page(compare="vae-fashion,vae2d-mnist"))
    row = next(line for line in text.splitlines() if line.startswith("| Negative ELBO"))
    assert "**" not in row
    assert re.search(r"\d / \d", row)
    assert "none is better" in text


def test_a_comparison_takes_more_runs_and_lets_them_go(make):
    for name in "abc":
        make(name, loss=200.0)
    page = open_page(compare="a,b")
    put(page, "multiselect", "checkpoints.compared", ["a", "b", "c"])
    assert page.query_params["compare"] == "a,b,c"
    put(page, "multiselect", "checkpoints.compared", ["c"])
    assert "**c** is in the comparison" in words(page)


def test_the_choice_of_curves_stands_in_the_link(make):
    make("a")
    make("b")
    page = open_page(compare="a,b", loss="kl", by="seconds", train="1")
    assert page.segmented_control(key="checkpoints.loss").value == "kl"
    assert page.segmented_control(key="checkpoints.by").value == "seconds"
    put(page, "toggle", "checkpoints.train", False)
    assert "train" not in page.query_params
    press(page, "checkpoints.compare.close")
    put(page, "checkbox", "checkpoints.compare.a", True)
    put(page, "checkbox", "checkpoints.compare.b", True)
    assert page.segmented_control(key="checkpoints.loss").value == "kl"  # kept meanwhile


def test_broken_runs_are_compared_as_far_as_they_can_be(make):
    a, b = make("a", loss=200.0), make("b")
    (a.path / "metrics.jsonl").write_text("{")
    (b.path / "model.safetensors").unlink()
    text = words(open_page(compare="a,b"))
    assert "No curves: a." in text
    assert "Not measured yet: b." in text
    assert "has no model" in text


def test_a_deleted_run_leaves_the_comparison(make):
    make("a")
    page = open_page(compare="a,gone")
    assert 'no run "gone" here' in words(page).replace("\\", "")
    assert page.query_params["compare"] == "a"


def test_the_script_of_a_comparison_runs(make, capsys):
    runs = [make("a", loss=200.0), make("b", latent_dim=4)]
    script = compare_script(runs)
    page = open_page(compare="a,b")
    assert script.strip() in [code.value.strip() for code in page.code]
    found = {}
    exec(compile(script, "script", "exec"), found)
    assert "model.latent_dim 3 4" in capsys.readouterr().out
    assert len(found["curves"].data) == 2


# Rename, tag, delete


def rename(page: AppTest, old: str, new: str) -> None:
    page.text_input(key=f"checkpoints.newname.{old}").set_value(new)
    next(b for b in page.button if b.label == "Rename").click()
    run(page)


def test_an_own_run_is_renamed_and_the_page_follows(make):
    make("old")
    page = open_page(run="old")
    rename(page, "old", "new")
    assert own_names() == ["new"]
    assert page.query_params["run"] == "new"
    assert page.subheader[0].value == "new"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("other", "choose another name"),
        ("vae-fashion", "choose another name"),
        ("claimed", "A job is making a run"),
        ("../up", "cannot name a run"),
        ("<img src=x>", "cannot name a run"),
        ("a\x00b", "cannot name a run"),
    ],
)
def test_a_name_that_cannot_be_given_is_refused_and_nothing_is_lost(make, name, sentence):
    config = make("mine").config
    make("other")
    submit("claimed", {key: config[key] for key in ("family", "dataset", "model", "training")})
    page = open_page(run="mine")
    rename(page, "mine", name)
    assert sentence in words(page).replace("\\", "")
    assert own_names() == ["mine", "other"]
    assert page.text_input(key="checkpoints.newname.mine").value == name


def test_tags_are_given_shown_and_searched(make):
    make("mine")
    page = open_page(run="mine")
    put(page, "multiselect", "checkpoints.tags.mine", ["Class 3b", "é"])
    assert read_tags(find_run("mine")) == ["class 3b", "é"]
    assert ":gray-badge[class 3b]" in words(page)
    assert page.multiselect(key="checkpoints.tags.mine").value == ["class 3b", "é"]
    assert listed(open_page(tag="é")) == ["mine"]


@pytest.mark.parametrize("tag", ["<b>x</b>", "![x](http://evil.example)", "../up", ":red[x]"])
def test_a_hostile_tag_is_refused_with_the_mend(make, tag):
    make("mine", tags=["good"])
    page = open_page(run="mine")
    put(page, "multiselect", "checkpoints.tags.mine", ["good", tag])
    assert "cannot be a tag; use up to 24 letters" in words(page)
    assert read_tags(find_run("mine")) == ["good"]
    assert "![" not in words(page)


def test_a_deleted_run_goes_to_the_trash_and_undo_brings_it_back(make):
    weights = load_tensors(make("mine"))
    page = open_page(run="mine")
    press(page, "checkpoints.delete")
    assert own_names() == []
    assert "mine" not in listed(page)
    assert "**mine** is in the trash" in words(page)
    press(page, "checkpoints.undo")
    assert own_names() == ["mine"]
    assert page.subheader[0].value == "mine"
    assert (load_tensors(find_run("mine"))["encoder.0.bias"] == weights["encoder.0.bias"]).all()
    assert "checkpoints.undo" not in keys(page)


def test_the_trash_gives_back_under_another_name_when_its_own_was_given_away(make):
    make("mine", latent_dim=2)
    entry = delete_run("mine")
    make("mine", latent_dim=4)
    page = open_page()
    assert "There is another mine now" in page.text_input(f"checkpoints.restore.as.{entry}").label
    press(page, f"checkpoints.restore.{entry}")
    assert "cannot name a run" in words(page)
    page.text_input(key=f"checkpoints.restore.as.{entry}").set_value("mine-2")
    press(page, f"checkpoints.restore.{entry}")
    assert find_run("mine-2").latent_dim == 2
    assert find_run("mine").latent_dim == 4


def test_the_trash_is_emptied_of_one_s_own_runs_alone(make):
    for name, owner in (("mine", ME), ("theirs", "another")):
        make(name, owner)
        delete_run(name)
    page = open_page()
    assert "theirs" not in words(page)
    press(page, "checkpoints.empty.now")
    assert [deleted.run.name for deleted in list_trash()] == ["theirs"]


@pytest.mark.parametrize(
    ("owner", "sentence"),
    [("another", "made by visitor anot"), ("", "made by the command line")],
)
def test_somebody_else_s_run_can_be_looked_at_and_not_changed(make, owner, sentence):
    make("theirs", owner)
    page = open_page(run="theirs")
    assert sentence in words(page)
    assert not {"checkpoints.delete"} & keys(page)
    assert not [b for b in page.button if b.label == "Rename"]


def test_a_shipped_run_cannot_be_changed_by_anybody():
    page = open_page(run="vae-fashion")
    assert "came with GenLab: nobody renames" in words(page)
    assert "checkpoints.delete" not in keys(page)


def test_a_run_that_was_given_away_meanwhile_is_not_deleted(make):
    mine = make("mine")
    page = open_page(run="mine")
    (mine.path / "config.json").write_text(json.dumps(mine.config | {"made": {"owner": "another"}}))
    press(page, "checkpoints.delete")
    assert own_names() == ["mine"]
    assert "somebody else's run" in words(page).replace("\\", "")


def test_a_run_that_somebody_deleted_meanwhile_gives_a_sentence(make):
    make("mine")
    page = open_page(run="mine")
    delete_run("mine")
    press(page, "checkpoints.delete")
    assert 'There is no run "mine" here' in words(page).replace("\\", "")


# In and out


def test_an_uploaded_zip_becomes_a_run_of_the_visitor_with_figures_of_its_own(make):
    content = zip_run(make("theirs", "another", loss=1.0, tags=["sweep"], dataset="mnist"))
    page = open_page()
    page.file_uploader[0].upload("Their Run.zip", content)
    run(page)
    assert page.text_input(key="checkpoints.name").value == "their-run"
    assert page.selectbox(key="checkpoints.dataset").disabled
    press(page, "checkpoints.import")
    assert page.subheader[0].value == "their-run"
    assert "Imported as their-run." in page.success[0].value
    brought = find_run("their-run")
    assert (brought.owner, read_tags(brought)) == (ME, ["sweep"])
    assert read_summary(brought)["neg_elbo_test"] > 100  # measured here, not believed
    assert "checkpoints.delete" in keys(page)


def test_a_zip_that_reaches_out_is_refused_and_the_form_keeps_what_was_typed(make, tmp_path):
    buffer = io.BytesIO(zip_run(make("mine")))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("../../../evil", b"x")
    page = open_page()
    page.file_uploader[0].upload("evil.zip", buffer.getvalue())
    run(page)
    page.text_input(key="checkpoints.name").set_value("typed")
    press(page, "checkpoints.import")
    assert "leads out of its folder" in words(page)
    assert page.text_input(key="checkpoints.name").value == "typed"
    assert own_names() == ["mine"]


def test_whoever_has_used_up_the_disk_cannot_import_more(make, monkeypatch):
    content = zip_run(make("mine"))
    monkeypatch.setattr("genlab.ui.run_actions.read_limits", lambda: SimpleNamespace(disk_mb=0))
    page = open_page()
    page.file_uploader[0].upload("more.zip", content)
    run(page)
    press(page, "checkpoints.import")
    assert "delete some and empty the trash first" in words(page)
    assert own_names() == ["mine"]


def test_every_format_can_be_had_and_what_cannot_be_made_says_why(make):
    make("mine")
    page = open_page(run="mine")
    page.session_state["checkpoints.export"] = True
    run(page)
    labels = [b.label for b in page.get("download_button")]
    assert labels == [form.title for form in formats_of(find_run("mine")).values()]
    assert "Decoder as ONNX" in labels
    (find_run("mine").path / "model.safetensors").unlink()
    run(page)
    assert "has no model" in words(page)


# A page that is still being drawn


def test_a_tab_chosen_before_the_page_is_whole_is_kept(monkeypatch):
    with monkeypatch.context() as slow:  # the script is cut short there by the click
        slow.setattr("genlab.ui.run_tabs.xray_of", lambda *arguments: st.stop())
        page = open_page(run="vae2d-mnist", tab="X-ray")
    page.session_state["checkpoints.tab"] = "Curves"
    run(page)
    assert "the epoch whose weights were kept" in words(page)
    assert page.query_params["tab"] == "Curves"


@pytest.mark.parametrize("seconds", [0.0, 30.0])  # since the URL was written: a slow browser
def test_what_is_chosen_while_the_browser_has_an_earlier_url_is_kept(monkeypatch, seconds):
    page = open_page(run="vae2d-mnist", tab="Card")
    put(page, "text_input", "checkpoints.q", "mnist")
    monkeypatch.setattr(page_link, "LATE", 1.0 if not seconds else 0.0)
    page.query_params.clear()
    page.query_params["run"], page.query_params["tab"] = "vae2d-mnist", "Card"
    page.session_state["checkpoints.tab"] = "Curves"
    run(page)
    assert page.query_params["tab"] == "Curves"
    assert page.query_params["q"] == "mnist"
    assert page.text_input(key="checkpoints.q").value == "mnist"


def test_a_run_opened_while_the_browser_has_an_earlier_url_stays_open(monkeypatch):
    page = open_page(run="vae2d-mnist", tab="Card")
    put(page, "text_input", "checkpoints.q", "fashion")
    monkeypatch.setattr(page_link, "LATE", 0.0)
    page.query_params.clear()
    page.query_params["run"], page.query_params["tab"] = "vae2d-mnist", "Card"
    press(page, "checkpoints.open.vae-fashion")
    assert page.subheader[0].value == "vae-fashion"


def test_a_step_back_in_the_history_is_followed(monkeypatch):
    monkeypatch.setattr(page_link, "LATE", 0.0)
    page = open_page(run="vae2d-mnist", tab="Card")
    press(page, "checkpoints.open.vae-fashion")
    page.query_params["run"] = "vae2d-mnist"
    run(page)
    assert page.subheader[0].value == "vae2d-mnist"
