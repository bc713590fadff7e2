/** The model behind one map, in the browser: the latent mean of each image and the decoder. */

import { loadDecoder, loadFloats, paint } from "./mlp.js";

export class MapModel {
  /** map: one entry of data.maps; without URLs the map has no reconstructions. */
  constructor(map) {
    this.decoderUrl = map.decoder_url;
    this.latentsUrl = map.latents_url;
    this.conditional = map.conditional;
  }

  fits(map) {
    return this.decoderUrl === map.decoder_url && this.latentsUrl === map.latents_url;
  }

  /** Resolves when pictures() works, or never will for want of weights; rejects with a sentence. */
  async load() {
    if (!this.decoderUrl || !this.latentsUrl) return;
    [this.decoder, this.latents] = await Promise.all([
      loadDecoder(this.decoderUrl),
      loadFloats(this.latentsUrl),
    ]);
  }

  /**
   * What the decoder makes of the mean latent of some images, as pictures of an ImageCard:
   * one, or none while the weights are on their way. A conditional decoder gets `label`.
   */
  pictures(caption, images, label) {
    if (!this.decoder) return [];
    const draw = (canvas) => {
      const pixels = this.decodeMean(images, label);
      paint(canvas, pixels, Math.round(Math.sqrt(pixels.length)));
    };
    return [{ caption, draw }];
  }

  decodeMean(images, label) {
    const { latentDim } = this.decoder;
    const z = new Float32Array(latentDim);
    for (const i of images) {
      for (let j = 0; j < latentDim; j++) z[j] += this.latents[i * latentDim + j] / images.length;
    }
    return this.decoder.decode(z, this.conditional ? label : null);
  }
}

/** The commonest class of some images, and how many have it: { label, votes }. */
export function majority(images, labels) {
  const votes = new Map();
  for (const i of images) votes.set(labels[i], (votes.get(labels[i]) ?? 0) + 1);
  const [label, count] = [...votes].reduce((best, next) => (next[1] > best[1] ? next : best));
  return { label, votes: count };
}
