"""What the documentation says to type exists: commands, options, algorithms and parameters."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from lulc_engine.cli.main import _parser
from lulc_engine.commands import COMMANDS
from lulc_engine.options import Options

ROOT = Path(__file__).resolve().parents[3]
ALGORITHMS = ROOT / "lulc_qgis_plugin" / "algorithms"
PAGES = [*(ROOT / "docs").glob("*.md"), *(ROOT / "resources/help").glob("*.md"), ROOT / "README.md"]
_FENCED = re.compile(r"^```\w*\n(.*?)^```", re.M | re.S)
_INLINE = re.compile(r"`((?:lulc|qgis_process run) [^`]+)`")
_PLACEHOLDERS = re.compile(r"[A-Z]{3,}|\.\.\.|…")


def documented(program):
    """Return (page, words) of each command of a program; what stands for others is left out."""
    found = []
    for page in sorted(PAGES):
        text = page.read_text(encoding="utf-8")
        lines = "\n".join(_FENCED.findall(text)).replace("\\\n", " ").splitlines()
        for line in [*lines, *_INLINE.findall(text)]:
            if line.startswith(program + " "):
                found.append((page.name, shlex.split(line, comments=True)[1:]))
    return found


def complete(words):
    """Return whether a command is one to type, not one such as ``lulc COMMAND --help``.

    Nor the mere mention of an option, such as ``lulc train-patches --band-sets``.
    """
    options = [word for word in words if word.startswith("--")]
    return (
        len(words) > 2
        and len(options) > 0
        and not _PLACEHOLDERS.search(" ".join([words[0], *options]))
    )


LULC = [item for item in documented("lulc") if complete(item[1])]
QGIS = [item for item in documented("qgis_process") if len(item[1]) > 1 and ":" in item[1][1]]


@pytest.mark.parametrize(("page", "words"), LULC, ids=lambda value: str(value)[:60])
def test_commands_of_lulc_are_understood(page, words):
    given = vars(_parser().parse_args(words))
    command = COMMANDS[given.pop("command")]
    given.pop("json", None)
    if "config" not in given and set(given) & required(command.options):
        command.options.from_mapping(given)


def required(options: type[Options]) -> set[str]:
    return {f.name for f in options.__dataclass_fields__.values() if f.metadata.get("required")}


def constants(path):
    """Return ID and COMMAND of an algorithm's file."""
    text = path.read_text(encoding="utf-8")
    return dict(re.findall(r'^    (ID|COMMAND|TITLE) = "([^"]+)"', text, re.M))


DECLARED = {
    found["ID"]: (path, found) for path in ALGORITHMS.glob("*.py") if (found := constants(path))
}


@pytest.mark.parametrize(("page", "words"), QGIS, ids=lambda value: str(value)[:60])
def test_parameters_for_qgis_process_exist(page, words):
    name = words[1].split(":")[1]
    if name == "NAME":  # stands for any
        return
    path, found = DECLARED[name]
    source = path.read_text(encoding="utf-8")
    known = set(re.findall(r'"([A-Z_]+)"', source)) | {"SELECTED_ONLY"}
    if "COMMAND" in found:
        fields = COMMANDS[found["COMMAND"]].options.__dataclass_fields__
        known |= {"INPUT" if f == "image" else f.rstrip("_").upper() for f in fields}
    given = {word.split("=")[0] for word in words[2:] if "=" in word}
    assert words[2:3] in ([], ["--"])
    assert given <= known


def test_every_algorithm_has_its_how_to():
    text = "".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("howto-*.md"))
    headings = set(re.findall(r"^## (.+)$", text, re.M))
    assert {found["TITLE"] for _, found in DECLARED.values()} == headings
    assert len(LULC) > 30
    assert len(QGIS) > 20


def literals():
    """Return all texts in the sources, what is put in at run time as three dots."""
    found = []
    for folder in ("lulc_engine", "lulc_qgis_plugin"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    parts = (getattr(part, "value", "") for part in node.values)
                    found.append("".join(p if isinstance(p, str) else "..." for p in parts))
    return "\n".join(found)


def test_messages_in_troubleshooting_are_messages_of_the_code():
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    column = re.findall(r"^\| (\*.+?\*) \|", page, re.M)
    messages = [text for cell in column for text in re.findall(r"\*([^*]+)\*", cell)]
    known = literals()
    fragments = {part.strip(" .") for text in messages for part in text.split("...")}
    unknown = sorted(part for part in fragments if len(part) > 8 and part not in known)
    assert len(messages) > 60
    assert not unknown
