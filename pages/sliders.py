"""Page: the latent dimensions of a trained VAE or CVAE, under the hand."""

from dataclasses import replace

import streamlit as st

from genlab.data.images import load_split
from genlab.errors import GenLabError
from genlab.explore.image_bound import ImageBound, image_bound
from genlab.explore.prior import prior_standing
from genlab.runs.folder import find_run, list_runs, load_tensors
from genlab.ui.arrays import latent_means, version_of
from genlab.ui.errors import shown_errors
from genlab.ui.live_decoder import (
    View,
    dimension_figures,
    link_of,
    live_decoder,
    nll_of,
    read_view,
    settled,
    sliders_script,
)
from genlab.ui.page_link import PageLink

FIRST = "vae-fashion"
FRESH = View(start=0, other=1)  # where a visitor without a link begins

LOOK_FOR_VAE = """
- The dimensions at the top, those with the highest KL, move the image most. Open the inactive ones
  and drag: hardly anything moves.
- Drag beyond ±3 standard deviations, where the decoder was hardly ever trained, and see what it
  makes up.
- Walk between two images. Halfway along the straight line ‖z‖ is smaller than that of nearly all
  draws from the prior; along the arc it is not.
"""
LOOK_FOR_CVAE = """
- Drag one dimension and watch the ten labels: the same change of style, such as brightness or
  width, runs through the classes. The label says what, z says how.
- Draw z from the prior a few times: every label shows its own class, though z was never told it.
- Choose another label: the NLL of the original rises, yet the style stays.
"""
MATHS = r"""
The **decoder** maps a latent $z \in \mathbb{R}^Z$ to one Bernoulli probability per pixel, and the
image shown is that mean; a CVAE joins the one-hot label $c$ to $z$:

$$
\hat{x} = \mathrm{sigmoid}\big(W_2\,\mathrm{ReLU}(W_1 z + b_1) + b_2\big), \qquad
-\log p(x \mid z) = -\sum_i \big[x_i \log \hat{x}_i + (1 - x_i) \log(1 - \hat{x}_i)\big].
$$

No $\hat{x}$ brings the NLL below the **entropy of the pixels**,
$-\sum_i [x_i \log x_i + (1 - x_i) \log(1 - x_i)]$: that is the floor.

**Training** maximised the evidence lower bound, with
$q(z \mid x) = \mathcal{N}(\mu, \mathrm{diag}\,\sigma^2)$ and the prior
$p(z) = \mathcal{N}(0, I)$,

$$
\log p(x) \ge \mathbb{E}_{q(z \mid x)}\big[\log p(x \mid z)\big]
- \mathrm{KL}\big(q(z \mid x)\,\|\,p(z)\big),
$$

by drawing $z = \mu + \sigma \odot \varepsilon$, $\varepsilon \sim \mathcal{N}(0, I)$: the
**reparameterisation**, through which gradients reach $\mu$ and $\sigma$.

The **KL of one dimension**, $\tfrac12\,(\mu_j^2 + \sigma_j^2 - 1 - \log \sigma_j^2)$, averaged over
the test images, ranks the sliders. It is 0 where the encoder ignores the image. A dimension is
*active* when the variance of $\mu_j$ over the test images is above 0.01.

A **draw from the prior** has $\log p(z) = -\tfrac12 \|z\|^2 - \tfrac{Z}{2} \log 2\pi$ and a length
$\|z\| \sim \chi_Z$, near $\sqrt{Z}$: $z = 0$ has the highest density, yet for large $Z$ no draw
comes near it.

**Walks.** Straight: $(1-t)\,z_a + t\,z_b$. Spherical: the direction turns evenly through the angle
$\omega$ between the two, while the length goes evenly from one to the other:

$$
\Big(\frac{\sin((1-t)\,\omega)}{\sin \omega}\,\frac{z_a}{\|z_a\|}
+ \frac{\sin(t\,\omega)}{\sin \omega}\,\frac{z_b}{\|z_b\|}\Big)
\big((1-t)\,\|z_a\| + t\,\|z_b\|\big).
$$

Kingma & Welling 2014, arXiv:1312.6114; Sohn, Lee & Yan 2015 (CVAE); Shoemake 1985 (slerp).
"""

names = [run.name for run in list_runs() if run.family in ("vae", "cvae")]
if not names:
    st.title("Latent sliders")
    st.info(
        "No trained VAE here yet. Train one with `python -m genlab train vae-fashion`, or import "
        "one on the Checkpoints page, and come back."
    )
    st.stop()

