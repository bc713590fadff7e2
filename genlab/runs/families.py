"""What each family of models is called, measured by and opened with: one entry a family.

Lists, cards, comparisons, charts, forms and exports read this table and know no family by name.
No torch in here; the model and the step of a family are in training/recipes.py, under the same
name. A figure's key is that of the summary (summary.json), where a dot leads into a part of it,
such as "floors.entropy"; summaries may be anybody's, so they are read with care.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Model = Mapping[str, Any]  # the "model" of a config, which may be anybody's


class Reading(NamedTuple):
    """A figure of one run, with what it is to be seen beside."""

    value: float
    beside: dict[str, float]  # in words -> value; the first is the floor


@dataclass(frozen=True, kw_only=True)
class Figure:
    title: str
    key: str  # of the summary
    help: str = ""
    unit: str = ""
    decimals: int = 2
    better: int = 0  # -1 where less is better, 1 where more is, 0 where neither
    beside: Mapping[str, str] = field(default_factory=dict)  # words -> key; the first is the floor
    out_of: str = ""  # key of a list: the value counts some of it
    under: Mapping[str, str] = field(default_factory=dict)  # settings it was measured with -> key
    remark: str = ""  # said beside it where there are no figures to say
    short: str = ""  # a title for small places

    @property
    def label(self) -> str:
        return self.short or self.title

    @property
    def name(self) -> str:
        return f"{self.title}, {self.unit}" if self.unit else self.title

    def read(self, summary: Mapping[str, Any]) -> Reading | None:
        """The figure of a summary, or None where it is not a finite number."""
        value = number_at(summary, self.key)
        if value is None:
            return None
        found = {words: number_at(summary, key) for words, key in self.beside.items()}
        return Reading(value, {words: n for words, n in found.items() if n is not None})

    def words(self, value: float, summary: Mapping[str, Any] | None = None) -> str:
        """The value for people: "241.13", "11 of 20", "1,234"."""
        text = f"{value:,.{self.decimals}f}"
        whole = at(summary or {}, self.out_of) if self.out_of else None
        return f"{text} of {len(whole)}" if isinstance(whole, list) else text

    def excess(self, reading: Reading) -> float:
        """How the value ranks, less is better: above its floor, and in units of the way from
        there to the second figure beside it where there is one, such as the mean image's."""
        if self.better > 0:
            return -reading.value
        floor, *others = (*reading.beside.values(), None)
        above = reading.value - (floor or 0.0)
        way = others[0] - floor if others and others[0] is not None else 0.0
        return above / way if way > 0.0 else above


@dataclass(frozen=True)
class Loss:
    """A column of metrics.jsonl and steps.jsonl."""

    title: str
    unit: str = ""
    brief: str = ""  # in a line of words: "negative ELBO 241.1"

    @property
    def name(self) -> str:
        return f"{self.title}, {self.unit}" if self.unit else self.title


@dataclass(frozen=True)
class Door:
    """A page that opens runs of a family."""

    page: str  # pages/<page>.py
    title: str
    icon: str
    parameter: str  # of the page's link that names the run


@dataclass(frozen=True)
class Graph:
    """The part of a model that leaves as ONNX."""

    title: str
    words: str
    ending: str  # of the file's name, after that of the run
    torch: bool  # whether it takes torch to build


@dataclass(frozen=True, kw_only=True)
class Family:
    short: str  # "VAE"
    title: str  # "Variational autoencoder"
    figures: tuple[Figure, ...]  # the first is the headline; four stand at the head of a run
    losses: Mapping[str, Loss]  # in order: the first is drawn large
    watched: tuple[str, ...]  # losses in the line on a job's progress
    pictures: tuple[str, ...]  # the rows of step.pictures, in words
    portrait: Literal["reconstructions", "samples", "confusion", "none"]  # explore/portraits.py
    xray: Literal["latents", "layers"]  # which X-ray: explore/xray.py, explore/layers.py
    brief: Callable[[Model], str]  # a model in a list: "20-D"
    words: Callable[[Model], str]  # a model in a sentence
    layers: Callable[[Model], str]  # a model on its card
    doors: tuple[Door, ...] = ()
    graph: Graph | None = None
    call: Callable[[Model], str] | None = None  # a line of Python that uses the torch `model`
    tags: tuple[str, ...] = ()  # of the Hugging Face Hub
    task: str = "other"  # of the Hub
    has_maps: bool = False  # of the test images' latent means, kept beside the run
    has_film: bool = False
    keeps_last: bool = False  # the weights of the last epoch, for no loss tells which is best


def at(summary: Mapping[str, Any], key: str) -> Any:
    """What a dotted key leads to; None where the way ends."""
    found: Any = summary
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def number_at(summary: Mapping[str, Any], key: str) -> float | None:
    """A finite number; a whole one of JSON may be larger than any float."""
    found = at(summary, key)
    return found if type(found) in (int, float) and abs(found) < 1e300 else None


# --- the autoencoders ----------------------------------------------------------------------------

ENTROPY = {"pixel entropy": "floors.entropy"}
PARAMETERS = Figure(title="Parameters", key="parameters", decimals=0)
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


# --- the adversarial networks --------------------------------------------------------------------

