"""The figure of the pattern book: precision against coverage, a point for each rule, coloured by its kind of knowledge."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.patterns.rule_kinds import KINDS

FIGURE = Path(__file__).parents[3] / "docs" / "_static" / "patterns.svg"
COLOURS = ("#9a9a9a", "#1f9bd1", "#e0525f", "#e8930c", "#9575e6", "#6ab04c", "#e83e9c", "#12a594", "#b07d48", "#b5a100")
INK = "#8a8a8a"  # readable on white and on black


def draw(points: list[dict]) -> None:
    """Write the figure, without a background, in colours that a light and a dark page can show."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(
        {"svg.hashsalt": "patterns", "svg.fonttype": "none", "text.color": INK, "axes.labelcolor": INK}
    ):
        figure = Figure(figsize=(5.6, 5.8), layout="constrained")
        axes = figure.add_subplot()
        for kind, colour in zip(KINDS, COLOURS, strict=True):
            rows = [point for point in points if point["kind"] == kind]
            if rows:
                axes.scatter(
                    *zip(*((row["coverage"], row["precision"]) for row in rows), strict=True),
                    s=22, color=colour, alpha=0.85, linewidths=0, label=f"{kind} ({len(rows)})",
                )  # fmt: skip
        axes.set(xscale="log", xlabel="coverage of the test split, %", ylabel="precision, %", ylim=(-3, 103))
        axes.set_xticks([0.3, 1, 3, 10, 30, 100], ["0.3", "1", "3", "10", "30", "100"])
        axes.minorticks_off()
        axes.tick_params(colors=INK)
        axes.grid(color=INK, alpha=0.25, linewidth=0.6)
        for spine in axes.spines.values():
            spine.set_visible(False)
        figure.legend(frameon=False, loc="outside lower center", ncols=2, handletextpad=0.2, markerscale=1.4)
        figure.savefig(FIGURE, transparent=True, metadata={"Date": None})
