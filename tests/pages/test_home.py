import numpy as np
from streamlit.testing.v1 import AppTest

from genlab.places import ROOT, new_runs
from genlab.runs.folder import find_run, read_summary, save_array, write_summary
from genlab.ui import machine
from tests.siamese_runs import write_siamese_run

MAIN = str(ROOT / "genlab" / "ui" / "main.py")


def open_home(monkeypatch):
    monkeypatch.setattr(machine, "device", lambda: "a device")
    page = AppTest.from_file(MAIN, default_timeout=30).run()
    assert not page.exception
    return page


def test_home_lists_the_runs_with_their_floors_and_says_which_data(monkeypatch, make_run):
    make_run("mine")
    page = open_home(monkeypatch)
    assert page.title[0].value == "GenLab"
    table = page.dataframe[0].value
    assert "mine" in list(table["run"])
    shipped = read_summary(find_run("vae-fashion"))
    line = table.set_index("run").loc["vae-fashion"]
    assert (line["figure"], line["value"]) == (
        "Negative ELBO, nats",
        f"{shipped['neg_elbo_test']:.2f}",
    )
    assert line["beside it"] == (
        f"pixel entropy {shipped['floors']['entropy']:.2f} · "
        f"mean image {shipped['floors']['mean_image_nll']:.2f}"
    )
    assert table.set_index("run").loc["mine"]["figure"] == "not measured"
    assert any("bundled with GenLab" in caption.value for caption in page.caption)


def test_home_tells_each_family_by_its_own_figure(monkeypatch, train_tiny):
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", new_runs)
    write_summary(train_tiny("forger"), {"frechet_test": 12.5, "frechet_floor": 0.25})
    write_summary(
        train_tiny("reader", "classifier"),
        {"test_accuracy": 0.9876, "floors": {"chance": 0.1, "raw_3nn": 0.95}},
    )
    page = open_home(monkeypatch)
    table = page.dataframe[0].value.set_index("run")
    assert list(table.loc["forger"])[3:] == ["Fréchet distance", "12.50", "train against test 0.25"]
    assert list(table.loc["reader"])[3:] == [
        "Test accuracy",
        "0.9876",
        "raw pixels, 3-NN 0.9500 · chance 0.1000",
    ]


def test_home_without_runs_says_what_to_do(monkeypatch):
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", new_runs)
    page = open_home(monkeypatch)
    assert "python -m genlab train vae-fashion" in page.info[0].value


def test_home_shows_the_embedding_of_a_siamese_network(monkeypatch):
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", new_runs)
    write_siamese_run("pairs", film=False)
    page = open_home(monkeypatch)
    assert not page.error
    assert "**Siamese pairs**" in [link.proto.label for link in page.get("page_link")]
    assert list(page.dataframe[0].value["run"]) == ["pairs"]


def test_an_embedding_of_images_that_are_not_here_costs_home_a_picture(monkeypatch):
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", new_runs)
    run = write_siamese_run("kuzushiji", dataset="kmnist", film=False, kept=False)
    save_array(run, "embeddings/test", np.zeros((10_000, 2), np.float16))
    page = open_home(monkeypatch)
    assert "There is no KMNIST on this machine" in page.error[0].value


def test_a_run_without_weights_costs_home_a_picture_and_nothing_else(monkeypatch, make_run):
    run = make_run("mine")
    (run.path / "model.safetensors").unlink()
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", new_runs)
    page = open_home(monkeypatch)
    assert "may still be training" in page.error[0].value
    assert list(page.dataframe[0].value["run"]) == ["mine"]


def test_the_device_is_found_without_loading_torch_here(monkeypatch):
    import time

    in_turn = machine.QUESTION.replace("(19)", "(0)")  # not after all other tests
    monkeypatch.setattr(machine, "QUESTION", in_turn)
    monkeypatch.setattr(machine, "_answer", [])
    monkeypatch.setattr(machine, "_asked", machine.threading.Event())
    for _ in range(1800):  # another process loads torch meanwhile
        if machine.device():
            break
        time.sleep(0.1)
    assert machine.device().startswith(("CPU", "NVIDIA", "Apple"))
