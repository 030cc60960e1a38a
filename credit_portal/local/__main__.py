"""`python -m credit_portal.local COMMAND …` runs one command beside the servers and keys that `bin/run` uses.

`bin/manage` calls it; the servers are started if nobody runs them, and stopped again by whoever leaves last.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from credit_portal.local import CannotStart, var_folder
from credit_portal.local.cluster import program
from credit_portal.local.servers import servers


def main(command: list[str]) -> int:
    with servers(var_folder()) as held:
        if not command:
            for name, value in held.environ.items():
                print(f"{name}={value}")
            return 0
        env = {**os.environ, **held.environ}
        if held.own_database:  # `dbshell` looks for psql; the wheel brings one where the system has none
            env["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(program("psql")).parent)])
        child = subprocess.Popen(command, env=env)

        def pass_on(number: int, frame: FrameType | None) -> None:
            child.send_signal(number)

        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, pass_on)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the child through the terminal itself
        return child.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CannotStart as error:
        sys.exit(str(error))
