"""The proxy that is set in QGIS, as the variables that pip and uv read.

Variables, because a command line with a password in it can be read by everybody on the computer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from qgis.core import QgsApplication, QgsAuthMethodConfig, QgsSettings

_SCHEMES = {"HttpProxy": "http", "HttpCachingProxy": "http", "Socks5Proxy": "socks5h"}


@dataclass(frozen=True)
class Proxy:
    """Variables for a child process, and what must not appear in a log."""

    variables: dict[str, str] = field(default_factory=dict)
    shown: str = ""  # host and port
    secrets: tuple[str, ...] = ()

    def hide(self, text: str) -> str:
        """Return a text without the user's name and password."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def qgis_proxy() -> Proxy:
    """Return the proxy of QGIS's settings; an empty one where none, or the system's, is chosen.

    To be called on the main thread: QGIS may ask for the password of its password store.
    """
    settings = QgsSettings()
    scheme = _SCHEMES.get(str(settings.value("proxy/proxyType", "") or ""))
    host = str(settings.value("proxy/proxyHost", "") or "").strip()
    if not settings.value("proxy/proxyEnabled", False, type=bool) or not scheme or not host:
        return Proxy()
    port = str(settings.value("proxy/proxyPort", "") or "").strip()
    shown = f"{host}:{port}" if port else host
    user, password = _credentials(settings)
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    address = f"{scheme}://{login}{shown}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    variables = {name: address for name in names}
    direct = _without_proxy(settings)
    if direct:
        variables.update(NO_PROXY=direct, no_proxy=direct)
    hidden = {login[:-1], password, quote(password, safe="")} if login else set()
    secrets = tuple(sorted((text for text in hidden if len(text) > 2), key=len, reverse=True))
    return Proxy(variables, shown, secrets)


def _credentials(settings: QgsSettings) -> tuple[str, str]:
    """Return user and password, from QGIS's password store where an entry of it is chosen."""
    entry = str(settings.value("proxy/authcfg", "") or "")
    if entry:
        config = QgsAuthMethodConfig()
        answer = QgsApplication.authManager().loadAuthenticationConfig(entry, config, True)
        if answer[0] if isinstance(answer, tuple) else answer:
            return config.config("username"), config.config("password")
    user = str(settings.value("proxy/proxyUser", "") or "")
    return user, str(settings.value("proxy/proxyPassword", "") or "")


def _without_proxy(settings: QgsSettings) -> str:
    hosts = ["localhost", "127.0.0.1"]
    for name in ("proxy/noProxyUrls", "proxy/proxyExcludedUrls"):
        value = settings.value(name, []) or []
        for item in [value] if isinstance(value, str) else value:
            host = urlsplit(item if "//" in item else f"//{item}").hostname
            hosts += [host] if host else []
    return ",".join(dict.fromkeys(hosts))
