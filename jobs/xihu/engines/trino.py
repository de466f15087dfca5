"""Trino 476: the only door for people. TLS, passwords and the access files stand before its first start."""

from __future__ import annotations

import json

from xihu.engines import tls
from xihu.engines.keys import key, private_folder
from xihu.engines.limits import limits
from xihu.engines.parts import trino_home
from xihu.engines.program import Program, base_environment, http_get, java, render_folder
from xihu.lake import durable
from xihu.settings import Settings

# Until the access policy is compiled nobody may do anything; without a rules file Trino would allow everything.
CLOSED = {
    "catalogs": [{"allow": "none"}],
    "schemas": [{"owner": False}],
    "tables": [{"privileges": []}],
    "queries": [{"allow": []}],
    "impersonation": [{"original_user": ".*", "new_user": ".*", "allow": False}],
}


def healthy(s: Settings) -> bool:
    """Whether the coordinator has finished starting; `/v1/info` answers without login."""
    answer = http_get(f"http://127.0.0.1:{s.ports.trino_http}/v1/info")
    return answer is not None and answer.status_code == 200 and answer.json().get("starting") is False


def close_by_default(s: Settings) -> None:
    """Write access files that let nobody in, where the compiled ones are not there yet."""
    etc = s.home / "trino" / "etc"
    for name, content in {"rules.json": json.dumps(CLOSED, indent=1), "group.txt": "", "password.db": ""}.items():
        if not (etc / name).exists():
            durable.write_text(etc / name, content)
            (etc / name).chmod(0o600)


def _jvm(heap_mb: int) -> list[str]:
    """JVM options; sizes in MB. G1 regions of 32 MB need a heap that holds enough of them."""
    regions = ["-XX:G1HeapRegionSize=32M"] if heap_mb >= 1024 else []
    return [
        "-server",
        f"-Xmx{heap_mb}M",
        *regions,
        "-XX:+ExplicitGCInvokesConcurrent",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-OmitStackTraceInFastThrow",
        "-XX:ReservedCodeCacheSize=256M",
        "-XX:PerMethodRecompilationCutoff=10000",
        "-XX:PerBytecodeRecompilationCutoff=10000",
        "-Djdk.attach.allowAttachSelf=true",
        "-Djdk.nio.maxCachedBufferSize=2000000",
        "-Dfile.encoding=UTF-8",
        "-Duser.timezone=UTC",
        "-XX:+EnableDynamicAgentLoading",
    ]


def program(s: Settings) -> Program:
    folder = s.home / "trino"
    etc = folder / "etc"
    server = trino_home(s)
    heap = limits(s).trino_heap_mb

    def render() -> None:
        private_folder(folder)
        (folder / "data").mkdir(exist_ok=True)
        tls.ensure(s)
        values = {"s": s, "server_pem": tls.server_file(s), "query_memory_mb": heap // 2}
        render_folder(s.root / "infra" / "trino", folder, values)
        close_by_default(s)

    return Program(
        name="trino",
        title="Trino 查询引擎",
        command=(
            java(s),
            *_jvm(heap),
            f"-Djava.io.tmpdir={folder / 'data'}",
            "-Dnode.environment=xihu",
            "-Dnode.id=xihu-1",
            f"-Dnode.data-dir={folder / 'data'}",
            f"-Dconfig={etc / 'config.properties'}",
            f"-Dplugin.dir={server / 'plugin'}",
            f"-Dcatalog.config-dir={etc / 'catalog'}",
            "-cp",
            f"{server / 'lib'}/*",
            "io.trino.server.TrinoServer",
        ),
        environment=lambda: {**base_environment(), "TRINO_SHARED_SECRET": key(s, "trino_shared_secret")},
        directory=folder,
        ports=("trino_https", "trino_http"),
        render=render,
        healthy=lambda: healthy(s),
        url=f"https://127.0.0.1:{s.ports.trino_https}",
        digest_of=(*(etc / f for f in ("config.properties", "resource-groups.json", "catalog/delta.properties")), tls.server_file(s)),
        settle=10,
        patience=150,
    )
