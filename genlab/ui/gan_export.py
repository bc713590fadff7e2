"""The GAN theatre as files and as a script: what is on show, as GIF, MP4 or PNG, and in Python."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from genlab.errors import GenLabError
from genlab.explore.film_view import lockstep
from genlab.explore.gan_layers import generate, generator_layers
from genlab.explore.movies import beside, enlarged, gif, mp4, png_strip, tiled
from genlab.explore.walks import walk
from genlab.jobs.queue import Job
from genlab.runs.film import Film, film_path, load_film, unpack_film
from genlab.runs.folder import Run, load_tensors
from genlab.ui.gan_theatre import GanState
from genlab.ui.gan_view import TheatreView

COLUMNS = 8  # of a frame's tiles
PACE = 5  # stops a second at speed 1, as in the browser
HOLD = 1.0  # seconds that a film stands still at its end
STEPS = 48  # frames of a walk
STRIP = 8  # frames of a strip, where all would be too many
FORMATS = {
    "GIF": ("gif", "image/gif"),
    "MP4": ("mp4", "video/mp4"),
    "PNG strip": ("png", "image/png"),
}


def film_of(choice: Run | Job) -> Film:
    """The film of a run, or of a job as far as it has come.

    Raises:
        GenLabError: there is none yet.
    """
    if isinstance(choice, Run):
        return load_film(choice)
    try:
        return unpack_film(film_path(choice.folder).read_bytes())
    except FileNotFoundError as error:
        raise GenLabError(f'Job "{choice.name}" has no frame yet; wait a moment.') from error


def film_frames(films: Sequence[Film], clock: str, tile: int | None) -> np.ndarray:
    """The films side by side in lockstep, one frame for each stop: (S, H, W) uint8.

    Args:
        tile: this noise alone; None for all of them.
    """
    _, shown = lockstep(films, clock)
    parts = []
    for film, frames in zip(films, shown, strict=True):
        images = film.frames["images"][frames]
        parts.append(tiled(images, COLUMNS) if tile is None else tiled(images[:, [tile]], 1))
    return beside(parts)


def walk_frames(run: Run, film: Film, view: TheatreView) -> np.ndarray:
    """What the run's generator makes between two noises of its film: (STEPS, 30, 30) uint8."""
    noise = film.fixed["noise"]
    z = walk(noise[view.tile], noise[view.other], steps=STEPS, kind=view.way)
    images = generate(generator_layers(run.config["model"], load_tensors(run)), z)
    return tiled((255.0 * images).round().astype(np.uint8)[:, None], 1)


def movie(frames: np.ndarray, kind: str, speed: float) -> bytes:
    """Frames (F, H, W) as one of FORMATS, in the browser's pace."""
    height, width = frames.shape[1:]
    frames = enlarged(frames, max(1, 480 // max(height, width)))
    if kind == "PNG strip":
        small = height <= 32
        chosen = np.unique(np.linspace(0, len(frames) - 1, len(frames) if small else STRIP))
        return png_strip(frames[chosen.astype(int)], columns=12 if small else None)
    fps = round(min(30.0, max(1.0, PACE * speed)))
    still = frames[-1:].repeat(round(HOLD * fps), axis=0)
    return (gif if kind == "GIF" else mp4)(np.concatenate([frames, still]), fps)


def export_popover(state: GanState, options: Mapping[str, Run | Job]) -> None:
    """Choose what of the view to keep, and as what."""
    view, chosen = state.view, [options[key] for key in state.keys]
    runs = [choice for choice in chosen if isinstance(choice, Run)]
    holder = next((run for run in runs if run.name == view.generator), runs[0] if runs else None)
    things = {"all noises": "The films side by side", "one noise": f"Noise {view.tile} alone"}
    if holder is not None:
        things["walk"] = f"The walk from noise {view.tile} to {view.other}, {holder.name}"
    with st.popover("Save as a film or a picture", icon=":material/movie:"):
        thing = st.radio("What", list(things), format_func=things.get, key="gan.save_what")
        kind = st.segmented_control(
            "As", list(FORMATS), default="GIF", key="gan.save_as", required=True
        )

        def content() -> bytes:
            if thing == "walk":
                frames, pace = walk_frames(holder, load_film(holder), view), 4 * view.speed
            else:
                tile = view.tile if thing == "one noise" else None
                frames, pace = film_frames([*map(film_of, chosen)], view.clock, tile), view.speed
            return movie(frames, kind, pace)

        suffix, mime = FORMATS[kind]
        name = f"gan-{thing.replace(' ', '-')}-{'-'.join(state.keys)[:80]}.{suffix}"
        st.download_button(
            "Save", content, name, mime, on_click="ignore", key="gan.save", width="stretch"
        )
        st.caption("In step with one another, at the speed that is set above.")


def theatre_script(keys: Sequence[str], view: TheatreView) -> str:
    """A script of genlab calls that gives the same view; it leaves `shown`, `history`, `images`."""
    runs = [key for key in keys if not key.startswith("job-")]
    if not runs:
        return "# The job has no run yet: come back when it has ended."
    holder = view.generator if view.generator in runs else runs[0]
    names = ", ".join(f'"{name}"' for name in runs)
    at = "films[0].updates[-1]" if view.clock == "updates" else "films[0].images_seen[-1]"
    return "\n".join(
        [
            "import numpy as np",
            "",
            "from genlab.explore.film_view import frame_at, lockstep",
            "from genlab.explore.gan_layers import generate, generator_layers",
            "from genlab.explore.movies import beside, gif, png_strip, tiled",
            "from genlab.explore.walks import walk",
            "from genlab.runs.film import load_film",
            "from genlab.runs.folder import find_run, load_tensors",
            "",
            f"runs = [find_run(name) for name in [{names}]]",
            "films = [load_film(run) for run in runs]",
            f"moment = {at if view.at is None else view.at}  # {view.clock}",
            f'frames = [frame_at(film, moment, "{view.clock}") for film in films]',
            'shown = [film.frames["images"][i] for film, i in zip(films, frames)]  # (64, 784)',
            "for run, film, i in zip(runs, films, frames):",
            "    print(run.name, {name: figures[i] for name, figures in film.scores.items()})",
            "",
            f'stops, steps = lockstep(films, "{view.clock}")  # (S,) and (runs, S)',
            "screens = [tiled(film.frames['images'][i], 8) for film, i in zip(films, steps)]",
            'open("film.gif", "wb").write(gif(beside(screens), fps=5))',
            f'history = films[0].frames["images"][:, {view.tile}].reshape(-1, 28, 28)',
            'open("noise.png", "wb").write(png_strip(history))',
            "",
            f'run, film = next(p for p in zip(runs, films) if p[0].name == "{holder}")',
            'layers = generator_layers(run.config["model"], load_tensors(run))',
            'noise = film.fixed["noise"]  # (64, Z)',
            f'path = walk(noise[{view.tile}], noise[{view.other}], kind="{view.way}")  # (12, Z)',
            "images = generate(layers, path).reshape(-1, 28, 28)  # in [0, 1]",
        ]
    )
