"""A model in its own process: batches without a timer, refusals that cost nobody else, and lives after a death."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from mlops_nb.core.process import began
from mlops_nb.score.predictor import Spec, model_digest
from mlops_nb.serve.host import Host, HostAway, HostBusy, HostFailed, ModelRefused

MODEL = """
import os, time

class Counting:
    batches = 0

    def predict(self, frame):
        if (frame.x < 0).any():
            raise ValueError("secret: " + str(frame.x.tolist()))
        if (frame.x == 13).any():
            os._exit(3)
        if (frame.x == 14).any():
            time.sleep(3600)
        Counting.batches += 1
        return frame.x * 0 + Counting.batches

def _load_pyfunc(path):
    return Counting()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A materialised version, as far as a host looks at it."""
    code = tmp_path / "v" / "model" / "code"
    code.mkdir(parents=True)
    (code / "counting_model.py").write_text(MODEL)
    flavors = "flavors:\n  python_function: {loader_module: counting_model, code: code}\n  mlops_nb: {code: code}\n"
    (tmp_path / "v" / "model" / "MLmodel").write_text(flavors)
    served = {
        "digest": model_digest(tmp_path / "v" / "model"),
        "spec": Spec(("x",), "regression").to_dict(),
        "signature": {"inputs": [{"name": "x", "type": "float"}]},
    }
    (tmp_path / "v.served.json").write_text(json.dumps(served))
    return tmp_path


def host_of(place: Path, **options: Any) -> Host:
    return Host(place / "v", place / "v.served.json", place, **{"timeout": 300.0, "start_timeout": 300.0} | options)


async def ask(host: Host, x: float) -> Any:
    return (await host.score([[x]], 1))[0][0]


async def answered_again(host: Host) -> Any:
    async with asyncio.timeout(300):
        while True:
            with contextlib.suppress(HostAway):
                return await ask(host, 1.0)
            await asyncio.sleep(0.05)


def test_what_queued_while_it_was_busy_is_the_next_batch(place: Path) -> None:
    async def story() -> None:
        sizes: list[float] = []
        host = host_of(place, batched=sizes.append)
        await host.start()
        answers = await asyncio.gather(*(ask(host, float(i)) for i in range(8)))
        assert sum(sizes) == 8 and len(sizes) <= 2, "eight requests at once are not eight calls"
        assert len(answers) == 8
        await host.close()

    asyncio.run(story())


def test_a_refused_request_costs_the_others_nothing(place: Path) -> None:
    async def story() -> None:
        host = host_of(place)
        await host.start()
        mixed = await asyncio.gather(ask(host, 1.0), ask(host, 2.0), ask(host, -3.0), return_exceptions=True)
        assert [isinstance(m, float) for m in mixed] == [True, True, False]
        assert isinstance(mixed[2], ModelRefused) and "secret" not in str(mixed[2])
        await host.close()

    asyncio.run(story())


def test_a_death_is_told_and_repaired(place: Path) -> None:
    async def story() -> None:
        restarts: list[int] = []
        host = host_of(place, restarted=lambda: restarts.append(1))
        await host.start()
        assert host.line is not None
        first = host.line.process.pid
        died = await asyncio.gather(ask(host, 13.0), return_exceptions=True)
        assert isinstance(died[0], HostAway) and died[0].status == 503 and died[0].retry_after > 0
        assert await answered_again(host) == 1.0, "a new process begins anew"
        assert host.line is not None and host.line.process.pid != first and restarts == [1]
        second = host.line.process.pid
        await host.close()
        assert began(second) == "", "closing leaves no process behind"

    asyncio.run(story())


def test_a_model_that_hangs_is_ended(place: Path) -> None:
    async def story() -> None:
        host = host_of(place, timeout=0.5)
        await host.start()
        hung = await asyncio.gather(ask(host, 14.0), return_exceptions=True)
        assert isinstance(hung[0], HostAway)
        host.timeout = 300.0
        assert await answered_again(host) == 1.0
        await host.close()

    asyncio.run(story())


def test_more_than_may_wait_are_refused_at_once(place: Path) -> None:
    async def story() -> None:
        host = host_of(place, most_waiting=3)
        await host.start()
        many = await asyncio.gather(*(ask(host, 1.0) for _ in range(10)), return_exceptions=True)
        assert sum(isinstance(m, HostBusy) for m in many) == 7
        await host.close()

    asyncio.run(story())


def test_retiring_answers_what_waits(place: Path) -> None:
    async def story() -> None:
        host = host_of(place)
        await host.start()
        waiting = [asyncio.create_task(ask(host, 1.0)) for _ in range(5)]
        await asyncio.sleep(0)
        host.retire()
        assert len(await asyncio.gather(*waiting)) == 5
        async with asyncio.timeout(300):
            while host.line is not None:
                await asyncio.sleep(0.01)

    asyncio.run(story())


def test_changed_bytes_are_not_loaded_and_the_reason_is_told(place: Path) -> None:
    (place / "v" / "model" / "code" / "counting_model.py").write_text("raise SystemExit('loaded it')")

    async def story() -> None:
        with pytest.raises(HostFailed, match="recorded were"):
            await host_of(place).start()

    asyncio.run(story())


def test_packages_that_differ_are_named_when_it_does_not_load(place: Path) -> None:
    (place / "v" / "model" / "code" / "counting_model.py").write_text("import a_package_of_long_ago")
    served = json.loads((place / "v.served.json").read_text())
    (place / "v.served.json").write_text(json.dumps(served | {"digest": model_digest(place / "v" / "model")}))

    async def story() -> None:
        with pytest.raises(HostFailed, match=r"No module named 'a_package_of_long_ago'.* a-package-of-long-ago is missing"):
            await host_of(place, requirements=["a_package_of_long_ago==1.0"]).start()

    asyncio.run(story())
