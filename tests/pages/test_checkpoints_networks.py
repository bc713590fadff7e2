"""The Checkpoints page for runs without a latent code: GANs, classifiers, Siamese networks."""

import json
import subprocess
import sys

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from genlab.places import ROOT
from genlab.runs.archive import zip_run
from genlab.runs.film import film_path, load_film, pack_film
from genlab.runs.folder import find_run, read_summary, write_summary
from genlab.ui.checkpoints import checkpoints_script
from genlab.ui.run_compare import compare_script
from tests.siamese_runs import write_siamese_run

GAN_FIGURES = {
    "name": "forger",
    "frechet_test": 12.3456,
    "frechet_floor": 0.34,
    "mode_kl": 0.0512,
    "probe_test_accuracy": 0.9712,
    "probe_untrained_test_accuracy": 0.9021,
    "probe_raw_test_accuracy": 0.9085,
    "precision": 0.5,
    "parameters": 111_522,
    "floors": {"mode_kl": 0.002, "precision": 0.906},
}
CLASSIFIER_FIGURES = {
    "test_accuracy": 0.9876,
    "test_nll": 0.0432,
    "confusion": (np.eye(10, dtype=int) * 900 + 5).tolist(),
    "parameters": 2_000,
    "floors": {"chance": 0.1, "raw_3nn": 0.9494},
}
SIAMESE_FIGURES = {
    "name": "pairs",
    "data": "test images",
    "pair_accuracy_test": 0.99123,
    "pair_threshold": 0.5,
    "pair_auc_test": 0.9991,
    "pair_eer_test": 0.0088,
    "knn_accuracy_test": 0.991,
    "parameters": 74_066,
    "floors": {
        "raw_pair_accuracy": 0.667,
        "raw_pair_auc": 0.7321,
        "raw_pair_eer": 0.336,
        "raw_knn": 0.9476,
    },
}


@pytest.fixture
def forger(train_tiny):
    run = train_tiny("forger")
    write_summary(run, GAN_FIGURES)
    return run


@pytest.fixture
def reader(train_tiny):
    run = train_tiny("reader", "classifier")
    write_summary(run, CLASSIFIER_FIGURES)
    return run


def open_page(**link: str) -> AppTest:
    page = AppTest.from_file(ROOT / "genlab/ui/main.py", default_timeout=60)
    page.switch_page("../../pages/checkpoints.py")
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    kinds = ("title", "subheader", "caption", "markdown", "error", "warning", "info", "success")
    return "\n".join(e.value for kind in kinds for e in page.get(kind)).replace("\\", "")


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def alternatives(page: AppTest) -> list[str]:
    """The words of the page's pictures for those who do not see them."""
    return [image.alt for element in page.get("image") for image in element.proto.imgs]


def test_a_gan_shows_its_figures_beside_their_floors_and_controls(forger):
    page = open_page(run="forger")
    shown = metrics(page)
    assert shown["Fréchet distance"] == "12.35"
    assert shown["Mode KL"] == "0.051"
    assert shown["Probe accuracy"] == "0.9712"
    text = words(page)
    assert "train against test 0.34" in text
    assert "training images 0.002" in text
    assert "untrained 0.9021 · raw pixels 0.9085" in text
    assert "Fréchet distance **12.35** (train against test 0.34)" in text  # in the list
    assert "GAN · MNIST · dcgan-32" in text


def test_a_gan_s_x_ray_says_what_its_samples_and_its_discriminator_are_like(forger):
    text = words(open_page(run="forger"))
    assert "The generator makes every class (mode KL 0.051 nats" in text
    assert "Samples of different noise resemble one another" in text  # after 12 updates
    assert "The discriminator is ahead and not saturated" in text
    assert "111,522 parameters" in text


def test_a_gan_s_curves_are_its_own_losses(forger):
    page = open_page(run="forger", tab="Curves")
    (chart,) = page.get("plotly_chart")
    titles = [a["text"] for a in json.loads(chart.proto.spec)["layout"]["annotations"]]
    assert titles == [
        "Loss of D",
        "Loss of G",
        "D(x) of real images",
        "D(G(z)) of fakes",
    ]
    assert "entropy" not in words(page).split("What to look for")[0].split("Curves")[-1]


@pytest.mark.parametrize("tab", ["Card", "Config", "Curves"])
def test_every_tab_of_a_network_opens(forger, reader, tab):
    for run in (forger, reader):
        assert run.name in words(open_page(run=run.name, tab=tab))


