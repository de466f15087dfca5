"""Where Maven artifacts come from, and how to reach it.

No address stands in this code: Ivy, which pyspark carries, knows the public repository's. An organisation's mirror comes first.
"""

from __future__ import annotations

import os
import re
import ssl
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

from xihu.engines.errors import EngineError

_RESOLVER = "org/apache/ivy/plugins/resolver/IBiblioResolver.class"
# Where distributions keep the machine's list of certificate authorities, an inspecting proxy's own among them.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def _mirror(file: Path) -> str | None:
    """The first `<mirror>` of a Maven settings file that stands for the central repository."""
    if not file.is_file():
        return None
    try:
        tree = ET.parse(file)
    except ET.ParseError:
        return None
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]
    for mirror in tree.iter("mirror"):
        stands_for = {m.strip() for m in (mirror.findtext("mirrorOf") or "").split(",")}
        url = (mirror.findtext("url") or "").strip()
        if url and "!central" not in stands_for and stands_for & {"*", "central", "external:*"}:
            return url
    return None


def _ivy_default() -> str:
    import pyspark

    folder = Path(pyspark.__file__).parent / "jars"
    for jar in sorted(folder.glob("ivy-*.jar")):
        with zipfile.ZipFile(jar) as z:
            if _RESOLVER in z.namelist():
                found = re.search(rb"https://[\x21-\x7e]+?maven2/", z.read(_RESOLVER))
                if found:
                    return found.group().decode("ascii")
    raise EngineError(f"no repository address found in {folder}", "set XIHU_MAVEN_URL to a Maven repository that mirrors the central one")


def base_url() -> str:
    """Base address of the repository, ending in a slash: `XIHU_MAVEN_URL`, else a mirror of `~/.m2/settings.xml`, else Ivy's default.

    Raises:
        EngineError: none of the three names one.
    """
    url = os.environ.get("XIHU_MAVEN_URL") or _mirror(Path.home() / ".m2" / "settings.xml") or _ivy_default()
    return url if url.endswith("/") else url + "/"


def ca_bundle() -> str | bool:
    """The certificate authorities to trust: the environment's choice, else the machine's list, else (True) the one of `requests`."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        given = os.environ.get(name)
        if given and Path(given).exists():
            return given
    default = ssl.get_default_verify_paths().cafile
    for bundle in (default, *_BUNDLES):
        if bundle and Path(bundle).is_file() and Path(bundle).stat().st_size > 0:
            return bundle
    return True
