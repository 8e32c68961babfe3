"""Serve the page to label on, to this machine alone, under an address that holds a token.

The page loads nothing from elsewhere, and its content policy forbids it. A request without the token, or to another
name than this machine's, is refused: no other user, page or machine can read a text or write an answer.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
import time
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Self

from labelkit._shared.markup import CLASS_COLOURS, STYLE, visible
from labelkit._shared.optional import optional
from labelkit._shared.plain_values import json_text
from labelkit._shared.templates import page_base, rendered
from labelkit.annotate._actions import ACTIONS, KEYS
from labelkit.exceptions import AnnotationError, LabelkitError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from labelkit.annotate.session import AnnotationSession

HOST: Final = "127.0.0.1"

MOST_BYTES: Final = 1_000_000
"""Bytes of a request."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class PageServer:
    """A server of the page of a session, in a thread.

    Parameters
    ----------
    session : AnnotationSession
    port : int
        0 for any that is free.

    Attributes
    ----------
    url : str
        The address of the page, with its token.

    Raises
    ------
    AnnotationError
        If the port is taken.
    """

    def __init__(self, session: AnnotationSession, *, port: int = 0) -> None:
        uvicorn = optional("uvicorn", extra="annotate")
        token = secrets.token_urlsafe(24)
        self._socket = _bound(port)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}/{token}/"
        config = uvicorn.Config(
            application(session, token),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="labelkit-page", daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def wait(self) -> None:
        """Wait until the server ends, such as by Ctrl-C."""
        while self._thread.is_alive():
            self._thread.join(0.5)  # short, so that signals are seen on all systems

    def stop(self) -> None:
        """Let the server end, as soon as the answers are kept that are being given."""
        self._server.should_exit = True

    def close(self) -> None:
        """End the server, and wait for that."""
        self.stop()
        self._thread.join()
        self._socket.close()


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise AnnotationError(
            f"the port {port} cannot be used: {error}", hint="port=0 (--port 0) takes one that is free"
        ) from None
    return bound


def application(session: AnnotationSession, token: str) -> Any:
    """Make the application, an ASGI callable.

    Parameters
    ----------
    session : AnnotationSession
    token : str
        The first part of every path.
    """
    applications = optional("starlette.applications", extra="annotate")
    routing = optional("starlette.routing", extra="annotate")
    middleware = optional("starlette.middleware", extra="annotate")
    hosts = optional("starlette.middleware.trustedhost", extra="annotate")
    site = _Site(session, token)
    routes = [
        routing.Route("/{token}/", site.page, methods=["GET"]),
        routing.Route("/{token}/{name}", site.asset, methods=["GET"]),
        routing.Route("/{token}/do/{action}", site.act, methods=["POST"]),
    ]
    only_here = middleware.Middleware(hosts.TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return applications.Starlette(routes=routes, middleware=[only_here])


class _Site:
    """The answers to requests."""

    def __init__(self, session: AnnotationSession, token: str) -> None:
        self._session, self._token = session, token.encode()
        self._responses = optional("starlette.responses", extra="annotate")
        self._in_thread = optional("starlette.concurrency", extra="annotate").run_in_threadpool
        self._page = page_html(session)
        self._assets = {"script.js": (_asset("script.js"), "text/javascript"), "style.css": (_style(), "text/css")}

    async def page(self, request: Request) -> Response:
        """Answer with the page."""
        return self._refused(request) or self._response(self._page, "text/html")

    async def asset(self, request: Request) -> Response:
        """Answer with the script or the style."""
        content = self._assets.get(request.path_params["name"])
        return self._refused(request) or (self._none() if content is None else self._response(*content))

    async def act(self, request: Request) -> Response:
        """Do what the page asks for."""
        if (refused := self._refused(request)) is not None:
            return refused
        action = ACTIONS.get(request.path_params["action"])
        if action is None:
            return self._none()
        try:
            values = await _json_of(request)
            result = await self._in_thread(action, self._session, values)
        except LabelkitError as error:
            problem = {"error": visible(error.message), "hint": visible(error.hint or "")}
            return self._response(json.dumps(problem), "application/json", status=422)
        except OSError as error:
            problem = {"error": f"the answer could not be written: {error.strerror or error}", "hint": ""}
            return self._response(json.dumps(problem), "application/json", status=507)
        return self._response(json_text(result), "application/json")

    def _refused(self, request: Request) -> Response | None:
        """Return an answer to who does not know the token, the same as to who asks for what is not there."""
        given = request.path_params["token"].encode("utf-8", "surrogateescape")
        return None if hmac.compare_digest(given, self._token) else self._none()

    def _none(self) -> Response:
        return self._response("There is nothing here.", "text/plain", status=404)

    def _response(self, content: str, media_type: str, *, status: int = 200) -> Response:
        response: Response = self._responses.Response(
            content.encode("utf-8", "replace"), status, HEADERS, f"{media_type}; charset=utf-8"
        )
        return response


async def _json_of(request: Request) -> dict[str, Any]:
    """Read the values of a request, of bounded size."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > MOST_BYTES:
            raise AnnotationError(f"a request has at most {MOST_BYTES:,} bytes")
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise AnnotationError("the request is no JSON object")
    return values


def page_html(session: AnnotationSession) -> str:
    """Render the page of a session, without examples: its script asks for them."""
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja2

    classes = [
        {
            "name": name,
            "colour": number % len(CLASS_COLOURS),
            "key": KEYS[number] if number < len(KEYS) else "",
            "definition": Markup(session.guidelines.by_class.get(name, "")),  # noqa: S704 - rendered from Markdown
        }
        for number, name in enumerate(session.class_names)
    ]
    return rendered(
        "annotate/page/page.html.jinja",
        title=session.title,
        classes=classes,
        guidelines=Markup(session.guidelines.general),  # noqa: S704 - as above
        has_guidelines=bool(session.guidelines.general or session.guidelines.by_class),
        columns=session.columns,
        adjudicates=session.adjudicates,
        annotator=session.annotator,
    )


def _asset(name: str) -> str:
    return (resources.files("labelkit.annotate") / "page" / name).read_text("utf-8")


def _style() -> str:
    return page_base() + _asset("style.css") + STYLE
