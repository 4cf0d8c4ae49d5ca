"""The browser's pages: the first page, its files, and pictures with initials.

Everything is served from this application, and the content policy lets the page load from nowhere else: no script
within the page, no foreign font, picture or connection.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import public
from kit.errors import NotFound

router = APIRouter()

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types"
)
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
}
PICTURE = {
    "cache-control": "public, max-age=86400",
    "content-security-policy": "default-src 'none'; style-src 'none'",
}
TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".json": "application/json"}
SERVED = {*TYPES, ".svg"}
AVATAR = re.compile(r"([A-ZÄÖÜ]{1,3})-([0-9]|1[01])\.svg")
COLOURS = (
    *("#7f1d4e", "#86198f", "#5b21b6", "#3730a3", "#1e40af", "#075985"),
    *("#0f5f5c", "#166534", "#3f6212", "#854d0e", "#9a3412", "#991b1b"),
)
"""Backgrounds dark enough for white letters: contrast 7 and more."""


@dataclass(frozen=True)
class File:
    """Something served as it lies there."""

    content: bytes
    media_type: str
    tag: str


@cache
def files() -> dict[str, File]:
    """The package `web` by path, read at the first request."""
    return dict(_read(resources.files("web")))


def _read(folder: Traversable, path: str = "") -> Iterator[tuple[str, File]]:
    for item in folder.iterdir():
        name = f"{path}{item.name}"
        if item.is_dir():
            yield from _read(item, f"{name}/")
        elif (suffix := f".{item.name.rpartition('.')[2]}") in SERVED:
            content = item.read_bytes()
            kind = TYPES.get(suffix) or mimetypes.types_map[suffix]
            yield name, File(content, kind, f'"{hashlib.sha256(content).hexdigest()[:20]}"')


@public("a page that shows nothing before somebody signs in")
async def first_page(request: Request) -> Response:
    return _served(request, "index.html")


@public("the page's own scripts, styles and words")
async def asset(request: Request) -> Response:
    return _served(request, request.path_params["path"])


def _served(request: Request, path: str) -> Response:
    """The file, or 304 where the browser has it already. Raises `NotFound`."""
    file = files().get(path)
    if file is None:
        raise NotFound
    headers = {**HEADERS, "etag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


@public("two letters on a colour, of whoever")
async def avatar(request: Request) -> Response:
    """`/avatars/MO-4.svg`: a picture for people who have none."""
    found = AVATAR.fullmatch(request.path_params["name"])
    if found is None:
        raise NotFound
    initials, hue = found.groups()
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" role="img">'
        f'<circle cx="48" cy="48" r="48" fill="{COLOURS[int(hue)]}"/>'
        '<text x="48" y="49" fill="#fff" font-family="sans-serif" font-size="36" font-weight="600" '
        f'text-anchor="middle" dominant-baseline="central">{initials}</text></svg>'
    )
    return Response(picture, media_type="image/svg+xml", headers=PICTURE)


router.add_route("/", first_page, methods=["GET"], include_in_schema=False)
router.add_route("/assets/{path:path}", asset, methods=["GET"], include_in_schema=False)
router.add_route("/avatars/{name}", avatar, methods=["GET"], include_in_schema=False)