held = st.session_state.setdefault(  # the view on show
    "sliders.held", {"run": None, "view": FRESH, "version": 0, "link": PageLink(), "nll": None}
)
link = st.query_params.to_dict()
chosen = st.session_state.get("sliders.run")
opened = held["link"].is_opened(link, acted=chosen not in (None, held["run"]))
if opened:
    held["link"].open(link)
    first = FIRST if FIRST in names else names[0]
    wanted = link.get("run", first)
    if wanted not in names:
        st.warning(f'There is no run "{wanted[:64]}" here; this is {first}.')
        wanted = first
    st.session_state["sliders.run"] = wanted
elif "sliders.run" not in st.session_state and held["run"] in names:
    st.session_state["sliders.run"] = held["run"]  # back from another page

title, picker = st.columns([2, 1], vertical_alignment="bottom")
title.title("Latent sliders")
run = find_run(picker.selectbox("Run", names, key="sliders.run", label_visibility="collapsed"))
classes = run.config["model"].get("classes", 0)
kl, active = dimension_figures(run)
try:
    test = load_split(run.dataset, "test")
    data = test.origin
except GenLabError as error:
    test, data = None, str(error)
limits = {
    "latent_dim": run.latent_dim,
    "classes": classes,
    "images": len(test.images) if test else 0,
}

if opened or held["run"] != run.name:
    old = held["view"]
    view = View(start=old.start, other=old.other, tab=old.tab)
    if opened:
        view = read_view(link, **limits)
        if view.z is None and view.start is None and view.seed is None:
            view = replace(view, start=FRESH.start, other=view.other or FRESH.other)
    view = settled(
        view,
        kl=kl,
        classes=classes,
        means=latent_means(run) if test else None,
        labels=test.labels if test else None,
    )
    held |= {"run": run.name, "view": view, "version": held["version"] + 1, "nll": None}

st.caption(
    f"Drag any of {run.latent_dim} latent dimensions ({sum(active)} active): the decoder runs in "
    f"your browser and redraws within a frame. Data: {data}."
)


@st.cache_data(max_entries=256)
def start_bound(run_name: str, version: str, start: int) -> ImageBound:
    """The bound of one test image of the run's dataset."""
    chosen = find_run(run_name)
    split = load_split(chosen.dataset, "test")
    return image_bound(load_tensors(chosen), split.images[start], int(split.labels[start]))


@st.fragment
def sliders() -> None:
    with shown_errors():
        message = live_decoder(
            run, held["view"], version=held["version"], kl=kl, active=active, images=bool(test)
        )
        if message and message.get("version") == held["version"]:
            held["view"] = read_view(message, **limits)
            held["nll"] = nll_of(message)
        link = {"run": run.name} | link_of(held["view"])
        held["link"].write(link)
        if st.query_params.to_dict() != link:
            st.query_params.from_dict(link)
        if held["view"].z is not None:
            show_numbers(held["view"], held["nll"])
        st.subheader("What to look for")
        st.markdown(LOOK_FOR_CVAE if classes else LOOK_FOR_VAE)
        with st.expander("The maths", icon=":material/function:"):
            st.markdown(MATHS)
        if held["view"].z is not None:
            with st.expander("In Python", icon=":material/code:"):
                st.code(
                    sliders_script(
                        run.name, held["view"], latent_dim=run.latent_dim, classes=classes
                    )
                )


def show_numbers(view: View, nll: dict[str, float] | None) -> None:
    """z beside the prior, and the start image's NLL and bound beside their floor."""
    standing = prior_standing(view.z)
    columns = st.columns(5)
    columns[0].metric("Distance ‖z‖ from z = 0", f"{standing.norm:.2f}")
    columns[0].caption(f"median draw of the prior: {standing.median_norm:.2f}")
    columns[1].metric("Prior draws nearer to 0", f"{standing.percentile:.1f} %")
    columns[1].caption("50 %: as far as the median draw")
    columns[2].metric("log p(z), nats", f"{standing.log_density:.1f}")
    columns[2].caption(f"highest, at z = 0: {standing.highest_log_density:.1f}")
    if nll is None or view.start is None:
        return
    columns[3].metric(f"NLL of image {view.start} here, nats", f"{nll['now']:.1f}")
    columns[3].caption(f"floor {nll['floor']:.1f}; at its μ {nll['mean']:.1f}")
    bound = start_bound(run.name, version_of(run), view.start)
    columns[4].metric(f"−ELBO of image {view.start}, nats", f"{bound.neg_elbo:.1f}")
    columns[4].caption(f"reconstruction {bound.recon_nll:.1f} + KL {bound.kl:.1f}")


sliders()
