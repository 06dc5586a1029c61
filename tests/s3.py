"""An S3 server for tests: moto, on loopback, in a process of its own."""

import re
import subprocess
import sys
import threading
import urllib.request

SECRET = "not-in-any-message-7f3a"


class Server:
    """Runs until `stop`; has one bucket, lake-bucket."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]  # a port that it chooses itself is nobody else's
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.url = ""
        started, heard = threading.Event(), list[str]()

        def listen() -> None:
            assert self.process.stderr
            for line in self.process.stderr:
                heard.append(line)
                if found := re.search(r"Running on (http://[\d.:]+)", line):
                    self.url = found[1]
                    started.set()
            started.set()  # it has ended

        threading.Thread(target=listen, daemon=True).start()
        assert started.wait(300) and self.url, "".join(heard)
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
