// Films that are still being shot: asked about once a second, until their job has ended.

import { Film, fetchMessage } from "./film_data.js";

const PAUSE = 1000; // milliseconds between two questions
const HIDDEN_PAUSE = 5000; // while nobody looks
const PATIENCE = 5; // broken connections in a row

/**
 * Ask the URL that `question` gives, again and again, from now on.
 *
 * take(message): what to do with an answer; true: that was the last. onError(sentence): the server
 * refuses, or is out of reach. Returns a function that stops asking.
 */
export function follow(question, take, onError) {
  const abort = new AbortController();
  ask().catch((error) => abort.signal.aborted || onError(error.message));
  return () => abort.abort();

  async function ask() {
    let failures = 0;
    while (!abort.signal.aborted) {
      try {
        const message = await fetchMessage(question(), abort.signal);
        failures = 0;
        if (take(message)) return;
      } catch (error) {
        failures++;
        const broken = error instanceof TypeError; // the connection, not what the server says
        if (abort.signal.aborted || failures >= PATIENCE || !broken) throw error;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, document.hidden ? HIDDEN_PAUSE : PAUSE);
      });
    }
  }
}

/**
 * Keep `screening.film` up to date with the job at url, from now on.
 *
 * onNews(): it has new frames; onState({ state, step, steps, run }): how the job stands;
 * onEnd(): it has become a run; onError(sentence). Returns a function that stops asking.
 */
export function followFilm(url, screening, { onNews, onState, onEnd, onError }) {
  const question = () => `${url}?after=${screening.film.count - 1}&seen=${screening.film.updates}`;
  return follow(question, (message) => {
    const { film } = screening, { job, frames } = message.header;
    if (frames < film.count) screening.film = new Film(); // went on from an earlier state
    else if (film.append(message)) onNews();
    onState(job);
    const ended = frames === screening.film.count && job.run;
    if (ended) onEnd();
    return ended || job.state === "failed";
  }, onError);
}

/** How a job stands, for a reader. */
export function stateWords({ state, step, steps }) {
  const done = steps ? `${step.toLocaleString("en")} of ${steps.toLocaleString("en")} updates` : "";
  const words = { running: "training", queued: "waiting in the queue", done: "finished" };
  return [words[state] ?? state, done].filter(Boolean).join(", ");
}
