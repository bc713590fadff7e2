"""A tab open on a Streamlit app, without a browser: it speaks the protocol and draws nothing.

Like a browser it fetches the page and keeps its cookies, opens the websocket with them, keeps the
page's elements, sends the values of all widgets with every rerun, reruns a fragment whenever its
timer is due (whether or not the last answer has come, as setInterval does), keeps large messages
that the server then sends by their hash alone, follows the address, and fetches once what
components and pictures name by URL. Its times are time.perf_counter seconds.

Source: the messages of streamlit/proto and the browser's code in streamlit/static, 1.67.
"""

import asyncio
import contextlib
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

LATE = 1.0  # seconds after which a request counts though the visitor leaves before its answer
PATIENCE = 60.0  # seconds after which a request counts as unanswered
KEPT_RUNS = 2  # runs for which a large message is kept unused, Streamlit's maxCachedMessageAge

# How each kind of widget tells its value
VALUE_FIELDS = {
    "checkbox": "bool_value",
    "popover": "bool_value",  # a block, where the page asked to know whether it is open
    "number_input": "double_value",
    "slider": "double_array_value",
    "text_input": "string_value",
    "selectbox": "string_value",
    "radio": "string_value",
    "multiselect": "string_array_value",
    "button_group": "string_array_value",
}


@dataclass(eq=False)  # each is itself alone
class Request:
    """A rerun that was asked for, and when it was answered."""

    what: str
    fragment: str  # its id; empty for a rerun of the whole page
    due: float  # when it was to be sent
    sent: float
    run: str = ""  # the run that answers it, once that has begun
    done: float | None = None
    cut_off: bool = False  # its run has happened, but its end was never told
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def latency(self) -> float:
        """Milliseconds from when it was due to the end of the run that answered it."""
        return 1000 * (self.done - self.due)


@dataclass
class Shown:
    """An element on the page."""

    kind: str  # a field of Element, "button", "slider" ...; or "popover"
    proto: Any
    fragment: str
    run: str  # the run that wrote it


