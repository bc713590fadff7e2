"""The entry of classifiers in the table of families."""

from genlab.runs.family import PARAMETERS, Family, Figure, Graph, Loss, Model

FIGURES = (
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
LOSSES = {
    "nll": Loss("Cross-entropy", "nats per image", "cross-entropy"),
    "error": Loss("Share of errors", "", "errors"),
}


def brief(model: Model) -> str:
    F = model.get("feature_dim")
    return f"{F} features" if isinstance(F, int) else ""


def words(model: Model) -> str:
    C, F, dropout = (model.get(key) for key in ("channels", "feature_dim", "dropout"))
    return f"{C} channels in the first of three stages, {F} features, dropout {dropout}"


def call(model: Model) -> str:
    return f"logits = model(torch.rand(16, {model.get('pixels')}))  # of images in [0, 1]"


def layers(model: Model) -> str:
    return f"six 3 x 3 convolutions, {words(model)}"


CLASSIFIER = Family(
    short="Classifier",
    title="Convolutional classifier",
    figures=FIGURES,
    losses=LOSSES,
    watched=("nll", "error"),
    pictures=("held-out images", "as training moves them"),
    portrait="confusion",
    xray="layers",
    brief=brief,
    words=words,
    layers=layers,
    graph=Graph(
        "Classifier as ONNX",
        "From images in [0, 1] to a logit for each class; any batch size.",
        "-classifier.onnx",
        torch=True,
    ),
    call=call,
    tags=("classifier", "image-classification"),
    task="image-classification",
)
