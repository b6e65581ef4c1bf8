"""QGIS's proxy reaches pip as variables, and its password reaches no log."""

import pytest
from qgis.core import QgsSettings

from lulc_qgis_plugin.network_settings import qgis_proxy


@pytest.fixture
def settings(qgis_app):
    values = QgsSettings()
    yield values
    values.remove("proxy")


def use(settings, **values):
    for name, value in values.items():
        settings.setValue(f"proxy/{name}", value)


def test_without_a_proxy_nothing_is_set(settings):
    assert qgis_proxy().variables == {}
    use(settings, proxyEnabled=False, proxyType="HttpProxy", proxyHost="proxy", proxyPort="8080")
    assert qgis_proxy().variables == {}
    use(settings, proxyEnabled=True, proxyType="DefaultProxy")
    assert qgis_proxy().variables == {}


def test_a_proxy_becomes_variables(settings):
    use(
        settings,
        proxyEnabled=True,
        proxyType="HttpProxy",
        proxyHost="proxy.example",
        proxyPort="8080",
        noProxyUrls=["https://intern.example/some/path", "10.0.0.7"],
    )
    found = qgis_proxy()
    assert found.variables["HTTPS_PROXY"] == "http://proxy.example:8080"
    assert found.variables["NO_PROXY"] == "localhost,127.0.0.1,intern.example,10.0.0.7"
    assert found.shown == "proxy.example:8080"


def test_a_password_is_quoted_and_hidden(settings):
    use(
        settings,
        proxyEnabled=True,
        proxyType="HttpProxy",
        proxyHost="proxy.example",
        proxyPort="8080",
        proxyUser="me",
        proxyPassword="p@ss:word",
    )
    found = qgis_proxy()
    assert found.variables["http_proxy"] == "http://me:p%40ss%3Aword@proxy.example:8080"
    line = "cannot reach http://me:p%40ss%3Aword@proxy.example:8080 with p@ss:word"
    assert found.hide(line) == "cannot reach http://***@proxy.example:8080 with ***"


def test_a_socks_proxy_is_named_as_such(settings):
    use(settings, proxyEnabled=True, proxyType="Socks5Proxy", proxyHost="s", proxyPort="1080")
    assert qgis_proxy().variables["HTTP_PROXY"] == "socks5h://s:1080"
