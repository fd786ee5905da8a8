"""Who is asking: one browser, known by an unguessable cookie; nobody signs in.

Called by every page that keeps something for this browser alone: run history, saved events.
"""

from __future__ import annotations

import re
import secrets

from flask import Response, after_this_request, g, request

COOKIE = "playground_browser"
MAX_AGE_S = 400 * 24 * 3600  # the longest that browsers keep a cookie
_ISSUED = re.compile(r"[A-Za-z0-9_-]{32}")


def browser_id() -> str:
    """The id of the browser that makes this request, 32 characters, to file its things under.

    A browser that comes without one (or with one we never issue) is given one, and the answer to this request
    sets the cookie. Call it within a request, before a streamed answer begins.
    """
    if "browser_id" in g:
        return str(g.browser_id)
    given = request.cookies.get(COOKIE, "")
    g.browser_id = given if _ISSUED.fullmatch(given) else secrets.token_urlsafe(24)
    if g.browser_id != given:
        after_this_request(_set_cookie)
    return str(g.browser_id)


def _set_cookie(response: Response) -> Response:
    response.set_cookie(
        COOKIE,
        str(g.browser_id),
        max_age=MAX_AGE_S,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response
