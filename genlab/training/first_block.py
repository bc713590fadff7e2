"""A convolution of one channel, max pool and LeakyReLU in one visit, and the gradients of that.

Nine products a pixel are less work than to write its result down and read it again.
Shapes: N images, S the side of an image, s = S/2, LANES channels; `places` as in `gan_kernels`.
"""

from genlab.training.compiled import kernel, narrow, wide
from genlab.training.gan_kernels import BELOW, LANES, ZERO, largest, leaky, noted, through_leaky


@kernel
def spread(value, place):
    """Four values: `value` at its place and 0 elsewhere."""
    place &= BELOW - 1
    return (
        value if place == 0 else ZERO,
        value if place == 1 else ZERO,
        value if place == 2 else ZERO,
        value if place == 3 else ZERO,
    )


@kernel
def patch(image, i, j):
    """The 4 x 4 pixels that window (i, j) of 2 x 2 sees of an image with a margin: four rows."""
    a, b, c, d, k = image[2 * i], image[2 * i + 1], image[2 * i + 2], image[2 * i + 3], 2 * j
    return (
        (a[k], a[k + 1], a[k + 2], a[k + 3]),
        (b[k], b[k + 1], b[k + 2], b[k + 3]),
        (c[k], c[k + 1], c[k + 2], c[k + 3]),
        (d[k], d[k + 1], d[k + 2], d[k + 3]),
    )


@kernel
def first_forward(images, weight, bias, out, places):
    """Convolve one channel 3 x 3, pool 2 x 2, LeakyReLU.

    Args:
        images: (N, S + 2, S + 2) float32 with a margin of zeros.
        weight, bias: (9, LANES) and (LANES,) float32.
        out, places: (N, S/2, S/2, LANES) filled.
    """
    N, s, _, _ = out.shape
    for n in range(N):
        for i in range(s):
            for j in range(s):
                p, q, r, t = patch(images[n], i, j)
                row, place = out[n, i, j], places[n, i, j]
                for c in range(LANES):
                    u, v, w = weight[0, c], weight[1, c], weight[2, c]
                    y0 = p[0] * u + p[1] * v + p[2] * w
                    y1 = p[1] * u + p[2] * v + p[3] * w
                    y2 = q[0] * u + q[1] * v + q[2] * w
                    y3 = q[1] * u + q[2] * v + q[3] * w
                    u, v, w = weight[3, c], weight[4, c], weight[5, c]
                    y0 += q[0] * u + q[1] * v + q[2] * w
                    y1 += q[1] * u + q[2] * v + q[3] * w
                    y2 += r[0] * u + r[1] * v + r[2] * w
                    y3 += r[1] * u + r[2] * v + r[3] * w
                    u, v, w = weight[6, c], weight[7, c], weight[8, c]
                    y0 += r[0] * u + r[1] * v + r[2] * w
                    y1 += r[1] * u + r[2] * v + r[3] * w
                    y2 += t[0] * u + t[1] * v + t[2] * w
                    y3 += t[1] * u + t[2] * v + t[3] * w
                    best, where = largest(y0, y1, y2, y3)
                    best += bias[c]
                    row[c] = narrow(leaky(best), row[c])
                    place[c] = noted(where, best)


@kernel
def first_weights(images, d_out, places, d_weight, d_bias):
    """The gradient of `first_forward` for its weights.

    Args:
        images, places: as there.
        d_out: (N, S/2, S/2, LANES), the gradient for out.
        d_weight, d_bias: (9, LANES) and (LANES,) float32, filled.
    """
    N, s, _, _ = places.shape
    d_weight[:] = 0
    d_bias[:] = 0
    for n in range(N):
        for i in range(s):
            for j in range(s):
                p, q, r, t = patch(images[n], i, j)
                place, d_row = places[n, i, j], d_out[n, i, j]
                for c in range(LANES):
                    y = through_leaky(wide(d_row[c]), place[c])
                    y0, y1, y2, y3 = spread(y, place[c])
                    d_weight[0, c] += p[0] * y0 + p[1] * y1 + q[0] * y2 + q[1] * y3
                    d_weight[1, c] += p[1] * y0 + p[2] * y1 + q[1] * y2 + q[2] * y3
                    d_weight[2, c] += p[2] * y0 + p[3] * y1 + q[2] * y2 + q[3] * y3
                    d_weight[3, c] += q[0] * y0 + q[1] * y1 + r[0] * y2 + r[1] * y3
                    d_weight[4, c] += q[1] * y0 + q[2] * y1 + r[1] * y2 + r[2] * y3
                    d_weight[5, c] += q[2] * y0 + q[3] * y1 + r[2] * y2 + r[3] * y3
                    d_weight[6, c] += r[0] * y0 + r[1] * y1 + t[0] * y2 + t[1] * y3
                    d_weight[7, c] += r[1] * y0 + r[2] * y1 + t[1] * y2 + t[2] * y3
                    d_weight[8, c] += r[2] * y0 + r[3] * y1 + t[2] * y2 + t[3] * y3
                    d_bias[c] += y


@kernel
def first_images(d_out, places, weight, d_images):
    """The gradient of `first_forward` for its images: (N, S + 2, S + 2) float32, filled."""
    N, s, _, _ = places.shape
    for n in range(N):
        d_images[n] = 0
        for i in range(s):
            for j in range(s):
                place, d_row = places[n, i, j], d_out[n, i, j]
                p0 = p1 = p2 = p3 = q0 = q1 = q2 = q3 = ZERO
                r0 = r1 = r2 = r3 = t0 = t1 = t2 = t3 = ZERO
                for c in range(LANES):
                    y = through_leaky(wide(d_row[c]), place[c])
                    y0, y1, y2, y3 = spread(y, place[c])
                    u, v, w = weight[0, c], weight[1, c], weight[2, c]
                    p0 += y0 * u
                    p1 += y0 * v + y1 * u
                    p2 += y0 * w + y1 * v
                    p3 += y1 * w
                    q0 += y2 * u
                    q1 += y2 * v + y3 * u
                    q2 += y2 * w + y3 * v
                    q3 += y3 * w
                    u, v, w = weight[3, c], weight[4, c], weight[5, c]
                    q0 += y0 * u
                    q1 += y0 * v + y1 * u
                    q2 += y0 * w + y1 * v
                    q3 += y1 * w
                    r0 += y2 * u
                    r1 += y2 * v + y3 * u
                    r2 += y2 * w + y3 * v
                    r3 += y3 * w
                    u, v, w = weight[6, c], weight[7, c], weight[8, c]
                    r0 += y0 * u
                    r1 += y0 * v + y1 * u
                    r2 += y0 * w + y1 * v
                    r3 += y1 * w
                    t0 += y2 * u
                    t1 += y2 * v + y3 * u
                    t2 += y2 * w + y3 * v
                    t3 += y3 * w
                k = 2 * j
                add(d_images[n, 2 * i], k, p0, p1, p2, p3)
                add(d_images[n, 2 * i + 1], k, q0, q1, q2, q3)
                add(d_images[n, 2 * i + 2], k, r0, r1, r2, r3)
                add(d_images[n, 2 * i + 3], k, t0, t1, t2, t3)


@kernel
def add(row, k, a, b, c, d):
    row[k] += a
    row[k + 1] += b
    row[k + 2] += c
    row[k + 3] += d
