"""Takes the picture of the report for the site and the README: ``python -m tests.refresh_pictures``.

To be called after a change of the report, or of the project that ``labelkit init`` makes; then look at the picture.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser import look, started

PICTURE = Path(__file__).parents[1] / "docs" / "_static" / "report.webp"
WIDTH, HEIGHT = 1280, 1190


def main():
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "labelkit"]
        subprocess.run([*command, "init", "first"], cwd=place, check=True, capture_output=True)
        subprocess.run([*command, "run"], cwd=Path(place) / "first", check=True, capture_output=True)
        page = started(Path(place) / "profile")
        try:
            look(page, width=WIDTH, height=HEIGHT)
            page.get((Path(place) / "first" / "runs" / "first" / "report.html").as_uri())
            png = page.get_screenshot_as_png()
        finally:
            page.quit()
    Image.open(io.BytesIO(png)).convert("RGB").save(PICTURE, quality=82, method=6)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
