import io
import json
import math
import zipfile

import numpy as np
import pytest
import yaml as reference
from huggingface_hub import ModelCard, metadata_load
from huggingface_hub.repocard_data import model_index_to_eval_results

from genlab.data.catalogue import DATASETS
from genlab.errors import GenLabError
from genlab.runs.archive import import_zip
from genlab.runs.folder import find_run, load_tensors, read_summary, write_card, write_summary
from genlab.runs.hub import LICENCES, hub_card, hub_metadata, write_hub, yaml, zip_hub
from genlab.runs.manage import tag_run
from genlab.runs.mlp import mlp, sigmoid

SHIPPED = ("vae-fashion", "cvae-fashion", "vae2d-mnist")
WORDS = [
    "",
    "a: b",
    "- x",
    "'q\"",
    "null",
    "true",
    "1.5",
    "é 数 😀",
    "# no",
    "\\n",
    "a\nb",
    "{x}",
    "~",
]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_hub_s_library_reads_the_card_and_its_results(name, tmp_path):
    run = find_run(name)
    write_hub(run, tmp_path / "repo")
    card = ModelCard.load(tmp_path / "repo/README.md")
    assert card.data.license == LICENCES[DATASETS[run.dataset].licence]
    assert card.data.library_name == "genlab"
    assert card.data.tags[:2] == ["genlab", run.family]
    assert card.data.datasets
    assert card.data.metrics
    figures = read_summary(run)
    results = {result.metric_type: result for result in card.data.eval_results}
    for key in ("neg_elbo_test", "recon_nll_test", "kl_test"):
        assert results[key].metric_value == pytest.approx(figures[key], abs=1e-4)
        assert results[key].dataset_split == "test"
    model_name, again = model_index_to_eval_results(card.data.to_dict()["model-index"])
    assert (model_name, len(again)) == (name, len(results))
    assert f"# {name}" in card.text


def test_the_metadata_survives_the_library_s_own_round_trip(tmp_path):
    card = ModelCard(hub_card(find_run("vae-fashion")))
    card.save(tmp_path / "README.md")
    assert metadata_load(tmp_path / "README.md") == hub_metadata(find_run("vae-fashion"))


def test_the_repository_has_the_three_files_and_no_owner(make_run, tmp_path):
    run = make_run("mine")
    run.config["made"] = {"owner": "abc"}
    write_hub(run, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["README.md", "config.json", "model.safetensors"]
    assert "abc" not in (tmp_path / "config.json").read_text()
    assert json.loads((tmp_path / "config.json").read_text())["family"] == "vae"
    with zipfile.ZipFile(io.BytesIO(zip_hub(run))) as archive:
        assert sorted(archive.namelist()) == names


@pytest.mark.parametrize("family", ["vae", "cvae"])
def test_the_layout_comes_back_as_a_run(make_run, family):
    run = make_run("mine", family=family)
    back = import_zip(zip_hub(run), "back").run
    assert {k: back.config[k] for k in run.config} == run.config
    assert all((load_tensors(run)[k] == array).all() for k, array in load_tensors(back).items())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_card_s_script_decodes_as_the_model_does(name, tmp_path, monkeypatch):
    run = find_run(name)
    write_hub(run, tmp_path)
    script = hub_card(run).split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(compile(script, "script", "exec"), found)
    z = np.random.default_rng(0).standard_normal((16, run.latent_dim), dtype=np.float32)
    one_hot = np.eye(10, dtype=np.float32)[np.arange(16) % 10] if run.conditional else None
    wanted = sigmoid(mlp(load_tensors(run), "decoder", z, one_hot).output)
    np.testing.assert_allclose(found["images"], wanted.reshape(16, 28, 28), atol=1e-5)


@pytest.mark.parametrize(
    ("family", "figures", "task"),
    [
        (
            "gan",
            {"frechet_test": 12.34567, "frechet_floor": 0.2, "mode_kl": 0.05, "parameters": 7},
            "unconditional-image-generation",
        ),
        ("classifier", {"test_accuracy": 0.98765, "confusion": [[1]]}, "image-classification"),
    ],
)
def test_a_network_has_its_own_tags_task_figures_and_script(
    train_tiny, family, figures, task, tmp_path, monkeypatch
):
    run = train_tiny("mine", family)
    write_summary(run, figures)
    write_hub(run, tmp_path)
    card = ModelCard.load(tmp_path / "README.md")
    assert (card.data.pipeline_tag, card.data.tags[:2]) == (task, ["genlab", family])
    results = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert results == {k: round(v, 4) for k, v in figures.items() if isinstance(v, float)
                       and k != "frechet_floor"}  # fmt: skip
    script = card.text.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(compile(script, "script", "exec"), found)
    if family == "gan":
        assert found["images"].shape == (16, 784)
        assert 0.0 <= found["images"].min() <= found["images"].max() <= 1.0
    else:
        assert found["logits"].shape == (16, 10)


def test_a_uniform_gan_is_called_with_uniform_noise(train_tiny):
    card = hub_card(train_tiny("mine", noise="uniform"))
    assert "model.generate(2 * torch.rand(16, 4) - 1)" in card


def test_tags_of_the_visitor_stand_in_the_metadata(make_run):
    run = make_run("mine")
    tag_run("mine", ["null", "class 3", "é+1"])
    data = reference.safe_load(hub_card(run).split("---\n")[1])
    assert data["tags"][-3:] == ["class 3", "null", "é+1"]


def test_figures_that_are_no_numbers_are_left_out(make_run):
    run = make_run("mine")
    write_summary(run, {"neg_elbo_test": "low", "kl_test": math.nan, "recon_nll_test": 2.0})
    assert hub_metadata(run)["metrics"] == ["recon_nll_test"]
    (run.path / "summary.json").write_text("{")
    assert "model-index" not in hub_metadata(run)


def test_metadata_of_an_older_card_is_not_repeated(make_run):
    run = make_run("mine")
    write_card(run, "---\nlicense: evil\n---\n\n# Words\n")
    card = hub_card(run)
    assert "evil" not in card
    assert "# Words" in card
    assert ModelCard(card).data.license == "mit"


def test_a_folder_that_cannot_be_written_gives_a_sentence(make_run, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(GenLabError, match="could not be written"):
        write_hub(make_run("mine"), tmp_path / "file")


def test_an_unknown_dataset_gives_a_sentence(make_run):
    run = make_run("mine")
    run.config["dataset"] = "imagenet"
    with pytest.raises(GenLabError, match="not one of mnist"):
        zip_hub(run)


def test_every_licence_has_its_word_on_the_hub():
    assert {info.licence for info in DATASETS.values()} <= LICENCES.keys()


@pytest.mark.parametrize(
    "value",
    [
        {"a": WORDS, "b": [1, 2.5, True, None]},
        {"a": [{"b": [{"c": "d", "e": [1]}], "f": 1}, {"g": "h"}]},
        {
            "model-index": [
                {"name": "x", "results": [{"task": {"type": "y"}, "metrics": [{"v": 1}]}]}
            ]
        },
    ],
)
def test_our_yaml_is_read_as_it_was_meant(value):
    assert reference.safe_load(yaml(value)) == value
