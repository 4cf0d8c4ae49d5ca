"""The words of an HTML mail: what a reader would see, without what runs, draws or loads something."""

from __future__ import annotations

import re
from html.parser import HTMLParser

HIDDEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "iframe"})
BREAKS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
     "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
)  # fmt: skip
PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "ul", "ol"})
MOST = 500_000
"""Characters of HTML that are looked at."""


class Words(HTMLParser):
    """Gathers text; forgives whatever is open, crossed or missing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]], /) -> None:
        if tag in HIDDEN:
            self._hidden += 1
        self._break(tag)

    def handle_startendtag(self, tag: str, _: list[tuple[str, str | None]], /) -> None:
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in BREAKS and not self._hidden:
            self.found.append("\n\n" if tag in PARAGRAPHS else "\n")


def words_of(html: str) -> str:
    """Plain text with lines and paragraphs; links lose their targets, which are seldom what they say."""
    words = Words()
    words.feed(html[:MOST])
    words.close()
    lines = (line.strip() for line in "".join(words.found).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
