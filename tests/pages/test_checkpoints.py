import io
import json
import os
import subprocess
import sys

import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from genlab.places import ROOT, new_runs
from genlab.runs.folder import find_run, list_runs, load_tensors, read_summary
from genlab.ui.checkpoints import checkpoints_script
from genlab.ui.run_list import PER_PAGE

SHIPPED = ("vae-fashion", "cvae-fashion", "vae2d-mnist")


@pytest.fixture
def nothing_cached():
    """For a test that draws the same weights under another config."""
    st.cache_data.clear()
    st.cache_resource.clear()


def open_page(**link: str) -> AppTest:
    """The page through the router, opened by a link; it must show no traceback."""
    page = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=60)
    page.switch_page("../../pages/checkpoints.py")
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def press(page: AppTest, key: str) -> None:
    page.button(key=key).click().run()
    assert not page.exception


def upload(page: AppTest, name: str, content: bytes) -> None:
    page.file_uploader[0].upload(name, content).run()
    assert not page.exception


def words(page: AppTest) -> str:
    """All text a visitor reads, apart from tables."""
    kinds = ("title", "subheader", "caption", "markdown", "error", "warning", "info", "success")
    return "\n".join(e.value for kind in kinds for e in page.get(kind))


def torched(content) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def common(name="vae2d-mnist"):
    """A shipped run's weights under the names of the common VAE."""
    own = {
        key: torch.from_numpy(array.copy()) for key, array in load_tensors(find_run(name)).items()
    }
    state = {}
    for kind in ("weight", "bias"):
        for theirs, ours in (("fc1", "encoder.0"), ("fc3", "decoder.0"), ("fc4", "decoder.2")):
            state[f"{theirs}.{kind}"] = own[f"{ours}.{kind}"]
        mu, logvar = own[f"encoder.2.{kind}"].chunk(2)
        state |= {f"fc21.{kind}": mu.clone(), f"fc22.{kind}": logvar.clone()}
    return state


class RunsCode:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_link_opens_a_run_with_its_figures_beside_their_floors(name):
    page = open_page(run=name)
    assert page.subheader[0].value == name
    figures = read_summary(find_run(name))
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Negative ELBO"] == f"{figures['neg_elbo_test']:.2f}"
    floor, mean = figures["floors"]["entropy"], figures["floors"]["mean_image_nll"]
    assert f"pixel entropy {floor:.2f} · mean image {mean:.2f}" in words(page)
    assert shown["Active"] == f"{figures['active_units']} of {len(figures['active'])}"


