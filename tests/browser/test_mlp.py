"""The browser's decoder against torch."""

import re

import numpy as np
import pytest

from genlab.explore.latent import decode
from genlab.runs.folder import find_run
from genlab.runs.models import load_model
from genlab.ui.arrays import decoder_url
from genlab.ui.components import FOLDER

DECODE = """async ([module, weights, latents, label]) => {
  const { loadDecoder } = await import(new URL(module, document.baseURI).href);
  const decoder = await loadDecoder(weights);
  return latents.map((z) => Array.from(decoder.decode(Float32Array.from(z), label)));
}"""
CASES = [("vae-fashion", None), ("vae2d-mnist", None)]
CASES += [("cvae-fashion", label) for label in (0, 4, 9)]


@pytest.fixture
def page(page, server):
    """An empty document of the server's origin, where /mlp.js is the module."""
    modules = re.compile(r"/(mlp|safetensors)\.js$")
    page.route(modules, lambda route: route.fulfill(path=FOLDER / route.request.url.split("/")[-1]))
    page.goto(f"{server}/_stcore/health")
    return page


@pytest.mark.parametrize(("name", "label"), CASES)
def test_browser_pixels_agree_with_torch(page, name, label):
    run = find_run(name)
    latents = np.random.default_rng(0).normal(0, 2, (12, run.latent_dim)).astype(np.float32)
    latents[0] = 0
    arguments = ["/mlp.js", f"/{decoder_url(run)}", latents.tolist(), label]
    pixels = np.array(page.evaluate(DECODE, arguments))
    torch_pixels = decode(load_model(run), latents, label or 0).reshape(len(latents), -1)
    assert np.abs(pixels - torch_pixels).max() < 1e-5
    assert np.abs(np.rint(255 * pixels) - np.rint(255 * torch_pixels)).max() <= 1


def test_a_conditional_decoder_refuses_to_decode_without_a_label(page):
    weights = f"/{decoder_url(find_run('cvae-fashion'))}"
    attempt = DECODE.replace("return latents", "try { latents").replace(
        "));\n}", ")); } catch (error) { return error.message; }\n}"
    )
    said = page.evaluate(attempt, ["/mlp.js", weights, [[0] * 20], None])
    assert said == "label is null; this decoder needs one from 0 to 9."


def test_the_servers_sentence_is_the_error_of_a_missing_decoder(page):
    said = page.evaluate(
        """async (module) => {
          const { loadDecoder } = await import(new URL(module, document.baseURI).href);
          window.fetch = async () => new Response("It is gone.", { status: 404 });
          return loadDecoder("/gone").catch((error) => error.message);
        }""",
        "/mlp.js",
    )
    assert said == "It is gone."
