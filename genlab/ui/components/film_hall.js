// The hall: the screens of the runs, what moves the film, the curves and one noise through time.

import { element } from "./dom.js";
import { Curves } from "./film_curves.js";
import { followFilm, stateWords } from "./film_follow.js";
import { History } from "./film_history.js";
import { Screen } from "./film_screen.js";
import { Transport } from "./film_transport.js";

export class Hall {
  /**
   * films: a Film for each of shown ({ key, title, about, colour, url, live, floors }); classes:
   * names of the ten. hands: toggle(), step(n), scrub(when), scrubToStop(i), change(patch),
   * enlarge(), news() of a film being shot, ended(key) of its job, clock() in use.
   */
  constructor(shown, films, classes, hands) {
    this.transport = new Transport(hands);
    this.curves = new Curves({ classes, onScrub: hands.scrub });
    this.history = new History({
      onScrub: (film, frame) => hands.scrub(film.times[hands.clock()][frame]),
      onChoose: (tile) => hands.change({ tile }),
      onOther: (other) => hands.change({ other }),
    });
    this.screenings = shown.map((one, i) => this.screening(one, films[i], hands));
    const count = { "data-count": shown.length };
    const screens = element("div", { class: "screens", ...count },
      ...this.screenings.map(({ screen }) => screen.element));
    this.element = element("div", { class: "theatre", tabindex: 0, role: "application",
      "aria-label": "Films of the runs: Space plays, arrows step, Home and End jump, F enlarges" },
      this.transport.element,
      element("div", { class: "house", ...count }, screens, this.curves.element,
        this.history.element));
  }

  close() {
    for (const { screen, stop } of this.screenings) {
      screen.close();
      stop?.();
    }
    this.curves.close();
    this.history.close();
  }

  screening(one, film, hands) {
    const screen = new Screen({ ...one,
      onPick: (tile, other) => hands.change(other ? { other: tile } : { tile }) });
    const screening = { ...one, film, screen };
    if (one.live) {
      screen.setState("waiting for its first frame");
      screening.stop = followFilm(one.url, screening, {
        onNews: hands.news,
        onState: (job) => screen.setState(stateWords(job)),
        onEnd: () => hands.ended(one.key),
        onError: (sentence) => screen.setState(sentence),
      });
    }
    return screening;
  }

  /** The screenings that have a frame to show. */
  get running() {
    return this.screenings.filter(({ film }) => film.count > 0);
  }

  filmOf(key) {
    return this.screenings.find((one) => one.key === key).film;
  }

  /** The films have changed, or the axis they are shown on: all that shows them follows. */
  takeFilms({ clock, bent }) {
    const { running } = this;
    for (const { screen, film, floors } of running) screen.setFilm(film, floors);
    if (!running.length) return;
    this.curves.show(running, clock, bent);
    this.history.show(running);
  }

  draw(view, clock) {
    const { running } = this;
    const frames = running.map(({ film }) => film.frameAt(view.at, view.clock));
    running.forEach(({ screen }, i) => {
      screen.draw(frames[i], view.borders);
      screen.describe(frames[i], view.at, view.clock);
      screen.mark(view.tile, view.other);
    });
    this.transport.draw(view, clock);
    if (!running.length) return;
    this.curves.moveCursor(view.at, frames);
    this.history.choose(view.tile, view.other);
    this.history.draw(frames);
  }
}
