"""A client hears a kernel whose welcome was lost."""

import asyncio
import contextlib
import json
import subprocess
import sys

import pytest

from mlops_nb.batch.kernel import kernel_client, until_welcome

SILENT = """
import sys
from ipykernel.iostream import IOPubThread
IOPubThread._handle_subscription = lambda self, frames: None  # what a lost announcement comes to
from ipykernel.kernelapp import IPKernelApp
IPKernelApp.launch_instance(["-f", sys.argv[1]])
"""


@pytest.fixture
def silent(tmp_path):
    "A real kernel that never says welcome, and has said all else."
    from jupyter_client.blocking import BlockingKernelClient
    from jupyter_client.connect import write_connection_file

    where = {"transport": "ipc", "ip": str(tmp_path / "s")}  # a port could be taken by somebody else before the kernel has it
    path = write_connection_file(str(tmp_path / "kernel.json"), **where)[0]
    process = subprocess.Popen([sys.executable, "-c", SILENT, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = BlockingKernelClient(connection_file=path)
    first.load_connection_file()
    first.start_channels()
    while True:
        with contextlib.suppress(RuntimeError):  # no heartbeat yet
            first.wait_for_ready(timeout=300)
            break
        assert process.poll() is None
    first.stop_channels()
    yield json.loads((tmp_path / "kernel.json").read_text()), process
    process.kill()
    process.wait()


def test_a_kernel_that_says_no_welcome_is_asked(silent):
    connection, process = silent

    async def go():
        client = kernel_client(connection, lambda: process.poll() is None)
        try:
            await until_welcome(client, 300.0)
            return await client.execute("6 * 7", reply=True, timeout=300)
        finally:
            client.stop_channels()

    assert asyncio.run(go())["content"]["status"] == "ok"
