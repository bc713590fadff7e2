"""Page: start a training, and watch it, whoever started it and from wherever."""

import dataclasses

import streamlit as st

from genlab.jobs.desk import NameTaken, is_locked, submit_run
from genlab.jobs.queue import Job, list_jobs
from genlab.jobs.recipe_book import recipe_book
from genlab.ui.errors import shown_errors
from genlab.ui.hostile import literal
from genlab.ui.owner import current_visitor, teacher_popover
from genlab.ui.train_cost import cost_panel
from genlab.ui.train_desk import forget_look, jobs_now, keep_worker
from genlab.ui.train_form import Wish, fill_from_config, free_name, training_form
from genlab.ui.train_link import take_over_link
from genlab.ui.train_script import training_script
from genlab.ui.train_view import show_desk

LOOK_FOR = """
- The first hundred updates fall furthest: the model learns the mean image (the upper dashed line)
  before it learns what tells images apart. No curve crosses the lower one, the pixels' entropy.
- The KL rises while the reconstruction NLL falls: the code begins to say something. Each nat it
  costs must save more than one in the reconstruction.
- Validation rises while training still falls? That is overfitting; fewer images bring it sooner.
  Start several seeds: what lies inside the band is chance.
"""
MATHS = r"""
Each update draws a batch of $B$ images and lowers the **negative ELBO**, in nats per image,

$$
-\mathrm{ELBO}(x) =
\underbrace{\mathbb{E}_{q(z \mid x)}\big[-\log p(x \mid z)\big]}_{\text{reconstruction NLL}}
+ \underbrace{\mathrm{KL}\big(q(z \mid x)\,\|\,p(z)\big)}_{\text{KL}} \;\ge\; -\log p(x),
$$

with one draw $z = \mu + \sigma \odot \varepsilon$, $\varepsilon \sim \mathcal{N}(0, I)$, for each
image. A CVAE is given the label $c$ on both sides.

**Adam** keeps running means of the gradient $g_t$ and of its square, and corrects their start at 0:

$$
m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \quad
v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \quad
\theta_t = \theta_{t-1} - \eta_t \,
\frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon},
$$

$\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 10^{-8}$. The cosine schedule takes
$\eta_t = \tfrac12 \eta \,(1 + \cos \pi t / T)$ over the $T$ updates of the run.

**Validation.** A share $s$ of the training images is drawn by the seed and never trained on. After
each epoch the loss on them is measured, and the weights of the epoch with the lowest are kept. The
test images play no part until the run is finished. The training curve is measured while the weights
move, so in the first epochs it may lie above the validation curve.

**Floors.** For pixels $x_i \in [0, 1]$ no reconstruction NLL is below their entropy
$-\sum_i [x_i \log x_i + (1 - x_i) \log (1 - x_i)]$; always predicting the mean training image costs
the other line. Both are of the test images.

The **smoothed** curve is a running mean in which the past keeps the weight $w$ over each 20
updates: $s_t = w\,s_{t-1} + (1 - w)\,y_t$, divided by $1 - w^t$ so that it does not begin at 0.

Kingma & Welling 2014, arXiv:1312.6114; Kingma & Ba 2015 (Adam), arXiv:1412.6980; Loshchilov &
Hutter 2017 (cosine), arXiv:1608.03983.
"""


def start(wish: Wish) -> None:
    """Queue the wish, one job for each seed, and show them.

    Raises:
        GenLabError: the desk refuses; the jobs queued before that stay.
    """
    visitor, started = current_visitor(), []
    try:
        for name, config in wish.jobs():
            started.append(submit_run(config, name, visitor).id)
    except NameTaken:
        if started or wish.is_named:
            raise
        # Somebody took the free name a moment ago: the next one does as well
        start(dataclasses.replace(wish, name=free_name(wish.recipe, list_jobs())))
    finally:
        if started:
            forget_look()
            keep_worker(jobs_now())
            st.session_state["train.shown"] = started
            st.session_state["train.clear_name"] = True


def duplicate(job: Job) -> None:
    fill_from_config(book, job.config)
    st.session_state["train.redraw"] = True  # the form stands outside the fragment with the button
    st.toast("Its settings are in the form, on the left.")


def start_button(wish: Wish) -> None:
    locked = is_locked() and not current_visitor().teacher
    many = f" {wish.seeds} runs" if wish.seeds > 1 else ""
    if st.button(
        f"Start{many}",
        key="train.start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=locked or wish.problem is not None,
    ):
        with shown_errors():
            start(wish)
            st.rerun()
    if locked:
        st.caption(":material/lock: The teacher has locked the desk; what runs goes on.")


title, corner = st.columns([6, 1], vertical_alignment="bottom")
title.title("Train")
with st.spinner("Reading the recipes, once on this machine …"):
    book = recipe_book()
with corner:
    teacher_popover()
visitor = current_visitor()
jobs = take_over_link(book, visitor)
st.caption(
    "Choose a recipe, see what it costs, start it and watch it learn: the job belongs to this "
    "machine, so close the tab and come back to it, from anywhere."
)
form, watch = st.columns([1, 2.7], gap="large")
with form, st.container(gap="xsmall"):
    wish, action = training_form(book, jobs)
with action:
    if wish.problem:
        st.error(literal(wish.problem), icon=":material/error:")
    else:
        with shown_errors():
            cost_panel(wish.config, wish.seeds, jobs, visitor.id)
    start_button(wish)
with watch:
    show_desk(wish, book, duplicate)

st.subheader("What to look for")
st.markdown(LOOK_FOR)
with st.expander("The maths", icon=":material/function:"):
    st.markdown(MATHS)
with st.expander("In Python", icon=":material/code:"):
    changed = {name: value for name, (_, value) in wish.changed.items()}
    st.code(training_script(wish.recipe, changed, wish.name))