def test_a_gan_opens_on_its_own_page_and_not_on_those_of_latents(forger):
    links = open_page(run="forger").get("page_link")
    assert [link.proto.query_string for link in links] == ["runs=forger"]
    film_path(forger.path).unlink()
    assert not open_page(run="forger").get("page_link")


def test_a_gan_without_a_film_is_drawn_from_its_weights(forger):
    film_path(forger.path).unlink()
    text = words(open_page(run="forger"))
    assert "64 draws of noise" in text
    assert "over the last epoch" in text  # the opinions, from the metrics


def test_a_film_of_other_things_is_said_in_a_sentence(forger):
    film = load_film(forger)
    del film.frames["images"]
    film_path(forger.path).write_bytes(pack_film(film))
    assert "The film of forger shows no images; delete film.npz" in words(open_page(run="forger"))
    film_path(forger.path).write_bytes(b"cut")
    assert "film.npz cannot be read" in words(open_page(run="forger"))


def test_a_classifier_shows_its_accuracy_beside_its_floors_and_its_confusions(reader):
    page = open_page(run="reader")
    assert metrics(page)["Test accuracy"] == "0.9876"
    text = words(page)
    assert "raw pixels, 3-NN 0.9494 · chance 0.1000" in text
    heat = json.loads(page.get("plotly_chart")[0].proto.spec)["data"][0]
    assert heat["type"] == "heatmap"
    assert [row[i] for i, row in enumerate(heat["text"])] == ["905"] * 10
    assert "ReLU units of the convolutions" in text


@pytest.mark.parametrize("confusion", [None, "x", [[1, 2]], [[1, -2], [3, 4]], [["a"] * 10] * 10])
def test_a_confusion_that_is_none_is_left_out(reader, confusion):
    write_summary(reader, CLASSIFIER_FIGURES | {"confusion": confusion})
    page = open_page(run="reader")
    assert "What the classifier says" not in words(page)
    assert metrics(page)["Test accuracy"] == "0.9876"


def test_a_siamese_network_shows_its_figures_its_layers_and_its_page(train_tiny):
    write_summary(train_tiny("pairs", "siamese"), SIAMESE_FIGURES)
    page = open_page(run="pairs")
    assert metrics(page)["Pair accuracy"] == "0.9912"
    assert metrics(page)["EER"] == "0.0088"
    text = words(page)
    assert "raw pixels 0.6670" in text
    assert "Siamese · MNIST · 3-D" in text
    assert "ReLU units of the convolutions" in text
    assert [link.proto.query_string for link in page.get("page_link")] == ["runs=pairs"]
    for tab in ("Card", "Config", "Curves"):
        assert "pairs" in words(open_page(run="pairs", tab=tab))


def test_a_siamese_network_s_portrait_is_where_it_puts_images():
    write_siamese_run("pairs", film=False)
    page = open_page(run="pairs", q="pairs")
    small, large = alternatives(page)
    assert small == "Where pairs puts images: those of a class stand together"
    assert large.startswith("Two maps of the same images")
    assert "Left: the test images of MNIST by the principal components" in words(page)


def test_faces_that_are_not_here_are_said_to_be_missing_and_are_no_error():
    write_siamese_run("faces", dataset="orl", film=False, kept=False)
    page = open_page(run="faces", q="faces")
    assert not page.error
    assert alternatives(page) == []
    assert "The images of ORL faces are not on this machine" in page.info[-1].value
    assert "No picture: its images are not on this machine." in words(page)
    write_siamese_run("filmed", dataset="orl", kept=False)
    page = open_page(run="filmed", q="filmed")
    assert len(alternatives(page)) == 2
    assert "left before the first update" in words(page)


@pytest.mark.parametrize(
    "model", [{}, {"embedding_dim": "x", "loss": 3, "height": [], "dropout": {}}]
)
def test_a_siamese_network_whose_config_says_nothing_is_no_traceback(train_tiny, model):
    run = train_tiny("pairs", "siamese")
    config = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(config | {"model": model}))
    assert "pairs" in words(open_page(run="pairs"))


def test_runs_of_different_kinds_are_compared_by_what_they_share(forger, reader):
    page = open_page(compare="forger,reader,vae2d-mnist")
    text = words(page)
    assert "3 runs side by side" in text
    assert "| Parameters | 111,522 | 2,000 |" in text
    assert "| Negative ELBO" not in text
    assert "different kinds (GAN, Classifier, VAE)" in text
    assert "share no loss" in text
    assert "| family | gan |" in text
    assert not page.get("plotly_chart")


