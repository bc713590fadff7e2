/**
 * What the cards on the maps show, as ImageCard.show wants it.
 *
 * maps is the LinkedMaps: its data, state, models and images; place is 0 for the left map.
 */

import { majority } from "./map_model.js";

const FAR = 0.12; // map units: a spot farther than this from its nearest point is "far"

/** About image i: the picture itself and what this map's model makes of it. */
export function imageCard(maps, place, i) {
  const label = maps.state.labels[i];
  const map = maps.data.maps[place];
  const caption = map.conditional ? "reconstruction, own label" : "reconstruction";
  return {
    heading: maps.className(i),
    aside: `#${i}`,
    colour: maps.data.palette[label],
    pictures: [
      testPicture(maps, "test image", i),
      ...maps.models[map.id].pictures(caption, [i], label),
    ],
  };
}

/** Which class a spot is nearest to: { label, name, votes, warning }; distance of its nearest. */
export function describeSpot(maps, images, distance) {
  const { label, votes } = majority(images, maps.state.labels);
  const name = maps.data.classes[label];
  return {
    label,
    name,
    votes: `${votes} of ${images.length} are ${name}.`,
    warning: distance > FAR ? " Far from every image: the decoder was never asked here." : "",
  };
}

/** About a spot whose nearest images these are; here: whether this map was asked. */
export function spotCard(maps, place, images, { label, name, votes, warning }, here) {
  const map = maps.data.maps[place];
  const caption = map.conditional ? `decoded as ${name}` : "decoded";
  return {
    heading: `Mean of ${images.length} nearest`,
    aside: here ? "" : "the same images here",
    colour: maps.data.palette[label],
    pictures: [
      ...maps.models[map.id].pictures(caption, images, label),
      testPicture(maps, `nearest, #${images[0]}`, images[0]),
    ],
    note: here ? votes + warning : votes,
  };
}

function testPicture(maps, caption, i) {
  return { caption, draw: (canvas) => maps.images?.draw(canvas, i) };
}
