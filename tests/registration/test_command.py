import json

import numpy as np
import pytest

from genlab.cli import main
from genlab.registration.clouds import read_cloud, write_cloud
from genlab.registration.shapes import SHAPES, fish, planted, star
from genlab.registration.textbook import textbook_em
from genlab.registration.transforms import Transform


@pytest.fixture
def files(tmp_path):
    """Write two clouds and return their paths."""

    def write(p, source="source.csv", target="target.npy"):
        paths = [str(tmp_path / source), str(tmp_path / target)]
        for path, points in zip(paths, (p.source, p.target), strict=True):
            write_cloud(path, points)
        return paths

    return write


def told(capsys, *arguments):
    assert main(["register", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_translation_of_known_sigma_is_the_textbooks_model(files, capsys):
    p = planted(SHAPES["L"], 20, Transform.shift([0.3, 0.2]), noise=0.02)
    found = told(capsys, *files(p), "--model", "translation", "--sigma", "0.2", "--steps", "30")
    *_, last = states = list(textbook_em(p.source, p.target, 0.2, max_steps=30, tol=1e-6))
    assert found["translation"] == pytest.approx(last.translation.tolist(), abs=1e-5)
    assert found["log_likelihood"] == pytest.approx(
        [state.log_likelihood for state in states], abs=1e-3
    )
    assert found["steps"] == last.step == 30
    assert found["sigma"] == 0.2
    assert found["constant"] == "stated"
    more = 20 * np.log(np.sqrt(2 * np.pi) * 0.2)
    assert found["log_likelihood_proper"] == pytest.approx(
        [value - more for value in found["log_likelihood"]]
    )


def test_a_rigid_fit_tells_everything_and_saves_the_moved_cloud(files, capsys, tmp_path):
    truth = Transform.turn(30, (1, 2, 3), (0.5, 0, 0))
    p = planted(star, 300, truth, noise=0.005, outliers=0.1)
    saved = tmp_path / "moved.ply"
    found = told(
        capsys, *files(p, "source.ply", "target.pcd"), "--outliers", "0.1", "--save", str(saved)
    )
    np.testing.assert_allclose(found["rotation"], truth.linear, atol=0.003)
    np.testing.assert_allclose(found["translation"], truth.translation, atol=0.003)
    assert found["degrees"] == pytest.approx(30, abs=0.2)
    assert found["scale"] == pytest.approx(1)
    assert found["sigma"] == pytest.approx(0.005, rel=0.2)
    assert found["rms"] == pytest.approx(0.005 * np.sqrt(3), rel=0.2)
    assert found["matched"] == pytest.approx(300, abs=3)
    assert np.diff(found["log_likelihood"]).min() > -1e-3
    assert found["seconds"] > 0
    np.testing.assert_allclose(read_cloud(saved), truth.apply(p.source), atol=0.005)


@pytest.mark.parametrize(
    ("options", "model", "scale"),
    [
        (["--model", "similarity"], "similarity", 1.3),
        (["--scale", "fit"], "similarity", 1.3),
        (["--model", "similarity", "--scale", "fixed"], "rigid", 1.0),
        (["--scale", "1.3"], "rigid", 1.3),
        (["--model", "affine"], "affine", 1.3),
        (["--model", "translation"], "translation", 1.0),
        (["--scale", "fit", "--sigma", "anneal"], "similarity", 1.3),
        (["--scale", "fit", "--method", "icp"], "similarity", 1.3),
    ],
)
def test_models_and_scales_mean_what_they_say(files, capsys, options, model, scale):
    p = planted(fish, 150, Transform(1.3 * Transform.turn(5).linear, np.zeros(2)))
    found = told(capsys, *files(p), *options)
    assert found["model"] == model
    assert found["scale"] == pytest.approx(scale, abs=0.02)


def test_several_starts_and_a_given_start_are_used(files, capsys):
    p = planted(SHAPES["R"], 100, Transform.turn(150), noise=0.01)
    paths = files(p)
    assert abs(told(capsys, *paths)["degrees"] - 150) > 20
    assert told(capsys, *paths, "--starts", "12")["degrees"] == pytest.approx(150, abs=2)
    still = told(capsys, *paths, "--model", "translation", "--start", "0.5,-0.5", "--steps", "0")
    assert still["translation"] == [0.5, -0.5]
    assert still["steps"] == 0


def test_without_json_it_reads_as_text_with_remarks(files, capsys):
    p = planted(fish, 30, Transform.turn(5))
    p.target[1] = p.target[0]
    assert main(["register", *files(p)]) == 0
    out = capsys.readouterr().out
    assert "source.csv onto target.npy, rigid:" in out
    assert "turned by" in out
    assert "target repeats 1 of its 30 points." in out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--sigma", "0"], '--sigma is "0"; choose fit, anneal or a positive number'),
        (["--sigma", "nan"], "choose fit, anneal"),
        (["--scale", "big"], "choose fixed, fit or a positive number"),
        (["--model", "affine", "--scale", "fit"], "says nothing for a model affine"),
        (["--outliers", "1"], "less than 1"),
        (["--starts", "0"], "--starts is 0"),
        (["--start", "1"], "give 2 numbers"),
        (["--start", "a,b"], "give 2 numbers"),
        (["--method", "icp", "--starts", "3"], "leave out --starts"),
        (["--method", "icp", "--reach", "-1"], "reach is -1"),
        (["--save", "moved.docx"], "choose one of .csv"),
        (["--steps", "-1"], "max_steps is -1"),
        (["--each", "source", "--model", "affine"], "would shrink"),
        (["--prior", "learned", "--outliers", "0.1"], "outliers=0"),
    ],
)
def test_a_slip_gets_one_sentence_and_status_1(files, capsys, options, sentence):
    p = planted(fish, 30, Transform.turn(5))
    assert main(["register", *files(p), *options]) == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith("genlab: ")
    assert "\n" not in said
    assert sentence in said


def test_clouds_of_unlike_dimensions_and_missing_files_get_one_sentence(tmp_path, capsys):
    write_cloud(tmp_path / "a.csv", np.eye(2))
    write_cloud(tmp_path / "b.csv", np.eye(3))
    assert main(["register", str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]) == 1
    assert "source is 2-D but target is 3-D" in capsys.readouterr().err
    assert main(["register", str(tmp_path / "a.csv"), str(tmp_path / "none.csv")]) == 1
    assert "could not be read" in capsys.readouterr().err


def test_icp_has_no_likelihood_and_its_json_is_plain(files, capsys):
    p = planted(fish, 60, Transform.turn(5))
    found = told(capsys, *files(p), "--method", "icp")
    assert found["log_likelihood"] == []
    assert found["rms"] < 1e-6
    assert found["path"] == "nearest"
