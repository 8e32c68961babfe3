"""Files of annotation tools: Label Studio, Prodigy and Argilla.

References
----------
Label Studio, Import pre-annotated data. https://labelstud.io/guide/predictions
Prodigy, Annotation interfaces: choice. https://prodi.gy/docs/api-interfaces#choice
Argilla, ``rg.Record``. https://docs.argilla.io/latest/reference/argilla/records/records/
"""

from __future__ import annotations

from typing import Any, Final
from xml.sax.saxutils import quoteattr

from labelkit.interop._chosen import ChosenRows
from labelkit.interop._layout import ExportLayout
from labelkit.interop._tables import JsonArrayRows, JsonLinesRows

QUESTION: Final = "label"
"""The name of the question: of the choices in Label Studio, of the question in Argilla."""


class LabelStudioRows(JsonArrayRows):
    """Write tasks with predictions."""

    def objects(self, rows: ChosenRows) -> list[dict[str, Any]]:
        """Return the task of each example."""
        layout = self._layout
        named = zip(rows.ids.to_pylist(), layout.texts(rows), layout.details(rows), strict=True)
        tasks = [{"data": {"text": text, layout.key: name, **details}} for name, text, details in named]
        for task, prediction in zip(tasks, self._predictions(rows), strict=True):
            task["predictions"] = prediction
        return tasks

    def _predictions(self, rows: ChosenRows) -> list[Any]:
        """Return the prediction of each example; none where it has no label."""
        version, names = self._layout.version, self._layout.class_names
        return [
            [{"model_version": version, "score": score, "result": [_choice(names[label])]}] if label >= 0 else []
            for label, score in zip(rows.label.tolist(), rows.confidence.tolist(), strict=True)
        ]


def _choice(label: str) -> dict[str, Any]:
    return {"from_name": QUESTION, "to_name": "text", "type": "choices", "value": {"choices": [label]}}


def label_studio_note(layout: ExportLayout) -> str:
    """Return the labeling configuration that the tasks are made for."""
    choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in layout.class_names)
    return (
        'labeling configuration: <View><Text name="text" value="$text"/>'
        f'<Choices name="{QUESTION}" toName="text" choice="single">{choices}</Choices></View>'
    )


class ProdigyRows(JsonLinesRows):
    """Write tasks of Prodigy's ``choice`` interface: the label is accepted, the words that rules matched are marked."""

    def objects(self, rows: ChosenRows) -> list[dict[str, Any]]:
        """Return the task of each example."""
        layout, texts = self._layout, self._layout.texts(rows)
        options = [{"id": name, "text": name} for name in layout.class_names]
        tasks: list[dict[str, Any]] = []
        named = zip(rows.ids.to_pylist(), texts, layout.details(rows), rows.label.tolist(), strict=True)
        for row, (name, text, details, label) in enumerate(named):
            task: dict[str, Any] = {"text": text, "options": options, "meta": {layout.key: name, **details}}
            if label >= 0:
                task["accept"] = [layout.class_names[label]]
                task["answer"] = "accept"
                task["meta"]["confidence"] = round(float(rows.confidence[row]), 4)
                task["spans"] = self._spans(rows, row, text, label)
            tasks.append(task)
        return tasks

    def _spans(self, rows: ChosenRows, row: int, text: str, label: int) -> list[dict[str, Any]]:
        """Mark the matches of the rules that voted for the label; of those that overlap, the first and longest."""
        column = self._layout.text
        if rows.outcomes is None or column is None:
            return []
        matches = sorted(
            (start, -stop, lf)
            for lf, finder in self._layout.finders.items()
            if rows.outcomes[row, lf] == label
            for _, start, stop in finder.matches({column: text}, label)
        )
        spans: list[dict[str, Any]] = []
        for start, stop, lf in matches:
            if not spans or start >= spans[-1]["end"]:
                spans.append({"start": start, "end": -stop, "label": self._layout.lf_names[lf]})
        return spans


class ArgillaRows(JsonArrayRows):
    """Write records with suggestions, as ``dataset.records.from_json`` reads them."""

    def objects(self, rows: ChosenRows) -> list[dict[str, Any]]:
        """Return the record of each example."""
        layout = self._layout
        named = zip(
            rows.ids.to_pylist(),
            layout.texts(rows),
            layout.details(rows),
            rows.label.tolist(),
            rows.confidence.tolist(),
            strict=True,
        )
        return [
            {
                "id": str(name),
                "fields": {"text": text},
                "metadata": {layout.key: name, **details},
                "suggestions": self._suggestions(label, score),
            }
            for name, text, details, label, score in named
        ]

    def _suggestions(self, label: int, score: float) -> dict[str, Any]:
        if label < 0:
            return {}
        value = {"value": self._layout.class_names[label], "score": score, "agent": self._layout.version}
        return {QUESTION: value}
