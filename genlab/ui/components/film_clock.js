// The clock that several films share: the moments at which one of them has a new frame, and a hand
// that plays through them.

import { countUpTo, interpolated } from "./film_data.js";

const STOPS_PER_SECOND = 5; // at speed 1
const STILL = 2; // stops a second, at most, where the visitor prefers reduced motion

export class FilmClock {
  /** onMove(when): the hand has moved by itself; onPause(): it has come to rest. */
  constructor({ onMove, onPause }) {
    Object.assign(this, { onMove, onPause, stops: [0], places: [0], playing: false, speed: 1 });
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  setFilms(films, clock) {
    const all = films.flatMap((film) => film.times[clock]);
    this.stops = [...new Set(all)].sort((a, b) => a - b);
    if (this.stops.length === 0) this.stops = [0];
    this.places = this.stops.map((_, i) => i);
  }

  get last() {
    return this.stops[this.stops.length - 1];
  }

  /** The place of a moment among the stops: 2.5 is half-way from the third to the fourth. */
  placeOf(when) {
    return this.inside(interpolated(when, this.stops, this.places));
  }

  momentAt(place) {
    return interpolated(this.inside(place), this.places, this.stops);
  }

  inside(place) {
    return Math.min(this.stops.length - 1, Math.max(0, place));
  }

  /** The stop that many stops away from a moment: 1 the next, -1 the one before. */
  stopFrom(when, steps) {
    const at = countUpTo(this.stops, when) - 1;
    const onIt = this.stops[at] === when;
    const to = at + steps + (steps < 0 && !onIt ? 1 : 0);
    return this.stops[Math.min(this.stops.length - 1, Math.max(0, to))];
  }

  /** Play on from a moment, or from the beginning where it is the end. */
  play(from) {
    if (this.stops.length < 2) return;
    this.playing = true;
    let place = from >= this.last ? 0 : this.placeOf(from);
    let before = performance.now();
    const frame = (now) => {
      if (!this.playing) return;
      const pace = STOPS_PER_SECOND * this.speed;
      place += ((now - before) / 1000) * (this.still.matches ? Math.min(STILL, pace) : pace);
      before = now;
      this.onMove(Math.round(this.momentAt(this.still.matches ? Math.floor(place) : place)));
      if (place >= this.stops.length - 1) return this.pause();
      this.request = requestAnimationFrame(frame);
    };
    this.request = requestAnimationFrame(frame);
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.request);
    this.onPause();
  }
}
