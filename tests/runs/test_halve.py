import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from genlab.errors import GenLabError
from genlab.runs.folder import find_run, load_tensors, weights_path, weights_version
from genlab.runs.halve import halve, main
from genlab.runs.models import load_model


def test_halved_weights_take_half_the_room_and_load_as_float32_rounded_once(make_run):
    run = make_run(hidden=64)
    before, size = load_tensors(run), weights_path(run).stat().st_size
    run = halve(run)
    assert weights_path(run).stat().st_size < 0.52 * size
    assert run.config["made"]["weights"] == "rounded to float16"
    after = load_tensors(run)
    for name, values in before.items():
        assert after[name].dtype == np.float32
        assert np.array_equal(after[name], values.astype(np.float16).astype(np.float32))
    load_model(run)
    version = weights_version(run)
    assert weights_version(halve(run)) == version


def test_counts_stay_whole_numbers(make_run):
    run = make_run()
    tensors = load_tensors(run) | {"batches": np.array(70_000)}
    save_file(tensors, weights_path(run))
    halve(run)
    assert load_file(weights_path(run))["batches"] == 70_000


def test_a_weight_beyond_float16_is_named_and_the_run_left_as_it_was(make_run):
    run = make_run()
    tensors = load_tensors(run)
    name = sorted(tensors)[0]
    tensors[name][..., 0] = 1e6
    save_file(tensors, weights_path(run))
    version = weights_version(run)
    with pytest.raises(GenLabError, match=f'{name} of "tiny" exceeds float16'):
        halve(run)
    assert weights_version(run) == version
    assert "made" not in find_run("tiny").config


def test_from_a_terminal_it_says_what_became_of_the_size(make_run, capsys):
    make_run(hidden=400)
    assert main(["tiny"]) == 0
    assert "tiny: 2.5 MB became 1.3 MB." in capsys.readouterr().out
    assert main(["nobody"]) == 1
    assert main([]) == 2