def test_two_gans_are_compared_by_their_figures_and_curves(forger, train_tiny):
    write_summary(train_tiny("other", loss="minimax"), GAN_FIGURES | {"frechet_test": 9.0})
    page = open_page(compare="forger,other", loss="d_fake")
    text = words(page)
    assert "| Fréchet distance | 12.35 | **9.00** | 0.34 |" in text
    assert page.segmented_control(key="checkpoints.loss").value == "d_fake"
    assert page.query_params["loss"] == "d_fake"
    assert len(page.get("plotly_chart")) == 1
    both = open_page(compare="forger,other", loss="kl")  # of another family: the first instead
    assert both.segmented_control(key="checkpoints.loss").value == "loss_d"
    assert "loss" not in both.query_params


def test_runs_are_ordered_by_the_figure_of_their_family(forger, train_tiny, make_run):
    write_summary(train_tiny("better"), GAN_FIGURES | {"frechet_test": 1.0})
    page = open_page(sort="loss", family="gan")
    start = "checkpoints.open."
    keys = [b.key.removeprefix(start) for b in page.button if b.key and b.key.startswith(start)]
    assert keys[0] == "better"
    assert keys.index("forger") > 0
    figures = [read_summary(find_run(name))["frechet_test"] for name in keys]
    assert figures == sorted(figures)


@pytest.mark.parametrize(
    "model", [{}, {"architecture": "mlp"}, {"architecture": 3, "latent_dim": "x", "averaging": []}]
)
def test_a_gan_whose_config_says_nothing_is_a_sentence_and_no_traceback(forger, model):
    film_path(forger.path).unlink()
    (forger.path / "config.json").write_text(json.dumps(forger.config | {"model": model}))
    assert "describes no GAN" in words(open_page(run="forger"))


def test_a_family_of_another_genlab_is_shown_as_far_as_its_weights_tell(forger):
    (forger.path / "config.json").write_text(json.dumps(forger.config | {"family": "rbm<b>"}))
    page = open_page(run="forger")
    text = words(page)
    assert "269" in text or "parameters in 9 layers" in text
    assert "<b>" not in text
    assert "checkpoints.measure" not in {b.key for b in page.button}


def test_the_scripts_give_the_page_s_view(forger, reader, capsys):
    for run in (forger, reader):
        script = checkpoints_script(run)
        assert script.strip() in [code.value.strip() for code in open_page(run=run.name).code]
        found = {}
        exec(compile(script, "script", "exec"), found)
        assert len(found["figure"].data) > 0
    assert "Fréchet distance 12.3456 beside {'train against test': 0.34}" in capsys.readouterr().out
    exec(compile(compare_script([forger, reader]), "script", "exec"), {})
    assert "model.architecture dcgan-32" in capsys.readouterr().out


def test_an_uploaded_zip_of_a_gan_becomes_a_run_with_its_film(forger, monkeypatch):
    asked = []

    def evaluate(run, **options):
        asked.append(options)
        write_summary(run, GAN_FIGURES | {"name": run.name, "data": "test images"})

    monkeypatch.setattr("genlab.explore.evaluate.evaluate", evaluate)
    page = open_page()
    page.file_uploader[0].upload("Their GAN.zip", zip_run(forger)).run()
    page.button(key="checkpoints.import").click().run()
    assert not page.exception
    assert page.subheader[0].value == "their-gan"
    assert metrics(page)["Fréchet distance"] == "12.35"
    back = find_run("their-gan")
    np.testing.assert_array_equal(
        load_film(back).frames["images"], load_film(forger).frames["images"]
    )
    assert asked[0]["probe"] is False  # a minute's work: not while a visitor waits
    assert "Generative adversarial network on MNIST: dcgan-32" in words(
        open_page(run="their-gan", tab="Card")
    )


def test_networks_are_shown_exported_and_compared_without_torch(forger, reader):
    script = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('genlab/ui/main.py', default_timeout=60)\n"
        "page.switch_page('../../pages/checkpoints.py')\n"
        "page.session_state['checkpoints.export'] = True\n"
        "for run in ('forger', 'reader'):\n"
        "    page.query_params['run'] = run\n"
        "    assert not page.run().exception\n"
        "    labels = [b.label for b in page.get('download_button')]\n"
        "    assert len(labels) == 4, labels\n"
        "page.query_params['compare'] = 'forger,reader'\n"
        "assert not page.run().exception\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for module in ("torch", "torchvision", "umap", "sklearn", "numba", "onnxruntime"):
        assert module not in done.stdout.split()
