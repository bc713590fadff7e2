// A film that is still being shot: asked about once a second, until its job has ended.

import { Film, fetchMessage } from "./film_data.js";

const PAUSE = 1000; // milliseconds between two questions
const HIDDEN_PAUSE = 5000; // while nobody looks
const PATIENCE = 5; // broken connections in a row

/**
 * Keep `screening.film` up to date with the job at url, from now on.
 *
 * onNews(): it has new frames; onState({ state, step, steps, run }): how the job stands;
 * onEnd(): it has become a run; onError(sentence). Returns a function that stops asking.
 */
export function followFilm(url, screening, { onNews, onState, onEnd, onError }) {
  const abort = new AbortController();
  follow().catch((error) => abort.signal.aborted || onError(error.message));
  return () => abort.abort();

  async function follow() {
    let failures = 0;
    while (!abort.signal.aborted) {
      try {
        const { film } = screening;
        const query = `?after=${film.count - 1}&seen=${film.updates}`;
        const message = await fetchMessage(url + query, abort.signal);
        failures = 0;
        const { job, frames } = message.header;
        if (frames < film.count) screening.film = new Film(); // went on from an earlier state
        else if (film.append(message)) onNews();
        onState(job);
        if (frames === screening.film.count && job.run) return onEnd();
        if (job.state === "failed") return;
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
