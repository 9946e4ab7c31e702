"""Pages made from templates, and the headers that guard them."""

from __future__ import annotations

from typing import Any

import aiohttp_jinja2
from aiohttp import web

from web.display import counted
from web.session import form_token

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not "no-referrer": browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Refusal(Exception):  # noqa: N818 - an answer rather than a failure
    """A request that gets a page saying why it was not done, and what to do."""

    def __init__(self, status: int, title: str, text: str, back: str = "/", wait: int = 0) -> None:
        super().__init__(title)
        self.status, self.title, self.text, self.back, self.wait = status, title, text, back, wait


class Elsewhere(Exception):  # noqa: N818 - an answer rather than a failure
    """A request that is answered by sending the browser to another of our pages."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


async def page(
    request: web.Request, template: str, *, status: int = 200, **context: Any
) -> web.Response:
    """A page with forms: the template finds their token as `form_token`."""
    context["form_token"] = await form_token(request)
    return aiohttp_jinja2.render_template(template, request, context, status=status)


def message(
    request: web.Request,
    title: str,
    text: str,
    *,
    status: int = 200,
    back: str = "",
    url: str = "",
    go: str = "",
) -> web.Response:
    """A page that only says something, perhaps with a link to elsewhere; it looks at no cookie."""
    context = {"title": title, "text": text, "back": back, "url": url, "go": go}
    return aiohttp_jinja2.render_template("message.html", request, context, status=status)


def onward(request: web.Request, title: str, text: str, url: str) -> web.Response:
    """A page that leads to another site, as a form may not: what comes after it is no redirect of it."""
    response = message(request, title, text, url=url, go="Go on")
    response.headers["Refresh"] = f"0; url={url}"
    return response


def refused(request: web.Request, refusal: Refusal) -> web.Response:
    """The page of a refusal."""
    response = message(
        request, refusal.title, refusal.text, status=refusal.status, back=refusal.back
    )
    if refusal.wait:
        response.headers["Retry-After"] = str(refusal.wait)
    return response


def too_many(wait: int, back: str) -> Refusal:
    """The refusal of passwords for a while."""
    span = counted(wait, "second") if wait < 120 else counted(-(-wait // 60), "minute")
    text = f"Wait {span}, then try again. Nobody else has to wait."
    return Refusal(429, "Too many tries", text, back=back, wait=wait)


def see(path: str) -> web.Response:
    """Send the browser to another of our pages."""
    return web.Response(status=303, headers={"Location": path})
