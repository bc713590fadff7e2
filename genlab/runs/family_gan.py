"""The entry of GANs in the table of families."""

from genlab.runs.family import PARAMETERS, Door, Family, Figure, Graph, Loss, Model

FIGURES = (
    Figure(
        title="Fréchet distance",
        key="frechet_test",
        better=-1,
        beside={"train against test": "frechet_floor"},
        help="Between samples and test images, by the features of a fixed classifier of these "
        "images; low is good. Beside it the same of the training images: as near as real ones are.",
    ),
    Figure(
        title="Mode KL",
        key="mode_kl",
        unit="nats",
        decimals=3,
        better=-1,
        beside={"training images": "floors.mode_kl"},
        remark="0: every class alike",
        help="KL of the samples' classes from evenly many of each: 0 is full coverage, "
        "2.303 = log 10 a single class.",
    ),
    Figure(
        title="Probe accuracy",
        key="probe_test_accuracy",
        decimals=4,
        better=1,
        beside={
            "untrained": "probe_untrained_test_accuracy",
            "raw pixels": "probe_raw_test_accuracy",
        },
        help="A linear layer on the discriminator's features tells the test images apart; trained "
        "on a tenth of the training images. Beside it the same layer on an untrained "
        "discriminator and on the pixels.",
    ),
    Figure(
        title="Precision",
        key="precision",
        decimals=3,
        better=1,
        beside={"training images": "floors.precision"},
        help="Share of the samples that lie among the test images, in the same features.",
    ),
    Figure(
        title="Recall",
        key="recall",
        decimals=3,
        better=1,
        beside={"training images": "floors.recall"},
        help="Share of the test images that lie among the samples, in the same features.",
    ),
    Figure(
        title="Distance to training images, ratio",
        key="memorisation.ratio",
        remark="over that of test images: far below 1 is copying",
        help="How far a sample is from the training image nearest to it, over how far a test "
        "image is.",
    ),
    PARAMETERS,
)
LOSSES = {
    "loss_d": Loss("Loss of D", "", "loss of D"),
    "loss_g": Loss("Loss of G", "", "loss of G"),
    "d_real": Loss("D(x) of real images"),
    "d_fake": Loss("D(G(z)) of fakes"),
}


def brief(model: Model) -> str:
    return str(model.get("architecture", ""))


def words(model: Model) -> str:
    Z, noise = model.get("latent_dim"), model.get("noise")
    return f"{model.get('architecture')}, {model.get('loss')} loss, {Z} numbers of {noise} noise"


def call(model: Model) -> str:
    Z = model.get("latent_dim")
    draw = f"2 * torch.rand(16, {Z}) - 1" if model.get("noise") == "uniform" else ""
    return f"images = model.generate({draw or f'torch.randn(16, {Z})'})  # (16, 784) in [0, 1]"


def layers(model: Model) -> str:
    parts = [words(model)]
    if model.get("loss") == "least-squares":
        codes = (model.get(key) for key in ("fake_code", "real_code", "wanted_code"))
        parts.append("a, b, c = " + ", ".join(f"{code:g}" for code in codes))
    steadied = {
        "smoothing": "label smoothing",
        "instance_noise": "instance noise",
        "r1": "R1 penalty",
        "averaging": "averaged generator",
    }
    parts += [f"{words} {model[key]:g}" for key, words in steadied.items() if model.get(key)]
    if model.get("normalisation") == "spectral":
        parts.append("spectral normalisation of the discriminator")
    return "; ".join(parts)


GAN = Family(
    short="GAN",
    title="Generative adversarial network",
    figures=FIGURES,
    losses=LOSSES,
    watched=("loss_d", "loss_g"),
    pictures=("held-out images", "what it generates"),
    portrait="samples",
    xray="layers",
    brief=brief,
    words=words,
    layers=layers,
    doors=(
        Door(
            "gan",
            "GAN progression",
            ":material/movie:",
            "runs",
            film=True,
            live="runs=job-{id}",
        ),
    ),
    graph=Graph(
        "Generator as ONNX",
        "From noise to images in [0, 1]; any batch size.",
        "-generator.onnx",
        torch=True,
    ),
    call=call,
    tags=("gan", "generative-adversarial-network"),
    task="unconditional-image-generation",
    has_film=True,
    frame_bytes=lambda model: 20_000,  # of 64 digits
    keeps_last=True,
)
