"""The entry of VAEs and CVAEs in the table of families."""

from genlab.runs.family import PARAMETERS, Door, Family, Figure, Graph, Loss, Model

ENTROPY = {"pixel entropy": "floors.entropy"}
ELBO_FIGURES = (
    Figure(
        title="Negative ELBO",
        key="neg_elbo_test",
        unit="nats",
        better=-1,
        beside=ENTROPY | {"mean image": "floors.mean_image_nll"},
        help="Nats per test image, one z each; low is good. No model goes below the entropy of the "
        "pixels; the mean image is what always predicting it costs.",
    ),
    Figure(
        title="Reconstruction NLL",
        short="Reconstruction",
        key="recon_nll_test",
        unit="nats",
        better=-1,
        beside=ENTROPY,
        help="The first term, −log p(x|z), in nats per test image.",
    ),
    Figure(
        title="KL",
        key="kl_test",
        unit="nats",
        remark="0: z says nothing",
        help="The second term, in nats per test image: what z says of the image.",
    ),
    Figure(
        title="Active latent dimensions",
        key="active_units",
        decimals=0,
        out_of="active",
        short="Active",
        remark="the others are at the prior",
        help="Latent dimensions that the images move.",
    ),
    Figure(
        title="Importance-weighted NLL",
        key="iwae_nll_test",
        unit="nats",
        better=-1,
        beside=ENTROPY,
        under={"K": "iwae_samples"},
    ),
    Figure(
        title="10-NN accuracy of μ",
        key="maps.mu.knn_accuracy",
        decimals=3,
        better=1,
        beside={"chance": "floors.knn_chance"},
    ),
    PARAMETERS,
)
ELBO_LOSSES = {
    "neg_elbo": Loss("Negative ELBO", "nats per image", "negative ELBO"),
    "recon_nll": Loss("Reconstruction NLL", "nats per image"),
    "kl": Loss("KL", "nats per image"),
}
LATENT_DOORS = (
    Door("maps", "Latent maps", ":material/scatter_plot:", "left"),
    Door("sliders", "Latent sliders", ":material/tune:", "run"),
)


def latent_brief(model: Model) -> str:
    Z = model.get("latent_dim")
    return f"{Z}-D" if isinstance(Z, int) and Z else ""


def latent_words(model: Model) -> str:
    return f"{model.get('latent_dim')} latent dimensions, {model.get('hidden')} hidden units"


def latent_layers(model: Model) -> str:
    Z, H, P, K = (model.get(key, 0) for key in ("latent_dim", "hidden", "pixels", "classes"))
    return f"{P + K} - {H} ReLU - (mu {Z}, logvar {Z}); {Z + K} - {H} ReLU - {P}"


def autoencoder(short: str, title: str, tags: tuple[str, ...]) -> Family:
    return Family(
        short=short,
        title=title,
        figures=ELBO_FIGURES,
        losses=ELBO_LOSSES,
        watched=("neg_elbo",),
        pictures=("held-out images", "what it makes of them", "drawn from the prior"),
        portrait="reconstructions",
        xray="latents",
        brief=latent_brief,
        words=latent_words,
        layers=latent_layers,
        doors=LATENT_DOORS,
        graph=Graph(
            "Decoder as ONNX",
            "From z, and a one-hot label for a CVAE, to mean pixels; any batch size.",
            "-decoder.onnx",
            torch=False,
        ),
        tags=tags,
        task="unconditional-image-generation",  # the Hub has no task for a CVAE of its own
        has_maps=True,
    )


VAE = autoencoder("VAE", "Variational autoencoder", ("vae", "variational-autoencoder"))
CVAE = autoencoder(
    "CVAE",
    "Conditional variational autoencoder",
    ("cvae", "vae", "variational-autoencoder", "conditional"),
)