def test_all_runs_are_listed_and_one_opens_at_a_press():
    page, listed = open_page(), []
    for _ in range(-(-len(list_runs()) // PER_PAGE)):
        cards = [b for b in page.button if b.key and b.key.startswith("checkpoints.open.")]
        assert [b.key for b in cards] == [f"checkpoints.open.{b.label}" for b in cards]
        listed += [b.label for b in cards]
        if not page.button(key="checkpoints.pager.next").disabled:
            press(page, "checkpoints.pager.next")
    assert sorted(listed) == sorted(run.name for run in list_runs())
    page = open_page(q="vae2d")
    press(page, "checkpoints.open.vae2d-mnist")
    assert page.subheader[0].value == "vae2d-mnist"
    assert page.query_params["run"] == "vae2d-mnist"


@pytest.mark.parametrize(
    ("tab", "text"),
    [
        ("X-ray", "latent dimensions are active: no posterior collapse"),
        ("Card", "Variational autoencoder on MNIST"),
        ("Curves", "the epoch whose weights were kept"),
    ],
)
def test_a_link_opens_a_tab(tab, text):
    assert text in words(open_page(run="vae2d-mnist", tab=tab)).replace("\\", "")


def test_the_config_tab_shows_the_config():
    page = open_page(run="vae2d-mnist", tab="Config")
    assert json.loads(page.code[0].value) == find_run("vae2d-mnist").config


def test_the_config_tab_does_not_show_who_owns_the_run(make_run):
    run = make_run("mine")
    made = {"owner": "0123456789abcdef", "date": "2026-11-20"}
    (run.path / "config.json").write_text(json.dumps(run.config | {"made": made}))
    assert "0123456789abcdef" not in open_page(run="mine", tab="Config").code[0].value


def test_a_link_to_no_run_says_so_literally_and_shows_another(three_shipped):
    page = open_page(run="![x](http://evil.example/x.png)", tab="<b>")
    assert r"\!\[x\]" in page.warning[0].value
    assert page.subheader[0].value in SHIPPED


def test_without_runs_the_page_says_what_to_do(monkeypatch):
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", new_runs)
    page = open_page()
    assert "python -m genlab train vae-fashion" in page.info[0].value
    assert page.file_uploader


def test_an_uploaded_file_becomes_a_run_with_figures_and_card():
    page = open_page()
    assert page.button(key="checkpoints.import").disabled
    content = torched({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in common().items()}})
    upload(page, "Their <b>VAE</b>.pth", content)
    page.text_input(key="checkpoints.name").set_value("theirs")
    press(page, "checkpoints.import")
    assert page.subheader[0].value == "theirs"
    assert page.query_params["run"] == "theirs"
    assert "Imported as theirs" in page.success[0].value
    ours = read_summary(find_run("vae2d-mnist"))["neg_elbo_test"]
    shown = {metric.label: metric.value for metric in page.metric}
    assert float(shown["Negative ELBO"]) == pytest.approx(ours, abs=0.01)
    assert find_run("theirs").dataset == "mnist"  # found out
    assert not page.file_uploader[0].value  # ready for the next file
    card = words(open_page(run="theirs", tab="Card")).replace("\\", "")
    assert "The weights were taken from state_dict." in card
    assert "ReLU after each hidden layer" in card
    assert "no curves" in words(open_page(run="theirs", tab="Curves")).lower()


def test_a_file_that_does_not_fit_gets_its_x_ray_and_no_run(three_shipped):
    page = open_page()
    state = common()
    del state["fc22.weight"]
    state["conv.weight"] = torch.ones(3, 1, 5, 5)
    upload(page, "odd.pth", torched(state))
    press(page, "checkpoints.import")
    assert page.subheader[0].value == "This file does not fit"
    assert "1 convolution layers" in page.error[0].value
    compared, tensors = (table.value for table in page.dataframe)
    assert list(compared["tensor"]) == ["fc22.weight", "conv.weight"]
    assert list(compared["what"]) == ["missing", "extra"]
    assert set(tensors["tensor"]) == set(state)
    assert "odd" not in [run.name for run in list_runs()]
    press(page, "checkpoints.open.vae-fashion")  # the report gives way
    assert page.subheader[0].value == "vae-fashion"


def test_a_file_that_would_run_code_is_refused_and_nothing_is_lost(tmp_path):
    page = open_page(run="vae2d-mnist")
    mark = tmp_path / "mark"
    upload(page, "trap.pth", torched({"w": RunsCode(mark)}))
    page.text_input(key="checkpoints.name").set_value("my-name")
    press(page, "checkpoints.import")
    assert "mkdir" in page.error[0].value
    assert not mark.exists()
    assert page.text_input(key="checkpoints.name").value == "my-name"
    assert page.subheader[0].value == "vae2d-mnist"


def test_names_that_cannot_be_used_are_refused_with_the_mend(three_shipped):
    page = open_page()
    upload(page, "a.pth", torched(common()))
    for name, sentence in (
        ("vae-fashion", "choose another name"),
        ("../up", "cannot name a run"),
        ("![x](http://evil.example)", "cannot name a run"),
        ("", "cannot name a run"),
    ):
        page.text_input(key="checkpoints.name").set_value(name)
        press(page, "checkpoints.import")
        assert sentence in page.error[0].value.replace("\\", "")
        assert "![" not in page.error[0].value
    assert {run.name for run in list_runs()} == set(SHIPPED)


def break_file(run, file, content):
    if content is None:
        (run.path / file).unlink()
    else:
        (run.path / file).write_bytes(content)


BROKEN = {  # a file, what it becomes, the tab to open, the sentence there
    "no weights": ("model.safetensors", None, "X-ray", "has no model.safetensors"),
    "cut weights": ("model.safetensors", b"cut", "X-ray", "cannot be read"),
    "summary cut": ("summary.json", b"{", "Curves", "Not measured yet"),
    "summary of another kind": ("summary.json", b"[1, 2]", "Card", "Not measured yet"),
    "summary of words": (
        "summary.json",
        b'{"neg_elbo_test": "low", "floors": 3}',
        "X-ray",
        "Not measured",
    ),
    "summary of numbers beyond all floats": (
        "summary.json",
        b'{"neg_elbo_test": 1' + b"0" * 400 + b', "kl_test": NaN, "active_units": Infinity}',
        "Card",
        "Not measured yet",
    ),
    "metrics cut": ("metrics.jsonl", b'{"epoch": 1', "Curves", "metrics of mine cannot be read"),
    "metrics of another kind": ("metrics.jsonl", b'{"loss": 3}\n', "Curves", "cannot be read"),
    "metrics of words": (
        "metrics.jsonl",
        b'{"epoch": 1, "step": 1, "seconds": "<b>", "train": {"kl": 1}, "validation": {"kl": 1}}\n',
        "Curves",
        "cannot be read",
    ),
    "no card": ("README.md", None, "Card", "has no README.md"),
    "card of bytes": ("README.md", b"\xff\xfe![x](http://evil.example)", "Card", "evil.example"),
}


@pytest.mark.parametrize(("file", "content", "tab", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_run_is_shown_with_a_sentence_and_no_traceback(
    make_run, file, content, tab, sentence
):
    run = make_run("mine")
    (run.path / "README.md").write_text("# mine")
    break_file(run, file, content)
    text = words(open_page(run="mine", tab=tab))
    assert sentence in text.replace("\\", "")
    assert "![" not in text


CONFIGS = {
    "an unknown dataset": {"dataset": "![x](http://evil.example)"},
    "an unknown family": {"family": "gan"},
    "an empty model": {"model": {}},
    "a model of words": {"model": {"latent_dim": "many", "classes": "few"}},
    "an import of words": {"imported": "yes"},
    "an import with lists of lists": {"imported": {"assumptions": [[1]], "notes": {}, "date": {}}},
    "another latent_dim": {"model": {"pixels": 784, "hidden": 8, "latent_dim": 77}},
    "a maker of words": {"made": "<b>"},
    "an owner of lists": {"made": {"owner": [1]}, "unpacked": {"owner": {}}},
}


@pytest.mark.parametrize("change", CONFIGS.values(), ids=CONFIGS)
def test_a_strange_config_makes_no_traceback(make_run, nothing_cached, change):
    run = make_run("mine")
    (run.path / "config.json").write_text(json.dumps(run.config | change))
    page = open_page(run="mine", tab="Card")
    assert "![" not in words(page)
    page.session_state["checkpoints.tab"] = "X-ray"
    assert not page.run().exception
    assert "![" not in words(page)


def test_a_hostile_card_is_shown_as_words(make_run):
    run = make_run("mine")
    (run.path / "README.md").write_text("# Hi\n<script>alert(1)</script> ![x](http://evil.example)")
    shown = [m.value for m in open_page(run="mine", tab="Card").markdown if "Hi" in m.value]
    assert shown == [
        r"##### Hi" + "\n" + r"&lt;script>alert(1)&lt;/script> !\[x](http://evil.example)"
    ]


def test_a_run_is_measured_at_a_press(make_run):
    make_run("mine", dataset="mnist")
    page = open_page(run="mine")
    assert "Not measured yet" in page.info[0].value
    press(page, "checkpoints.measure")
    assert "Negative ELBO" in [metric.label for metric in page.metric]
    assert read_summary(find_run("mine"))["neg_elbo_test"] > 0


def test_measuring_a_run_that_hides_how_it_was_made_gives_a_sentence(make_run, monkeypatch):
    monkeypatch.setattr("genlab.explore.evaluate.evaluate", lambda run, **options: {})
    run = make_run("mine")
    (run.path / "config.json").write_text(json.dumps(run.config | {"made": {"owner": "x"}}))
    page = open_page(run="mine", tab="Config")
    press(page, "checkpoints.measure")
    assert "its card stays as it was" in words(page)


@pytest.mark.parametrize("name", ["vae2d-mnist", "cvae-fashion"])
def test_the_script_gives_the_page_s_view(name, capsys):
    script = checkpoints_script(find_run(name))
    assert script.strip() in [code.value.strip() for code in open_page(run=name).code]
    found = {}
    exec(compile(script, "script", "exec"), found)
    assert len(found["figure"].data[0].x) <= len(found["inside"].kl)
    assert "Negative ELBO, nats" in capsys.readouterr().out


def test_the_shipped_runs_are_shown_and_compared_without_torch():
    script = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('genlab/ui/main.py', default_timeout=60)\n"
        "page.switch_page('../../pages/checkpoints.py')\n"
        "for tab in ('X-ray', 'Card', 'Curves', 'Config'):\n"
        "    page.session_state['checkpoints.tab'] = tab\n"
        "    assert not page.run().exception\n"
        "page.query_params['compare'] = 'vae-fashion,cvae-fashion'\n"
        "assert not page.run().exception\n"
        "assert page.subheader[0].value == '2 runs side by side'\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for module in ("torch", "torchvision", "umap", "sklearn", "numba", "onnx", "onnxruntime"):
        assert module not in done.stdout.split()
