"""Page: GANs from their first update to their last, several in step under one cursor."""

import streamlit as st

from genlab.jobs.queue import list_jobs
from genlab.runs.folder import Run, list_runs
from genlab.ui.errors import shown_errors
from genlab.ui.gan_export import export_popover, theatre_script
from genlab.ui.gan_probe_view import show_probes
from genlab.ui.gan_theatre import TABS, open_theatre, pick_films, show_link, theatre
from genlab.ui.gan_view import choices
from genlab.ui.plane_gan_view import show_plane_gan

LOOK_FOR = """
- Scrub through the first 500 updates: noise, then blobs of the right grey, then strokes. The
  curves bend least where the pictures change most.
- Look at one tile through time. Does the noise keep its digit, or does the generator change its
  mind from epoch to epoch? Two players who chase one another need not settle.
- When the frames around the tiles turn orange, the discriminator sees through them: D(G(z)) falls,
  and the loss of G rises. At the balance that theory promises it could only guess: D = 0.5.
- Compare the scores with those of real images (dashed). High precision with low recall is a
  generator that repeats what it does well; a KL of the classes near 2.3 nats is one that makes one
  digit only, a **collapse**.
- Drag through the plane: a small step changes the slant, a long one the digit. Then draw twelve new
  samples and see whether any is nearer to a training image than real test images are.
"""
MATHS = r"""
The **discriminator** $D$ and the **generator** $G$ play for the value

$$
V(D, G) = \mathbb{E}_{x}\big[\log D(x)\big] + \mathbb{E}_{z}\big[\log(1 - D(G(z)))\big]:
$$

$D$ raises it, $G$ lowers it. For a fixed $G$ the best $D$ is
$D^*(x) = p_\text{data}(x) / (p_\text{data}(x) + p_G(x))$; with it
$V = -\log 4 + 2\,\mathrm{JSD}(p_\text{data} \,\|\, p_G)$, lowest where both densities agree and
$D^* = \tfrac12$ everywhere.

With the **minimax** and the **non-saturating** loss $D$ minimises $-V$. What $G$ minimises is
$\mathbb{E}[\log(1 - D(G(z)))]$ in the first, flat where $D$ is sure of a fake, and
$-\mathbb{E}[\log D(G(z))]$ in the second, steep there. **Least squares**, with $a$ for fakes, $b$
for real images and $c$ for what $G$ wants:

$$
\min_D \tfrac12 \mathbb{E}\big[(D(x) - b)^2\big] + \tfrac12 \mathbb{E}\big[(D(G(z)) - a)^2\big],
\qquad \min_G \tfrac12 \mathbb{E}\big[(D(G(z)) - c)^2\big].
$$

What the frames and curves call **D's opinion** is $D$, a probability; of least squares it is
$(D - a) / (b - a)$, which may leave $[0, 1]$.

**Fréchet distance.** Features of samples and of real images, from a fixed classifier of digits, as
two normal distributions:
$\|\mu_1 - \mu_2\|^2 + \mathrm{tr}\big(\Sigma_1 + \Sigma_2 - 2 (\Sigma_1 \Sigma_2)^{1/2}\big)$.
Its zero line is what real images score against other real images.

**Modes.** The classifier names the samples; with shares $p_k$ the KL from uniform is
$\sum_k p_k \log (10\,p_k)$: 0 for all alike, $\log 10 = 2.30$ for one class alone.

**Precision** is the share of samples within the manifold of the real images, **recall** the share
of real images within that of the samples; a manifold is the union of balls around its points, each
reaching to the third nearest other one.

**Frames.** All show the same 64 noises; the first is from before any update. A run shows its newest
frame at or before the cursor.

Goodfellow et al. 2014, arXiv:1406.2661; Radford et al. 2016 (DCGAN), arXiv:1511.06434; Mao et al.
2017 (least squares), arXiv:1611.04076; Heusel et al. 2017 (Fréchet), arXiv:1706.08500;
Kynkäänniemi et al. 2019 (precision and recall), arXiv:1904.06991.
"""

heading = st.container(
    horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
)
heading.title("GAN progression", width="content")
runs, jobs = list_runs(), list_jobs()
options = choices(runs, jobs)
state = open_theatre(options, jobs)


@st.fragment
def stage() -> None:
    with shown_errors():
        if theatre(state, options).ended:
            st.rerun()  # the job has become a run
        show_link(state)
        export_popover(state, options)
        script.code(theatre_script(state.keys, state.view))


film, plane = st.tabs(TABS, key="gan.tab", on_change="rerun")
if plane.open:
    with plane:
        show_plane_gan()
    show_link(state)
    st.stop()
with film:
    st.caption(
        "The same 64 noises from before the first update to the end: play it, or drag the cursor "
        "over the curves. The frame of a tile is what the run's own discriminator said of it."
    )
    if not options:
        st.info("No GAN has been trained here yet; train one, and watch it learn on this page.")
        st.page_link("../../pages/train.py", label="Train a GAN", icon=":material/model_training:")
        st.stop()
    with heading:
        state.keys = pick_films(options)
    if not state.keys:
        st.info("Choose one to four runs above.")
        st.stop()
    hall = st.container()
    show_probes([chosen for key in state.keys if isinstance(chosen := options[key], Run)])
    st.subheader("What to look for")
    st.markdown(LOOK_FOR)
    with st.expander("The maths", icon=":material/function:"):
        st.markdown(MATHS)
    with st.expander("In Python", icon=":material/code:"):
        script = st.empty()
    with hall:
        stage()
