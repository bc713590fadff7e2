"""The Checkpoints page in Chromium: look at a run, bring one, take one away, stay unharmed."""

import io
import json
import os
import re
import zipfile

import pytest
import torch
from playwright.sync_api import expect

from genlab.runs.folder import find_run, load_tensors


class RunsCode:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def resting(page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=60_000
    )


def open_checkpoints(page, query: str = "") -> None:
    page.goto(f"/checkpoints{query}")
    expect(page.get_by_role("heading", name="Checkpoints")).to_be_visible(timeout=30_000)
    resting(page)


def upload(page, path) -> None:
    form = page.get_by_test_id("stExpander").filter(has_text="Import a checkpoint")
    if not form.get_by_role("button", name="Import", exact=True).is_visible():
        form.get_by_text("Import a checkpoint").click()
    form.locator("input[type=file]").set_input_files(path)
    expect(form.get_by_role("button", name="Import", exact=True)).to_be_enabled(timeout=20_000)
    resting(page)
    form.get_by_role("button", name="Import", exact=True).click()


def common(name) -> dict[str, torch.Tensor]:
    """A shipped run under the names of the common VAE, its keys prefixed by DataParallel."""
    own = {
        key: torch.from_numpy(array.copy()) for key, array in load_tensors(find_run(name)).items()
    }
    state = {}
    for kind in ("weight", "bias"):
        for theirs, ours in (("fc1", "encoder.0"), ("fc3", "decoder.0"), ("fc4", "decoder.2")):
            state[f"module.{theirs}.{kind}"] = own[f"{ours}.{kind}"]
        mu, logvar = own[f"encoder.2.{kind}"].chunk(2)
        state |= {f"module.fc21.{kind}": mu.clone(), f"module.fc22.{kind}": logvar.clone()}
    return state


def test_a_link_opens_a_run_with_its_pictures_and_figures(page):
    open_checkpoints(page, "?run=vae2d-mnist")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("heading", name="vae2d-mnist")).to_be_visible()
    expect(page.get_by_alt_text(re.compile("what the model makes of it"))).to_be_visible()
    expect(page.get_by_alt_text(re.compile("Reconstructions by"))).to_have_count(3)
    expect(page.get_by_test_id("stMetric").filter(has_text="Negative ELBO")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


def test_a_tab_goes_into_the_link_and_the_link_opens_it(page):
    open_checkpoints(page, "?run=vae2d-mnist")
    page.get_by_role("tab", name="Curves").click()
    expect(page.get_by_text("the epoch whose weights were kept")).to_be_visible()
    expect(page).to_have_url(re.compile("tab=Curves"))
    url = page.url
    page.goto("about:blank")
    page.goto(url)
    expect(page.get_by_text("the epoch whose weights were kept")).to_be_visible(timeout=30_000)


def test_another_run_opens_at_a_click(page):
    open_checkpoints(page, "?run=vae2d-mnist")
    page.get_by_role("button", name="vae-fashion", exact=True).click()
    expect(page.get_by_role("heading", name="vae-fashion", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("run=vae-fashion"))


def test_the_folder_comes_down_as_a_zip(page):
    open_checkpoints(page, "?run=vae2d-mnist")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Folder").click()
    assert caught.value.suggested_filename == "vae2d-mnist.zip"
    with zipfile.ZipFile(io.BytesIO(caught.value.path().read_bytes())) as archive:
        config = json.loads(archive.read("vae2d-mnist/config.json"))
        assert "vae2d-mnist/model.safetensors" in archive.namelist()
    assert config == find_run("vae2d-mnist").config


def test_an_uploaded_model_can_be_explored_in_both_pages(page, tmp_path):
    torch.save({"epoch": 3, "model_state_dict": common("vae-fashion")}, tmp_path / "Theirs.pth")
    open_checkpoints(page)
    upload(page, tmp_path / "Theirs.pth")
    expect(page.get_by_role("heading", name="theirs", exact=True)).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Imported as theirs")).to_be_visible()
    expect(page.get_by_text("VAE · Fashion-MNIST · 20-D · imported")).to_be_visible()
    resting(page)
    page.get_by_role("link", name="Open in Latent sliders").click()
    expect(page.locator(".now[data-decode-ms]")).to_be_visible(timeout=30_000)
    expect(page).to_have_url(re.compile("run=theirs"))
    open_checkpoints(page, "?run=theirs")
    expect(page.get_by_role("heading", name="theirs", exact=True)).to_be_visible(timeout=30_000)
    resting(page)
    page.get_by_role("link", name="Open in Latent maps").click()
    expect(page.locator("canvas").first).to_be_visible(timeout=60_000)
    expect(page).to_have_url(re.compile("left=theirs"))


def test_a_pickle_that_would_run_code_is_refused_unharmed(page, tmp_path):
    mark = tmp_path / "mark"
    torch.save({"w": RunsCode(mark)}, tmp_path / "trap.pth")
    open_checkpoints(page, "?run=vae2d-mnist")
    upload(page, tmp_path / "trap.pth")
    alert = page.get_by_test_id("stAlert").filter(has_text="asks Python to run posix.mkdir")
    expect(alert).to_be_visible(timeout=30_000)
    assert not mark.exists()
    expect(page.get_by_role("heading", name="vae2d-mnist", exact=True)).to_be_visible()
    expect(page.get_by_label("Name of the run")).to_have_value("trap")


def test_a_file_that_does_not_fit_shows_its_x_ray(page, tmp_path):
    state = common("vae2d-mnist")
    del state["module.fc22.weight"]
    torch.save(state, tmp_path / "odd.pth")
    open_checkpoints(page)
    upload(page, tmp_path / "odd.pth")
    expect(page.get_by_role("heading", name="This file does not fit")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("the weight beside fc22.bias is missing")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(2)


@pytest.mark.parametrize("name", ["![x](http://evil.example/x.png)", "<img src=//evil.example/x>"])
def test_a_hostile_link_fetches_nothing(page, name):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_checkpoints(page, f"?run={name}")
    expect(page.get_by_text("There is no run")).to_be_visible()
    page.wait_for_timeout(300)
    assert not [url for url in asked if url.startswith(("http://evil", "https://evil"))]


def test_the_dark_theme_is_legible(dark_page):
    open_checkpoints(dark_page, "?run=vae-fashion")
    expect(dark_page.locator(".js-plotly-plot").first).to_be_visible()
    heading = dark_page.get_by_role("heading", name="vae-fashion", exact=True)
    for place, style, bound in (
        (dark_page.get_by_test_id("stApp"), "backgroundColor", "Math.max(...rgb) < 60"),
        (heading, "color", "Math.min(...rgb) > 180"),
    ):
        dark_page.wait_for_function(  # the theme fades in
            f"e => {{ const rgb = getComputedStyle(e).{style}.match(/\\d+/g).slice(0, 3);"
            f" return {bound} }}",
            arg=place.element_handle(),
        )
