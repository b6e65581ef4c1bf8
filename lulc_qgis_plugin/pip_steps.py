"""The pip commands of an installation, their variables, and what their failures mean."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .child_process import clean_environment
from .engine_home import DOWNLOADS
from .engine_source import PLUGIN_DIR, errors, resource, shipped_file
from .network_settings import Proxy

INDEX_VARIABLE = "LULC_TORCH_INDEX"
ORDINARY_INDEX = "ordinary"
DEVICES = ("cpu", "cuda")

# The ordinary index holds for Linux only PyTorch with CUDA (several GB), for Windows only without.
_TORCH_INDEX = {
    ("linux", "cpu"): "https://download.pytorch.org/whl/cpu",
    ("win32", "cuda"): "https://download.pytorch.org/whl/cu130",
}
_TORCH = ("torch", "torchvision")
_RETRIES = "3"
_TIMEOUT_S = "20"


@dataclass(frozen=True)
class Wishes:
    """What the user wants: all optional but the device."""

    device: str = "cpu"
    python: str = ""  # base interpreter
    folder: str = ""  # where environments are made
    wheels: str = ""  # folder of wheels; then nothing is downloaded
    torch_index: str = ""  # package index for PyTorch


def torch_index(device: str, wish: str = "") -> str:
    """Return the package index for PyTorch; empty for the one of the other packages."""
    chosen = wish.strip() or os.environ.get(INDEX_VARIABLE)
    if chosen is None:
        return _TORCH_INDEX.get((sys.platform, device), "")
    return "" if chosen.strip() == ORDINARY_INDEX else chosen.strip()


def installed_gb(wishes: Wishes) -> float:
    """Return how large the environment will be, about, in GB."""
    if sys.platform.startswith("linux") and not wishes.wheels:
        return 1.1 if torch_index(wishes.device, wishes.torch_index) else 6.0
    return 1.1 if wishes.device == "cpu" else 6.0


def needed_gb(wishes: Wishes) -> float:
    """Return how much free space an installation takes at its peak, in GB: packed and unpacked."""
    return installed_gb(wishes) * (1.2 if wishes.wheels else 2.0)


def pip_commands(python: str, wishes: Wishes) -> list[list[str]]:
    """Return the pip commands that fill an environment."""
    pip = [python, "-I", str(PLUGIN_DIR / "guarded.py"), "pip", "install", "--no-input"]
    pip += ["--disable-pip-version-check", "--progress-bar", "off", "--no-warn-script-location"]
    pip += ["--retries", _RETRIES, "--timeout", _TIMEOUT_S, "--only-binary", ":all:"]
    pip += ["--no-compile"]  # minutes for thousands of files that are never imported
    pip += ["--constraint", str(shipped_file("constraints.txt"))]
    everything = ["--requirement", str(resource("engine-requirements.txt"))]
    if wishes.wheels:
        return [[*pip, "--no-index", "--find-links", os.path.abspath(wishes.wheels), *everything]]
    index = torch_index(wishes.device, wishes.torch_index)
    first = [[*pip, "--index-url", index, *_TORCH]] if index else []
    return [*first, [*pip, *everything]]


def pip_environment(home: Path, folder: Path, proxy: Proxy) -> dict[str, str]:
    """Return the variables for pip and uv.

    Everything large goes to the volume of the environment: /tmp is often small. What was fetched is
    kept until the installation has succeeded, so that the next try need not fetch it again.
    """
    env = clean_environment()
    env.update(proxy.variables)
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    env.update({name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")})
    env["PIP_CACHE_DIR"] = str(home / DOWNLOADS / "pip")
    env["UV_CACHE_DIR"] = str(home / DOWNLOADS / "uv")
    env["UV_NATIVE_TLS"] = env["UV_SYSTEM_CERTS"] = "1"
    return env


def failure(step: str, code: int, lines: Iterable[str], home: Path, proxy: Proxy) -> Exception:
    """Return the error for a step that failed: in the user's words where the cause is known.

    Args:
        step: what was done, as "installing the packages".
        code: exit code.
        lines: the last lines that the step printed.
        home: the folder of the environments.
        proxy: the proxy in use.
    """
    lines = [line.strip() for line in lines if line.strip()]
    text = "\n".join(lines)
    for pattern, (message, hint) in _KNOWN.items():
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            what = found.groupdict().get("what", "")
            values = {"home": home, "proxy": proxy.shown or "of this computer", "what": what}
            return errors.EnvironmentFailure(message.format(**values), hint.format(**values))
    last = next((line for line in reversed(lines) if line.startswith("ERROR")), "")
    last = last or (lines[-1] if lines else "")
    return errors.EnvironmentFailure(
        f"The set-up failed at: {step} (exit code {code}). {last}".strip(),
        "The log says more. Try again; nothing that worked before has changed.",
    )


# The first that fits counts, so causes stand before their consequences: without a network pip ends
# with "No matching distribution found".
_KNOWN = {
    r"no space left|errno 28|disk quota|winerror 112|os error 28": (
        "The disk of {home} is full.",
        "Free some space or choose another FOLDER; what was begun has been removed.",
    ),
    r"python-build-standalone": (
        "There is no Python that fits on this computer, and none could be fetched from GitHub.",
        "Install Python 3.12 from python.org and name it with PYTHON.",
    ),
    r"407 proxy|proxy authentication": (
        "The proxy {proxy} wants another user name or password.",
        "Correct it in Settings > Options > Network and try again.",
    ),
    r"missing dependencies for socks": (
        "Packages cannot be fetched through a SOCKS proxy.",
        "Choose an HTTP proxy in Settings > Options > Network, or use a folder of wheels (WHEELS).",
    ),
    r"proxyerror|cannot connect to proxy|tunnel connection failed|proxy.{0,40}refused": (
        "The proxy {proxy} cannot be reached or refuses the connection.",
        "Correct it in Settings > Options > Network and try again.",
    ),
    r"certificate.{0,3}verify.{0,3}failed|sslcertverif|unknownissuer": (
        "The certificate of the package index is not trusted.",
        "Behind a company's proxy, name its certificate file in the variable PIP_CERT.",
    ),
    r"newconnectionerror|name or service not known|name resolution|getaddrinfo failed|"
    r"network is unreachable|connecttimeout|connection timed out|readtimeout|read timed out|"
    r"dns error|connection refused|remotedisconnected|connection aborted": (
        "The package index cannot be reached.",
        "Check the network, and the proxy in Settings > Options > Network; or use a folder of "
        "wheels (WHEELS).",
    ),
    r"hashes? (do|did) not match|bad ?zip ?file|is not a valid wheel|incompleteread": (
        "A download arrived damaged.",
        "Try again; what arrived well is not fetched again.",
    ),
    r"(no matching distribution found for|user requested \(constraint\)) (?P<what>[\w.=-]+)": (
        "There is no {what} for this computer and this Python.",
        "In a folder of wheels, it may be missing. Else choose another Python 3.11 to 3.13.",
    ),
    r"winerror 5\b|winerror 225|winerror 4551|permission denied|access is denied": (
        "Writing to {home} was refused.",
        "Choose another FOLDER, or have the virus scanner leave this one alone.",
    ),
}
