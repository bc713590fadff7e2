"""What the Siamese page says below what it shows."""

LOOK_FOR = """
- Drag the threshold over the valley between the two hills. Left of it pairs are accepted as the
  same, right of it rejected; what turns strong in colour is wrong. Which error would you rather
  make: let a stranger in, or keep a friend out?
- The threshold was **chosen on training pairs** (▲) and is judged on test pairs. Is the best one
  of the test pairs elsewhere? Choosing it there would flatter the figures.
- Look at the worst false accepts and false rejects. Would you have told them apart?
- Beside every figure stands what the distance of the **raw pixels** does on the same pairs. Of
  digits it tells two pairs in three; what the network adds is the difference.
- Set **triplet** and **cosine** beside contrastive: one has no place for its heaps to stop at, one
  has only a circle for them. Which tells pairs best, and does the picture say why?
- Choose **unseen digits** above: that network has met 0 to 6 and judges 7, 8 and 9. It parts its
  training pairs without a mistake. What has it learned: to tell digits apart, or seven digits?
- **Training film**: at first all images lie in one heap. The loss pulls images of one class
  together, and pushes others apart until they are a **margin** away; further it does not care.
  Start one on the Train page and watch it here while it learns.
- **Maps**: lasso an island, and see where its images are by their pixels. Hover what lies in the
  wrong island.
- **Your pictures**: draw a 4 and close it slowly to a 9. Watch the ring cross the gap, and the
  neighbours change their mind.
"""
MATHS = r"""
One network $f$ embeds both images of a pair; $d = \|f(x_1) - f(x_2)\|$ is their distance, $y = 1$
where they show the same class and $m$ the margin. The **contrastive loss**

$$
L = y\,\tfrac12 d^2 + (1 - y)\,\tfrac12 \max(0,\, m - d)^2
$$

pulls same pairs together and pushes different ones apart, up to the margin. All pairs of a batch
are compared; the mean over its same and that over its different pairs count half each. The
**triplet loss** asks that the anchor $a$ be nearer to a positive $p$ than to a negative $n$ by $m$:
$\max(0,\, \|f(a) - f(p)\| - \|f(a) - f(n)\| + m)$. The **cosine softmax** puts embeddings on the
unit sphere and classifies by the angle to one direction $w_k$ for each class $k$:
$-\log \mathrm{softmax}_y\big(s\,(\cos\angle(f(x), w_k) - m\,[k = y])\big)$. A network that takes
mirror images for the same embeds an image as the mean of its own embedding and that one's.

**Verification.** A pair is accepted as the same where $d \le t$. Of the different pairs a share
$\mathrm{FAR}(t)$ is accepted falsely, of the same pairs a share $\mathrm{FRR}(t)$ rejected falsely:

$$
\mathrm{FAR}(t) = P(d \le t \mid y = 0), \qquad \mathrm{FRR}(t) = P(d > t \mid y = 1).
$$

**ROC**: $1 - \mathrm{FRR}$ against $\mathrm{FAR}$, for all $t$; the area under it,

$$
\mathrm{AUC} = P(d_\text{same} < d_\text{different})
+ \tfrac12 P(d_\text{same} = d_\text{different}),
$$

is the chance that a same pair is nearer than a different one. **DET**: $\mathrm{FRR}$ against
$\mathrm{FAR}$, both axes by the normal deviate $\Phi^{-1}$, so that small errors have room; two
normal distributions give a straight line. **EER**: the rate where
$\mathrm{FAR}(t) = \mathrm{FRR}(t)$.

**Intervals** hold 95 %: of the accuracy after Wilson, as of independent pairs; of AUC and EER,
where they stand, by drawing images anew. Faces are few and their drawn pairs repeat themselves:
there all intervals come from drawing people anew.

**Maps.** An embedding of two numbers is drawn as it is; a wider one by its two principal components
on the training images, the film by those of its last frame. The raw pixels by theirs.

Bromley et al. 1993 (Siamese networks); Hadsell, Chopra & LeCun 2006 (contrastive loss); Schroff,
Kalenichenko & Philbin 2015 (triplets), arXiv:1503.03832; Wang et al. 2018 (cosine softmax),
arXiv:1801.09414; Martin et al. 1997 (DET); Wilson 1927.
"""
