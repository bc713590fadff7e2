from streamlit.testing.v1 import AppTest

from genlab.places import ROOT, new_runs
from genlab.ui import machine

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
    assert {"negative ELBO", "pixel entropy", "mean image"} <= set(table.columns)
    assert any("bundled with GenLab" in caption.value for caption in page.caption)


def test_home_without_runs_says_what_to_do(monkeypatch):
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", new_runs)
    page = open_home(monkeypatch)
    assert "python -m genlab train vae-fashion" in page.info[0].value


def test_a_run_without_weights_costs_home_a_picture_and_nothing_else(monkeypatch, make_run):
    run = make_run("mine")
    (run.path / "model.safetensors").unlink()
    monkeypatch.setattr("genlab.runs.folder.shipped_runs", new_runs)
    page = open_home(monkeypatch)
    assert "may still be training" in page.error[0].value
    assert list(page.dataframe[0].value["run"]) == ["mine"]


def test_the_device_is_found_without_loading_torch_here(monkeypatch):
    import time

    monkeypatch.setattr(machine, "_answer", [])
    monkeypatch.setattr(machine, "_asked", machine.threading.Event())
    for _ in range(600):
        if machine.device():
            break
        time.sleep(0.1)
    assert machine.device().startswith(("CPU", "NVIDIA", "Apple"))
