import pytest

from genlab.errors import GenLabError
from genlab.runs.archive import import_any
from genlab.runs.exports import FORMATS, export_run
from genlab.runs.folder import load_tensors


@pytest.mark.parametrize("name", FORMATS)
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
    with pytest.raises(GenLabError, match='no format "tar"; choose zip, safetensors, onnx, hub'):
        export_run(make_run("mine"), "tar")


@pytest.mark.parametrize("name", ["safetensors", "onnx", "hub"])
def test_a_run_without_weights_gives_a_sentence(make_run, name):
    run = make_run("mine")
    (run.path / "model.safetensors").unlink()
    with pytest.raises(GenLabError, match="no model.safetensors"):
        export_run(run, name)
