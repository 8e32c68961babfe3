"""The page to label on as a widget of a notebook: the same session, asked through the kernel."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from labelkit._shared.markup import visible
from labelkit._shared.optional import optional
from labelkit._shared.plain_values import json_text
from labelkit.annotate._actions import ACTIONS, KEYS
from labelkit.exceptions import LabelkitError

if TYPE_CHECKING:
    from labelkit.annotate.session import AnnotationSession


def annotation_widget(session: AnnotationSession, annotator: str) -> Any:
    """Make the widget of a session; see :meth:`labelkit.AnnotationSession.widget`."""
    anywidget, traitlets = (optional(name, extra="annotate") for name in ("anywidget", "traitlets"))
    classes = [
        {"name": name, "key": KEYS[place] if place < len(KEYS) else ""}
        for place, name in enumerate(session.class_names)
    ]

    class AnnotationWidget(anywidget.AnyWidget):  # type: ignore[misc, name-defined] # it is imported when it is needed
        """Shows one example at a time, and keeps each answer at once."""

        _esm = _asset("widget.js")
        _css = _asset("widget.css")
        classes = traitlets.List().tag(sync=True)
        title = traitlets.Unicode().tag(sync=True)

    widget = AnnotationWidget(classes=classes, title=session.title)
    widget.on_msg(lambda _, message, __: widget.send(_reply(session, annotator, message)))
    return widget


def _reply(session: AnnotationSession, annotator: str, message: Any) -> dict[str, Any]:
    """Do what the front end asks for; the reply bears the number of the request."""
    values = message if isinstance(message, dict) else {}
    number, action = values.get("number"), ACTIONS.get(str(values.get("action")))
    if action is None:
        return {"number": number, "error": "there is no such action", "hint": ""}
    try:
        result = action(session, {**values, "annotator": annotator})
    except LabelkitError as error:
        return {"number": number, "error": visible(error.message), "hint": visible(error.hint or "")}
    except OSError as error:
        return {"number": number, "error": f"the answer could not be written: {error.strerror or error}", "hint": ""}
    return {"number": number, "result": json.loads(json_text(result))}


def _asset(name: str) -> str:
    return (resources.files("labelkit.annotate") / "page" / name).read_text("utf-8")
