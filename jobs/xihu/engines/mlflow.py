"""The MLflow server: tracking and model registry on SQLite, artifacts in the lake's home, no telemetry, no job runner."""

from __future__ import annotations

import sys

from xihu.engines.program import Program, base_environment, http_get
from xihu.settings import Settings


def tracking_uri(s: Settings) -> str:
    """Where jobs log directly, without the server."""
    return f"sqlite:///{s.home / 'mlflow' / 'mlflow.db'}"


def healthy(s: Settings) -> bool:
    answer = http_get(f"http://127.0.0.1:{s.ports.mlflow}/health")
    return answer is not None and answer.status_code == 200


def program(s: Settings) -> Program:
    folder = s.home / "mlflow"
    port = s.ports.mlflow
    return Program(
        name="mlflow",
        title="MLflow 模型管理",
        command=(
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--backend-store-uri",
            tracking_uri(s),
            "--artifacts-destination",
            f"file://{folder / 'artifacts'}",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
            "--allowed-hosts",
            f"127.0.0.1:{port},localhost:{port}",
        ),
        environment=lambda: {
            **base_environment(),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        },
        directory=folder,
        ports=("mlflow",),
        render=lambda: (folder / "artifacts").mkdir(parents=True, exist_ok=True),
        healthy=lambda: healthy(s),
        url=f"http://127.0.0.1:{port}",
    )
