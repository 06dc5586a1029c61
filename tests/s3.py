"""An S3 server for tests: moto, on loopback, in a process of its own."""

import socket
import subprocess
import sys
import threading
import urllib.request

SECRET = "not-in-any-message-7f3a"


class Server:
    """Runs until `stop`; has one bucket, lake-bucket."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{port}"
        started, heard = threading.Event(), list[str]()

        def listen() -> None:
            assert self.process.stderr
            for line in self.process.stderr:
                heard.append(line)
                if "Running on" in line:
                    started.set()

        threading.Thread(target=listen, daemon=True).start()
        assert started.wait(300), "".join(heard)
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/lake-bucket", method="PUT")).close()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(300)

    @property
    def options(self) -> dict[str, str]:
        """What a lake needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }
