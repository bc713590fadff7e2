"""Browser components: plain ES modules beside this file, mounted by name.

A component's own JavaScript comes from an immutable URL, so that Streamlit sends a visitor only
the few bytes of its data; arrays are fetched by URL too.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent
SUFFIXES = {".js": "text/javascript", ".css": "text/css"}

BOOTSTRAP = """
export default async function (component) {
  const url = new URL(component.data.module, document.baseURI).href;
  const module = await import(url);
  return module.default(component);
}
"""


@cache
def components_version() -> str:
    """12 hex digits of all component files: a changed file has another URL."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in SUFFIXES:
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def mount(name: str, *, data: dict[str, Any], key: str, outputs: tuple[str, ...]) -> Any:
    """Show the component `name` (name.js, name.css) with JSON data; return what it has sent.

    Args:
        data: plain values and relative URLs; its "module" is set here.
        key: the widget key, which also names the state.
        outputs: the values the component may send; each is an attribute of the result.
    """
    component = st.components.v2.component(
        name,
        html='<div class="genlab-root"></div>',
        css="\n".join((FOLDER / file).read_text("utf-8") for file in ("common.css", f"{name}.css")),
        js=BOOTSTRAP,
    )
    module = f"genlab/static/{components_version()}/{name}.js"
    callbacks = {f"on_{output}_change": lambda: None for output in outputs}
    return component(data={**data, "module": module}, key=key, **callbacks)
