import numpy as np
import onnx
import pytest

from genlab.errors import GenLabError
from genlab.explore.card import card
from genlab.runs.archive import import_any
from genlab.runs.exports import export_apart, export_run, formats_of
from genlab.runs.film import has_film, load_film
from genlab.runs.folder import find_run, load_tensors, read_metrics
from genlab.runs.halve import halve
from genlab.runs.models import load_model

EVERY = ("zip", "safetensors", "onnx", "hub")


@pytest.mark.parametrize("name", EVERY)
def test_every_format_has_a_file_name_and_content(make_run, name):
    file_name, content = export_run(make_run("mine"), name)
    assert file_name.startswith("mine")
    assert len(content) > 10_000


@pytest.mark.parametrize("name", ["zip", "safetensors", "hub"])
def test_what_goes_out_comes_in_again(make_run, name):
    run = make_run("mine", family="cvae")
    file_name, content = export_run(run, name)
    back = import_any(content, "back", "fashion", filename=file_name).run
    assert back.family == "cvae"
    assert all((load_tensors(run)[k] == array).all() for k, array in load_tensors(back).items())


def test_an_unknown_format_lists_those_there_are(make_run):
    with pytest.raises(GenLabError, match='"tar" for mine; choose zip, safetensors, onnx, hub'):
        export_run(make_run("mine"), "tar")


@pytest.mark.parametrize("name", ["safetensors", "onnx", "hub"])
def test_a_run_without_weights_gives_a_sentence(make_run, name):
    run = make_run("mine")
    (run.path / "model.safetensors").unlink()
    with pytest.raises(GenLabError, match="no model.safetensors"):
        export_run(run, name)


@pytest.mark.parametrize("family", ["gan", "classifier"])
def test_networks_leave_in_every_format_and_zips_come_back_with_all_they_hold(train_tiny, family):
    run = train_tiny("mine", family)
    assert tuple(formats_of(run)) == EVERY
    for name in ("zip", "hub"):
        file_name, content = export_run(run, name)
        back = import_any(content, f"back-{name}", filename=file_name)
        assert back.notes == ()
        assert {key: back.run.config[key] for key in run.config if key != "made"} == {
            key: value for key, value in run.config.items() if key != "made"
        }
        ours, theirs = load_tensors(run), load_tensors(back.run)
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)
        load_model(back.run)  # counters of batch norms are single numbers still
    zipped = find_run("back-zip")
    assert read_metrics(zipped) == read_metrics(run)
    assert has_film(zipped) == has_film(run) == (family == "gan")


@pytest.mark.parametrize("family", ["gan", "classifier"])
def test_weights_that_were_rounded_for_shipping_come_back_as_those(train_tiny, family):
    run = halve(train_tiny("mine", family))
    assert "rounded to float16" in card(run, {})
    for name in ("zip", "hub", "safetensors"):
        content = export_run(run, name)[1]
        back = import_any(content, f"back-{name}", "mnist", filename="mine.safetensors").run
        ours, theirs = load_tensors(run), load_tensors(back)
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)
        load_model(back)


def test_a_film_comes_back_frame_by_frame(train_tiny):
    run = train_tiny("mine")
    back = import_any(export_run(run, "zip")[1], "back", filename="mine.zip").run
    ours, theirs = load_film(run), load_film(back)
    for part in ("fixed", "frames", "scores", "trace"):
        assert getattr(ours, part).keys() == getattr(theirs, part).keys()
        for name, values in getattr(ours, part).items():
            np.testing.assert_array_equal(getattr(theirs, part)[name], values)
    np.testing.assert_array_equal(theirs.updates, ours.updates)


def test_a_graph_is_made_in_a_process_apart_and_its_refusal_is_a_sentence(train_tiny):
    run = train_tiny("mine", "classifier")
    assert onnx.load_from_string(export_apart(run, "onnx")).graph.output[0].name == "logits"
    (run.path / "model.safetensors").unlink()
    with pytest.raises(GenLabError, match="has no model.safetensors"):
        export_apart(run, "onnx")
