"""Whether the parameters of a page's address are a link to be opened.

A page writes its whole state into its address. What a rerun then brings along is the address
written last; or a link that somebody has opened, or a step back in the browser's history; or an
address written earlier, from a browser that had not heard of the last when somebody clicked.
Taking that for a link would undo the click.
"""

import time
from dataclasses import dataclass, field

LATE = 2.0  # seconds in which a browser may still send an address from before the last
KEPT = 8  # of those


@dataclass
class PageLink:
    now: dict[str, str] | None = None  # the parameters last opened or written; None before any
    earlier: list[dict[str, str]] = field(default_factory=list)
    written: float = 0.0  # monotonic seconds, when `now` was

    def is_opened(self, link: dict[str, str], *, acted: bool = False) -> bool:
        """Whether these parameters are to be opened.

        Args:
            link: of the address, as this rerun brings it.
            acted: somebody has just changed something on the page, so that an earlier address is
                one from before that, however long ago it was written.
        """
        if self.now is None:
            return True
        if not link or link == self.now:
            return False
        soon = time.monotonic() - self.written < LATE
        return not (link in self.earlier and (soon or acted))

    def open(self, link: dict[str, str]) -> None:
        """Say at once that these are taken over: a click may come before the script has ended."""
        self.now = link

    def write(self, link: dict[str, str]) -> None:
        """Say that the page's address is this from now on."""
        if link != self.now:
            self.earlier = [*self.earlier, self.now or {}][-KEPT:]
            self.now, self.written = link, time.monotonic()
