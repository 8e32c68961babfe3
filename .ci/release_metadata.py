"""Check what a package index shows of the archives in dist/: classifiers, addresses, the README and its links.

Usage: ``python release_metadata.py dist/*``. Ends with an error that names each fault.
"""

import email.message
import email.parser
import re
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")


def metadata(archive: Path) -> email.message.Message:
    """Read the metadata of a wheel or of a source archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
            return email.parser.Parser().parsestr(wheel.read(name).decode())
    with tarfile.open(archive) as source:
        (member,) = [member for member in source if re.fullmatch(r"[^/]+/PKG-INFO", member.name)]
        content = source.extractfile(member)
        assert content is not None
        return email.parser.Parser().parsestr(content.read().decode())


def faults(shown: email.message.Message) -> list[str]:
    """Name what is missing or at odds with the repository."""
    classifiers = set(shown.get_all("Classifier", []))
    wanted = {f"Programming Language :: Python :: {version}" for version in PYTHONS}
    version = shown["Version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    checks = {
        f"classifiers are missing: {sorted(wanted - classifiers)}": wanted <= classifiers,
        "there is no summary": bool(shown["Summary"]),
        "there is no license expression": bool(shown["License-Expression"]),
        "the description is not README.md as Markdown": shown["Description-Content-Type"] == "text/markdown"
        and (ROOT / "README.md").read_text(encoding="utf-8").strip() == shown.get_payload().strip(),
        f"CITATION.cff does not have the version {version}": f"\nversion: {version}\n" in citation,
        f"CHANGELOG.md does not begin with the version {version}": f"## {version}"
        in re.findall(r"^## \S+", changes, re.MULTILINE)[:1],
    }
    urls = [line.split(", ", 1)[1] for line in shown.get_all("Project-URL", [])]
    checks |= {f"{url} is no address of https": url.startswith("https://") for url in urls}
    return [fault for fault, passed in checks.items() if not passed]


def main(archives: list[str]) -> None:
    """Check each archive; say what a reader of the index will miss as long as the project has no public address."""
    for archive in archives:
        shown = metadata(Path(archive))
        if wrong := faults(shown):
            sys.exit(f"{archive}:\n  " + "\n  ".join(wrong))
        relative = re.findall(r"\]\((?!https?:|#)[^)]+\)", shown.get_payload())
        addresses = "no [project.urls] yet" if not shown.get_all("Project-URL") else "with addresses"
        print(f"{archive}: good; {addresses}; {len(relative)} links of README.md work in the repository alone")


if __name__ == "__main__":
    main(sys.argv[1:])
