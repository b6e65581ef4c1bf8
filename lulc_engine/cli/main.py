"""``lulc COMMAND``: the command line, made from the declarations in `options`."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import os
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any, NoReturn

import lulc_engine
from lulc_engine.cli.console import ConsoleFeedback, print_result
from lulc_engine.commands import COMMANDS
from lulc_engine.errors import LulcError, OptionsError
from lulc_engine.options import Options, option_name
from lulc_engine.process import prepare_process
from lulc_engine.protocol import to_json
from lulc_engine.runs.config import read_config, say_whether_same
from lulc_engine.stopping import end_after, end_now, end_on_signals, heed, say_cancelled
from lulc_engine.worker import OUT_OF_MEMORY, bug_report, is_out_of_memory

# A value that begins with a negative number, such as an extent in the west.
_NEGATIVE = re.compile(r"-\.?\d")
# A run that was asked to stop looks up about once a second; libraries that load do not.
_GRACE_S = 2.0
_CONFIG = (
    "config.json of a run folder: repeat that run. Options given besides take precedence; its "
    "outputs are not repeated, and MODEL becomes repeated.safetensors beside the file."
)


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are OptionsErrors, so that ``--json`` covers them too."""

    def error(self, message: str) -> NoReturn:
        raise OptionsError(message[:1].upper() + message[1:] + ".", f"See {self.prog} --help.")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code (see `errors`)."""
    given = _join_negative(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    _replace_closed_streams()
    end_on_signals(as_json)
    _print_any_text(as_json)
    prepare_process()
    feedback = ConsoleFeedback()
    try:
        parsed = vars(_parser().parse_args(given))
        name = parsed.pop("command")
        parsed.pop("json")
        config = parsed.pop("config", "")
        command = COMMANDS[name]
        if config:  # what is given besides takes precedence
            parsed = {**read_config(config, name), **parsed}
        options = command.options.from_mapping(parsed)
        command.load()
        _cancel_on_signals(feedback, as_json, bool(getattr(options, "keep_best", False)))
        result = command.run(options, feedback)
        if config:
            say_whether_same(config, result, feedback)
    except LulcError as err:
        return _fail(err.as_dict(), err.exit_code, as_json)
    except Exception as err:  # the one place where a bug becomes a message
        if is_out_of_memory(err):
            return _fail(OUT_OF_MEMORY, 5, as_json)
        traceback.print_exc()
        return _fail(bug_report(err), 1, as_json)
    finally:
        feedback.close()
    with _reader_may_leave():
        print_result(name, result, as_json)
    return 0


def _join_negative(words: list[str]) -> list[str]:
    """Join ``--extent -3,-2,40,41`` by ``=``; argparse would take the value for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].startswith("--") and _NEGATIVE.match(word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="lulc", description="Train, apply and assess land-cover models.")
    parser.add_argument("--version", action="version", version=lulc_engine.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        summary = (command.options.__doc__ or "").strip().splitlines()[0]
        sub = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        _add_options(sub, command.options)
        if "run_folder" in {item.name for item in dataclasses.fields(command.options)}:
            sub.add_argument("--config", metavar="TEXT", help=_CONFIG, default=argparse.SUPPRESS)
        sub.add_argument("--json", action="store_true", help="Print the result as JSON on stdout.")
    return parser


def _add_options(parser: argparse.ArgumentParser, options: type[Options]) -> None:
    ordered = sorted(dataclasses.fields(options), key=lambda f: not f.metadata.get("required"))
    for item in ordered:
        parser.add_argument(
            option_name(item.name), dest=item.name, **_argument(item.metadata, item.default)
        )


def _argument(rules: Any, default: Any) -> dict[str, Any]:
    kind, choices = rules["kind"], rules.get("choices", ())
    notes = f" One of: {', '.join(choices)}." if choices else ""
    if kind in ("integer", "number", "text") and default not in (None, ""):
        notes += f" Default: {default}."
    # What is not given stays away, so that the options' own defaults or a configuration hold.
    argument: dict[str, Any] = {"default": argparse.SUPPRESS}
    argument["help"] = (rules["help"] + notes).replace("%", "%%")
    if kind == "switch":
        return {**argument, "action": "store_true"}
    shape = {"integer": "N", "number": "X"}.get(kind, "TEXT")
    argument["metavar"] = shape
    if kind == "texts":
        argument["action"] = "append"
        argument["help"] += " Repeat the option for several."
    return argument


def _replace_closed_streams() -> None:
    """Give a process that was started with closed streams some that lead nowhere.

    Otherwise the first files that are opened would take the place of stdout, and what a library
    prints would end in a map.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - stays open
            setattr(sys, name, stream)


@contextlib.contextmanager
def _reader_may_leave() -> Iterator[None]:
    """Take it for no failure that nobody reads to the end, as in ``lulc info ... | head``."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _print_any_text(as_json: bool) -> None:
    """Let names that the console's encoding lacks become escapes; JSON is always UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_json = as_json and stream is sys.stdout
            stream.reconfigure(encoding="utf-8" if is_json else None, errors="backslashreplace")


def _cancel_on_signals(feedback: ConsoleFeedback, as_json: bool, keeps_best: bool) -> None:
    """Let Ctrl-C and SIGTERM cancel cleanly; a second signal ends the process at once.

    So does the end of a grace, unless a model is to be kept: that may take its time.
    """

    def last_words() -> None:
        say_cancelled(as_json)

    def stop() -> None:
        if feedback.is_cancelled:
            end_now(last_words)
        feedback.cancel()
        if not keeps_best:
            end_after(_GRACE_S, last_words)

    heed(stop)


def _fail(error: dict[str, str], exit_code: int, as_json: bool) -> int:
    with _reader_may_leave():
        if as_json:
            sys.stdout.write(to_json({"error": error}) + "\n")
        else:
            sys.stderr.write(f"lulc: {error['message']} {error['hint']}".rstrip() + "\n")
    return exit_code
