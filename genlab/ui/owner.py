"""Who is asking: an anonymous visitor, known by a cookie, or the teacher, known by a key.

The cookie is 128 random bits that the server sets with the first page; scripts in the page cannot
read it, and only a hash of it is stored or shown. It is worth as much as the browser profile that
holds it: it tells thirty students apart, and it proves nothing about who sits at the keyboard.
Without https whoever reads the network can copy it. A browser that keeps no cookies gets an
identity that ends with its tab.
"""

import hashlib
import hmac
import os
import re
import secrets
import threading
import time

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.errors import StreamlitSecretNotFoundError

from genlab.errors import GenLabError
from genlab.jobs.desk import Limits, Visitor, is_locked, lock_desk, read_limits, set_limits
from genlab.ui.errors import shown_errors

COOKIE = "genlab_visitor"
SECRET = re.compile(r"[0-9a-f]{32}")
A_YEAR = 365 * 24 * 3600
TEACHER_FOR = 12 * 3600.0  # seconds that a typed key opens the desk in one browser
WRONG_KEY_WAIT = 0.5  # seconds, one guess after the other, whoever guesses

_teachers: dict[str, float] = {}  # visitor's id -> when their key ceases to open
_one_guess_at_a_time = threading.Lock()


class VisitorCookie:
    """ASGI middleware: gives each browser its cookie with the first page that it asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not asks_for_a_page(scope) or known(scope):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append("set-cookie", new_cookie(scope["scheme"] == "https"))
                headers["cache-control"] = "no-store"  # no proxy hands one's identity to another
            await send(message)

        await self.app(scope, receive, send_with_cookie)


MIDDLEWARE = [Middleware(VisitorCookie)]


def asks_for_a_page(scope: Scope) -> bool:
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")


def known(scope: Scope) -> bool:
    """Whether the request brings an identity."""
    value = Request(scope).cookies.get(COOKIE)
    return value is not None and SECRET.fullmatch(value) is not None


def new_cookie(https: bool) -> str:
    parts = [f"{COOKIE}={secrets.token_hex(16)}", "Path=/", f"Max-Age={A_YEAR}"]
    return "; ".join([*parts, "HttpOnly", "SameSite=Lax", *(["Secure"] if https else [])])


def current_visitor() -> Visitor:
    """The visitor of this session."""
    visitor_id = visitor_id_of(browser_secret() or session_secret())
    return Visitor(visitor_id, teacher=_teachers.get(visitor_id, 0.0) > time.time())


def browser_secret() -> str | None:
    """What the visitor's cookie holds, or None where the browser keeps none."""
    value = st.context.cookies.get(COOKIE)
    return value if isinstance(value, str) and SECRET.fullmatch(value) else None


def session_secret() -> str:
    return st.session_state.setdefault("owner.secret", secrets.token_hex(16))


def visitor_id_of(secret: str) -> str:
    """The public identity: 16 hex digits from which the cookie cannot be found."""
    return hashlib.sha256(b"genlab visitor " + secret.encode()).hexdigest()[:16]


def teacher_key() -> str:
    """The key from Streamlit's secrets or the environment; empty where none is set."""
    try:
        key = st.secrets.get("teacher_key", "")
    except StreamlitSecretNotFoundError:
        key = ""
    return str(key or os.environ.get("GENLAB_TEACHER_KEY", ""))


def unlock(typed: str, visitor: Visitor) -> None:
    """Make the visitor a teacher in this browser, for half a day.

    Raises:
        GenLabError: the key is wrong, or none is set.
    """
    key = teacher_key()
    if not key:
        raise GenLabError(
            "No teacher's key is set; put teacher_key into .streamlit/secrets.toml or "
            "GENLAB_TEACHER_KEY into the environment, and start the server again."
        )
    with _one_guess_at_a_time:
        if not hmac.compare_digest(typed.encode(), key.encode()):
            time.sleep(WRONG_KEY_WAIT)
            raise GenLabError("That is not the teacher's key; type it again.")
    _teachers[visitor.id] = time.time() + TEACHER_FOR


def leave(visitor: Visitor) -> None:
    _teachers.pop(visitor.id, None)


def owner_words(owner: str, visitor: Visitor) -> str:
    """Who made a job, for people."""
    if owner == visitor.id:
        return "you"
    return f"visitor {owner[:4]}" if owner else "the command line"


def teacher_popover() -> None:
    """The corner where the key is typed and, with it, where the desk is governed."""
    visitor = current_visitor()
    icon = ":material/lock_open:" if visitor.teacher else ":material/key:"
    with st.popover("Teacher", icon=icon, width="stretch", key="owner.popover"):
        with st.container(width=380), shown_errors():
            if visitor.teacher:
                governing(visitor)
            else:
                key_form(visitor)
        kept = "this browser" if browser_secret() else "this tab, for your browser keeps no cookie"
        st.caption(
            f"You are visitor {visitor.id[:4]}: an anonymous identity kept in {kept}. It keeps "
            "your jobs yours; it is no password.",
            width=380,
        )


def set_lock(visitor: Visitor) -> None:
    """The toggle's callback: Streamlit would show an error that leaves it as a traceback."""
    try:
        lock_desk(st.session_state["owner.lock"], visitor)
    except GenLabError as error:
        st.session_state["owner.refusal"] = str(error)


def key_form(visitor: Visitor) -> None:
    with st.form("owner.form", border=False):
        typed = st.text_input("Teacher's key", type="password", key="owner.key")
        if st.form_submit_button("Unlock", width="stretch"):
            unlock(typed, visitor)
            st.rerun()


def governing(visitor: Visitor) -> None:
    st.toggle(
        "Lock the desk",
        value=is_locked(),
        key="owner.lock",
        help="Nobody else can start a job, as in an exam; what runs goes on.",
        on_change=set_lock,
        args=(visitor,),
    )
    if refusal := st.session_state.pop("owner.refusal", None):
        raise GenLabError(refusal)
    limits = read_limits()
    with st.form("owner.limits", border=False):
        st.markdown("**Limits for each visitor**")
        jobs = st.number_input("Jobs at once", 1, 1000, limits.jobs_per_owner)
        epochs = st.number_input("Epochs of a job", 1, 100_000, limits.epochs)
        disk = st.number_input("Disk, MB", 1, 1_000_000, limits.disk_mb)
        if st.form_submit_button("Set the limits", width="stretch"):
            set_limits(Limits(jobs_per_owner=jobs, epochs=epochs, disk_mb=disk), visitor)
            st.toast("The limits are set.")
    if st.button("Leave", key="owner.leave", width="stretch", help="Be a visitor again here."):
        leave(visitor)
        st.rerun()