class Tab:
    """One visitor's tab. `requests`, `problems` and `alerts` tell afterwards how it went."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies: dict[str, str] = {}
        self.query = ""  # of the address
        self.elements: dict[tuple[int, ...], Shown] = {}  # by their path on the page
        self.values: dict[str, WidgetState] = {}  # by widget id
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self.alerts: list[str] = []  # red boxes, each text once
        self.fetches: list[float] = []  # milliseconds

        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task | None = None
        self._tasks: set[asyncio.Task] = set()
        self._timers: dict[str, tuple[float, asyncio.Task]] = {}  # fragment -> interval, task
        self._pages: dict[str, str] = {}  # path -> page script hash
        self._page_hash = ""
        self._run = ""
        self._is_open = False  # whether the last run has begun and not ended
        self._run_fragments: set[str] = set()
        self._waiting: list[Request] = []
        self._doubtful: list[Request] = []
        self._kept: dict[str, tuple[ForwardMsg, int]] = {}  # hash -> message, run of its last use
        self._runs = 0
        self._fetched: set[str] = set()

    # --- what a visitor does ---------------------------------------------------------------------

    async def open(self, path: str, due: float, query: str = "") -> Request:
        """Load a page as from a link, and wait until it has been drawn."""
        self.query = query
        request = Request("open", "", due, time.perf_counter())
        self.requests.append(request)
        self._waiting.append(request)
        await self._fetch(f"{path}?{query}", page=True)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._socket = await connect(
            self.url.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=["streamlit"],
            additional_headers={"Cookie": cookie, "Origin": self.url},
            max_size=None,
            ping_interval=None,
        )
        self._listening = asyncio.create_task(self._listen())
        await self._send(page_name=path)
        return await self._answer(request)

    async def go(self, path: str, due: float) -> Request:
        """Change to another page by its entry in the menu."""
        self._stop_timers()
        self.elements.clear()
        self.values.clear()
        self.query = ""
        self._leave()
        self._page_hash = self._pages[path]
        return await self._answer(await self._ask("change page", "", due))

    async def press(self, key: str, due: float) -> Request:
        """Press the button whose key this is."""
        button = self.find(key)
        if button.proto.disabled:
            raise LookupError(f"{key} cannot be pressed now")
        pressed = WidgetState(id=button.proto.id, trigger_value=True)
        return await self._answer(await self._ask("press", button.fragment, due, pressed))

    async def put(self, key: str, value: Any, due: float) -> Request:
        """Give the widget a value, as its kind tells it: a label, a number, a list of labels."""
        widget = self.find(key)
        self.values[widget.proto.id] = widget_state(widget, value)
        return await self._answer(await self._ask("put", widget.fragment, due))

    async def tell(self, key: str, name: str, value: Any, due: float) -> Request:
        """Have a component send a value, as setStateValue does."""
        component = self.find(key)
        state = WidgetState(id=component.proto.id, json_value=json.dumps({name: value}))
        self.values[component.proto.id] = state
        return await self._answer(await self._ask("component", component.fragment, due))

    def find(self, key: str) -> Shown:
        """The element whose key this is.

        Raises:
            LookupError: the page shows none.
        """
        found = self.look(key)
        if found is None:
            raise LookupError(f"the page shows no {key}")
        return found

    def look(self, key: str) -> Shown | None:
        ending = f"-{key}"
        shown = (x for x in self.elements.values() if getattr(x.proto, "id", "").endswith(ending))
        return next(shown, None)

    async def close(self) -> None:
        """Close the tab. What has not been answered for very long is a problem."""
        self._stop_timers()
        late = time.perf_counter() - PATIENCE
        unanswered = [r for r in self._waiting if r.what == "timer" and r.sent < late]
        self.problems += [f"timer was not answered in {PATIENCE:.0f} s" for _ in unanswered]
        self._leave()
        if self._socket is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
            await self._socket.close()
        for task in list(self._tasks):
            await task

    def _leave(self) -> None:
        """Of what is not answered yet, keep as so late what is late, and forget the rest."""
        now = time.perf_counter()
        for request in self._waiting:
            if now - request.due > LATE:
                request.done = now
            else:
                self.requests.remove(request)
        self._waiting.clear()

    # --- asking ----------------------------------------------------------------------------------

    async def _ask(
        self, what: str, fragment: str, due: float, pressed: WidgetState | None = None
    ) -> Request:
        if self._listening is None or self._listening.done():
            raise ConnectionError("the connection is gone")
        request = Request(what, fragment, due, time.perf_counter())
        self.requests.append(request)
        self._waiting.append(request)
        await self._send(fragment=fragment, pressed=pressed, auto=what == "timer")
        return request

    async def _send(
        self,
        *,
        page_name: str = "",
        fragment: str = "",
        pressed: WidgetState | None = None,
        auto: bool = False,
    ) -> None:
        self._doubtful.clear()
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_name = self.query, page_name
        rerun.page_script_hash, rerun.fragment_id = self._page_hash, fragment
        rerun.is_auto_rerun = auto
        rerun.widget_states.widgets.extend(self.values.values())
        if pressed is not None:
            rerun.widget_states.widgets.append(pressed)
        rerun.cached_message_hashes.extend(self._kept)
        rerun.context_info.timezone, rerun.context_info.locale = "Europe/Berlin", "en-GB"
        rerun.context_info.url, rerun.context_info.color_scheme = self.url, "light"
        with contextlib.suppress(ConnectionClosed):  # the listener has noted it
            await self._socket.send(message.SerializeToString())

    async def _answer(self, request: Request) -> Request:
        try:
            await asyncio.wait_for(request.answered.wait(), PATIENCE)
        except TimeoutError:
            self.problems.append(f"{request.what} was not answered in {PATIENCE:.0f} s")
        return request

    # --- reading ---------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            async for payload in self._socket:
                message = ForwardMsg()
                message.ParseFromString(payload)
                whole = self._whole(message)
                if whole is not None:
                    self._take(whole)
            self.problems.append("the server closed the connection")
        except ConnectionClosed as error:
            self.problems.append(f"disconnected: {error}")
        self._stop_timers()

    def _whole(self, message: ForwardMsg) -> ForwardMsg | None:
        """The message itself, or the kept one that it names by hash."""
        if message.WhichOneof("type") == "ref_hash":
            if message.ref_hash not in self._kept:
                self.problems.append("the server names a message that the tab does not hold")
                return None
            kept, _ = self._kept[message.ref_hash]
            self._kept[message.ref_hash] = kept, self._runs
            whole = ForwardMsg()
            whole.CopyFrom(kept)
            whole.metadata.CopyFrom(message.metadata)
            return whole
        if message.metadata.cacheable:
            self._kept[message.hash] = message, self._runs
        return message

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._begin(message)
        elif kind == "script_finished":
            self._end(message)
        elif kind == "delta":
            self._draw(message)
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
            self._pages = {
                page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
            }
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._stop_timer(fragment)
        elif kind in ("page_not_found", "session_event"):
            self.problems.append(f"the server says {kind}: {str(message)[:200]}")

    def _begin(self, message: ForwardMsg) -> None:
        """A run begins: it answers all that was asked for before and that it covers.

        Runs that were asked for one after the other may be made as one, and the page cannot see
        whether they were. So a request is answered by the end of the first run that begins after
        it was sent; but where another was still to begin then, and a second run follows before
        anything else was asked for, by the end of that.

        A server whose event loop lags behind may tell neither the end of a run nor all that it
        drew: where a timer's request arrives just then, Streamlit gives that to a new runner and
        ignores what the old one still has to say (AppSession.request_rerun describes it). What a
        fragment lost is drawn again with its next timer; for the whole page that is the end.
        """
        fragments = set(message.metadata.run.fragment_ids)
        if self._is_open and fragments and not self._run_fragments:
            self._cut_off()
        self._is_open = True
        self._run = message.metadata.run.script_run_id
        self._run_fragments = fragments
        if not fragments:
            self._stop_timers()
        self._waiting += [request for request in self._doubtful if self._covers(request)]
        self._doubtful.clear()
        for request in self._waiting:
            if self._covers(request):
                request.run, request.done = self._run, None

    def _covers(self, request: Request) -> bool:
        return not self._run_fragments or request.fragment in self._run_fragments

    def _cut_off(self) -> None:
        for request in self._waiting:
            if request.run == self._run:
                request.cut_off = True
                request.answered.set()
        self._waiting = [request for request in self._waiting if not request.cut_off]

    def _end(self, message: ForwardMsg) -> None:
        self._is_open = False
        status = message.script_finished
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return  # another run follows, in its place
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.problems.append("a page does not compile")
        run, fragments = message.metadata.run.script_run_id, set(message.metadata.run.fragment_ids)
        self._forget_stale(run, fragments)
        answered = [request for request in self._waiting if request.run == run]
        self._waiting = [request for request in self._waiting if request.run != run]
        self._doubtful = answered[1:]
        for request in answered:
            request.done = time.perf_counter()
            request.answered.set()

    def _forget_stale(self, run: str, fragments: set[str]) -> None:
        """Take away what the run could have written again and has not."""
        for path, shown in list(self.elements.items()):
            if shown.run != run and (not fragments or shown.fragment in fragments):
                del self.elements[path]
        ids = {getattr(shown.proto, "id", "") for shown in self.elements.values()}
        self.values = {key: value for key, value in self.values.items() if key in ids}
        self._runs += 1
        for key, (message, used) in list(self._kept.items()):
            mine = not fragments or message.delta.fragment_id in fragments
            if mine and self._runs - used > KEPT_RUNS:
                del self._kept[key]

    def _draw(self, message: ForwardMsg) -> None:
        delta, path = message.delta, tuple(message.metadata.delta_path)
        kind = delta.WhichOneof("type")
        if kind == "add_block":
            before = self.elements.pop(path, None)
            if delta.add_block.popover.id:
                self._draw_popover(path, before, delta)
            return
        if kind != "new_element":
            return
        for below in [other for other in self.elements if other[: len(path)] == path]:
            del self.elements[below]
        kind = delta.new_element.WhichOneof("type")
        proto = getattr(delta.new_element, kind)
        shown = self.elements[path] = Shown(kind, proto, delta.fragment_id, self._run)
        if kind in VALUE_FIELDS:
            told = hasattr(proto, "set_value") and proto.set_value
            if told or proto.id not in self.values:
                self.values[proto.id] = widget_state(shown, first_value(shown, told))
        elif kind == "exception":
            self.problems.append(f"traceback on the page: {proto.type}: {proto.message}")
        elif kind == "alert" and proto.format == Alert.ERROR and proto.body not in self.alerts:
            self.alerts.append(proto.body)
        for url in urls_of(shown):
            if url not in self._fetched:
                self._fetched.add(url)
                self._later(self._fetch(url))

    def _draw_popover(self, path: tuple[int, ...], before: Shown | None, delta: Delta) -> None:
        proto = delta.add_block.popover
        self.elements[path] = Shown("popover", proto, delta.fragment_id, self._run)
        told = before is None or before.kind != "popover"
        if told or (before.proto.id, before.proto.open) != (proto.id, proto.open):
            self.values[proto.id] = WidgetState(id=proto.id, bool_value=proto.open)

    # --- timers and files ------------------------------------------------------------------------

    def _start_timer(self, fragment: str, interval: float) -> None:
        if fragment in self._timers and self._timers[fragment][0] == interval:
            return
        self._stop_timer(fragment)
        self._timers[fragment] = interval, asyncio.create_task(self._tick(fragment, interval))

    async def _tick(self, fragment: str, interval: float) -> None:
        due = time.perf_counter()
        while True:
            due += interval
            await asyncio.sleep(due - time.perf_counter())
            await self._ask("timer", fragment, due)
            while due + interval < time.perf_counter():
                due += interval  # this machine stood still; setInterval does not make up for it

    def _stop_timer(self, fragment: str) -> None:
        if fragment in self._timers:
            self._timers.pop(fragment)[1].cancel()

    def _stop_timers(self) -> None:
        for fragment in list(self._timers):
            self._stop_timer(fragment)

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch(self, path: str, *, page: bool = False) -> None:
        began = time.perf_counter()
        headers = {"Accept": "text/html" if page else "*/*"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        url = f"{self.url}/{path.lstrip('/')}"
        request = urllib.request.Request(url, headers=headers)
        try:
            given = await asyncio.to_thread(read_cookies, request)
        except (urllib.error.URLError, OSError) as error:
            self.problems.append(f"GET {path}: {error}")
            return
        self.cookies |= given
        if not page:
            self.fetches.append(1000 * (time.perf_counter() - began))


def read_cookies(request: urllib.request.Request) -> dict[str, str]:
    """Fetch it to the end; return the cookies that come with it.

    Raises:
        urllib.error.HTTPError: the answer is not a good one.
    """
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        answer.read()
        lines = answer.headers.get_all("Set-Cookie") or []
    jar = SimpleCookie()
    for line in lines:
        jar.load(line)
    return {name: morsel.value for name, morsel in jar.items()}


def first_value(widget: Shown, told: bool) -> Any:
    """The value that a widget comes with; `told` is whether the server now sets it."""
    proto, kind = widget.proto, widget.kind
    if kind in ("multiselect", "button_group"):
        if told:
            return list(proto.raw_values)
        return [option_text(proto.options[index]) for index in proto.default]
    if kind == "slider":
        return list(proto.value if told else proto.default)
    if kind in ("selectbox", "radio"):
        if told:
            return proto.raw_value if proto.HasField("raw_value") else None
        return proto.options[proto.default] if proto.HasField("default") else None
    if told:
        return proto.value
    return proto.default if kind == "checkbox" or proto.HasField("default") else None


def option_text(option: Any) -> str:
    """An option of a multiselect, or one of a button group, as the browser names it."""
    return option if isinstance(option, str) else f"{option.content_icon} {option.content}".strip()


def widget_state(widget: Shown, value: Any) -> WidgetState:
    """The message that tells a widget's value; None is told by naming the widget alone."""
    state = WidgetState(id=widget.proto.id)
    name = VALUE_FIELDS[widget.kind]
    if name.endswith("_array_value"):
        getattr(state, name).SetInParent()
        getattr(state, name).data.extend(value)
    elif value is not None:
        setattr(state, name, value)
    return state


def urls_of(shown: Shown) -> list[str]:
    """What the browser fetches to draw it, but for streams, which change."""
    if shown.kind == "imgs":
        return [image.url for image in shown.proto.imgs]
    if shown.kind == "bidi_component" and shown.proto.json:
        return list(component_urls(json.loads(shown.proto.json)))
    return []


def component_urls(data: Any) -> Iterator[str]:
    """URLs in a component's data: the strings whose names end in "url", and its module."""
    if isinstance(data, list):
        for item in data:
            yield from component_urls(item)
    elif isinstance(data, dict):
        for name, value in data.items():
            if isinstance(value, str) and re.search(r"(^|_)(url|module)$", name):
                if not name.startswith("live"):
                    yield value
            else:
                yield from component_urls(value)
