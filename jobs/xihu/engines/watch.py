"""Watch the supervisor: it watches the engines, and this process, one of its own, starts it again if it is killed.

Usage: python -I -S watch.py SUPERVISORD.conf PYTHON   (started by the supervisor itself)

It ends without a word when it is told to (TERM comes from the supervisor's orderly shutdown) or when the configuration is gone.
"""

import os
import signal
import sys
import time


def main(conf: str, python: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    supervisor = os.getppid()
    while os.getppid() == supervisor:
        time.sleep(0.5)
    if not os.path.exists(conf):  # noqa: PTH110
        return
    # Its pipes to the dead supervisor would break whatever comes next.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nowhere, handle)
    # Engines notice the death at the same moment; their ports are free a little later, and the launcher waits for that.
    os.execv(python, [python, "-m", "supervisor.supervisord", "-c", conf])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
