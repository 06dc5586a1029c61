"""One making of a page for all who look: how often it is made, who waits, who is given an older one, and what one that fails says."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mlops_nb.core.errors import UsageError
from mlops_nb.core.settings import init
from mlops_nb.desk import dashboards as desk
from mlops_nb.desk.dashboards import DashboardBusy, DashboardNotFound, Dashboards, Making

class Boards(Dashboards):
    """Stands for pages whose making can be held: no notebook is executed."""

    def __init__(self, root: Path):
        super().__init__(init(root))
        self.begun: list[str] = []
        self.most = self.now = 0
        self.go = asyncio.Event()
        self.go.set()


@pytest.fixture
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Boards:
    made = Boards(tmp_path)

    async def parts(looking: desk.Looking, resources: object) -> AsyncIterator[str]:
        made.begun.append(looking.query)
        made.now += 1
        made.most = max(made.most, made.now)
        try:
            yield '<main id="main"><h1>Models</h1>'
            await made.go.wait()
            if looking.query == "name=broken":
                raise RuntimeError("of the exporter")
            yield f"<p>{len(made.begun)}</p></main>"
        finally:
            made.now -= 1

    monkeypatch.setattr(desk, "parts", parts)
    return made


async def read(making: Making) -> str:
    return "".join([text async for text in making.follow()])


def test_twenty_who_look_at_once_are_given_one_making(boards: Boards) -> None:
    async def crowd() -> list[str]:
        seen = await asyncio.gather(*(read(boards.page("fleet", f"theme={theme}")) for theme in ["dark", "light"] * 10))
        return [*seen, await read(boards.page("fleet"))]

    seen = asyncio.run(crowd())
    assert boards.begun == [""] and set(seen) == {'<main id="main"><h1>Models</h1><p>1</p></main>'}


def test_parts_arrive_as_they_are_made(boards: Boards) -> None:
    async def look() -> None:
        boards.go.clear()
        making = boards.page("fleet")
        following = making.follow()
        assert await anext(following) == '<main id="main"><h1>Models</h1>' and not making.done
        boards.go.set()
        assert (await anext(following)).startswith("<p>1</p>")

    asyncio.run(look())


def test_an_older_page_is_shown_while_a_new_one_is_made(boards: Boards) -> None:
    async def look() -> None:
        old = boards.page("fleet")
        await read(old)
        old.begun = time.monotonic() - desk.FRESH_S - 1
        boards.go.clear()
        assert boards.page("fleet") is old, "whoever opens the page does not wait"
        new = boards.newest("fleet")
        assert new is not old, "whoever asks for the newest does"
        boards.go.set()
        assert "<p>2</p>" in await read(new) and boards.page("fleet") is new
        new.begun = time.monotonic() - desk.STALE_S - 1
        assert boards.page("fleet") is not new, "one of long ago is shown to nobody"

    asyncio.run(look())


def test_no_more_are_made_at_once_than_there_is_room_for(boards: Boards) -> None:
    async def crowd() -> None:
        boards.go.clear()
        asked = [boards.page("model", f"name={n}") for n in range(desk.WAITING)]
        with pytest.raises(DashboardBusy):
            boards.page("model", "name=one-more")
        while boards.now < 2:
            await asyncio.sleep(0)
        boards.go.set()
        await asyncio.gather(*map(read, asked))

    asyncio.run(crowd())
    assert boards.most == 2 and len(boards.begun) == desk.WAITING


def test_one_that_fails_says_so_and_is_not_kept(boards: Boards) -> None:
    async def look() -> tuple[str, Making, Making]:
        broken = boards.page("model", "name=broken")
        said = await read(broken)
        return said, broken, boards.page("model", "name=broken")

    said, broken, again = asyncio.run(look())
    assert "could not be made" in said and "of the exporter" not in said, "a defect's words are for the log"
    assert broken.failed and again is not broken


def test_what_is_no_page_is_refused(boards: Boards) -> None:
    with pytest.raises(DashboardNotFound, match="fleets"):
        boards.find("fleets")
    with pytest.raises(UsageError):
        desk.query_of("name=" + "x" * 600)
    own = boards.settings.root / "dashboards"
    own.mkdir()
    (own / "fleet.ipynb").write_text('{"cells": [{"cell_type": "markdown", "source": ["# Ours"]}]}')
    assert boards.find("fleet").title == "Ours", "one of their own takes the place of ours"