GAN_FIGURES = (
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
GAN_LOSSES = {
    "loss_d": Loss("Loss of D", "", "loss of D"),
    "loss_g": Loss("Loss of G", "", "loss of G"),
    "d_real": Loss("D(x) of real images"),
    "d_fake": Loss("D(G(z)) of fakes"),
}


def gan_brief(model: Model) -> str:
    return str(model.get("architecture", ""))


def gan_words(model: Model) -> str:
    Z, noise = model.get("latent_dim"), model.get("noise")
    return f"{model.get('architecture')}, {model.get('loss')} loss, {Z} numbers of {noise} noise"


def gan_call(model: Model) -> str:
    Z = model.get("latent_dim")
    draw = f"2 * torch.rand(16, {Z}) - 1" if model.get("noise") == "uniform" else ""
    return f"images = model.generate({draw or f'torch.randn(16, {Z})'})  # (16, 784) in [0, 1]"


def gan_layers(model: Model) -> str:
    parts = [gan_words(model)]
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


# --- the classifier ------------------------------------------------------------------------------

CLASSIFIER_FIGURES = (
    Figure(
        title="Test accuracy",
        key="test_accuracy",
        decimals=4,
        better=1,
        beside={"raw pixels, 3-NN": "floors.raw_3nn", "chance": "floors.chance"},
        help="Share of the test images that it names rightly. Beside it what the three nearest "
        "training images say, by their pixels, and guessing.",
    ),
    Figure(
        title="Test NLL",
        key="test_nll",
        unit="nats",
        decimals=4,
        better=-1,
        remark="2.303: knows nothing",
        help="−log of the probability that it gives the right class, the mean over the test "
        "images.",
    ),
    PARAMETERS,
)
CLASSIFIER_LOSSES = {
    "nll": Loss("Cross-entropy", "nats per image", "cross-entropy"),
    "error": Loss("Share of errors", "", "errors"),
}


def classifier_brief(model: Model) -> str:
    F = model.get("feature_dim")
    return f"{F} features" if isinstance(F, int) else ""


def classifier_words(model: Model) -> str:
    C, F, dropout = (model.get(key) for key in ("channels", "feature_dim", "dropout"))
    return f"{C} channels in the first of three stages, {F} features, dropout {dropout}"


def classifier_call(model: Model) -> str:
    return f"logits = model(torch.rand(16, {model.get('pixels')}))  # of images in [0, 1]"


def classifier_layers(model: Model) -> str:
    return f"six 3 x 3 convolutions, {classifier_words(model)}"


FAMILIES: dict[str, Family] = {
    "vae": autoencoder("VAE", "Variational autoencoder", ("vae", "variational-autoencoder")),
    "cvae": autoencoder(
        "CVAE",
        "Conditional variational autoencoder",
        ("cvae", "vae", "variational-autoencoder", "conditional"),
    ),
    "gan": Family(
        short="GAN",
        title="Generative adversarial network",
        figures=GAN_FIGURES,
        losses=GAN_LOSSES,
        watched=("loss_d", "loss_g"),
        pictures=("held-out images", "what it generates"),
        portrait="samples",
        xray="layers",
        brief=gan_brief,
        words=gan_words,
        layers=gan_layers,
        doors=(Door("gan", "GAN progression", ":material/movie:", "runs"),),
        graph=Graph(
            "Generator as ONNX",
            "From noise to images in [0, 1]; any batch size.",
            "-generator.onnx",
            torch=True,
        ),
        call=gan_call,
        tags=("gan", "generative-adversarial-network"),
        task="unconditional-image-generation",
        has_film=True,
        keeps_last=True,
    ),
    "classifier": Family(
        short="Classifier",
        title="Convolutional classifier",
        figures=CLASSIFIER_FIGURES,
        losses=CLASSIFIER_LOSSES,
        watched=("nll", "error"),
        pictures=("held-out images", "as training moves them"),
        portrait="confusion",
        xray="layers",
        brief=classifier_brief,
        words=classifier_words,
        layers=classifier_layers,
        graph=Graph(
            "Classifier as ONNX",
            "From images in [0, 1] to a logit for each class; any batch size.",
            "-classifier.onnx",
            torch=True,
        ),
        call=classifier_call,
        tags=("classifier", "image-classification"),
        task="image-classification",
    ),
}
LOSSES: dict[str, Loss] = {
    name: loss for family in FAMILIES.values() for name, loss in family.losses.items()
}


def family_of(name: str) -> Family:
    """The family of that name. One that this GenLab does not know is shown as far as files tell:
    without figures, by its weights and whatever losses it has."""
    known = FAMILIES.get(name)
    if known is not None:
        return known
    return Family(
        short=name.upper(),
        title=name,
        figures=(),
        losses={},
        watched=(),
        pictures=(),
        portrait="none",
        xray="layers",
        brief=lambda model: "",
        words=lambda model: f"{len(model)} settings",
        layers=lambda model: "of a family that this GenLab does not know",
    )


def loss_of(name: str) -> Loss:
    """The loss of that name; one that no family has is called what it is."""
    return LOSSES.get(name, Loss(name, "", name))


def short(value: float) -> str:
    """A loss in a line of words: "241.1", "0.69"."""
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def in_order(losses: list[str]) -> list[str]:
    """Names of losses in the order of their family; those of none come last."""
    places = {name: place for place, name in enumerate(LOSSES)}
    return sorted(losses, key=lambda name: places.get(name, len(places)))
