"""What a type checker knows of a body."""

from collections.abc import AsyncIterator
from typing import assert_type

import msgspec

from framework import App, FormData, Part, Request, UploadFile
from tests.driver import ask


class Item(msgspec.Struct):
    name: str


async def test_what_is_decoded_has_the_type_that_was_asked_for() -> None:
    app = App(json=msgspec.json)

    @app.post("/one")
    async def one(request: Request) -> str:
        item = assert_type(await request.decode(Item), Item)
        return item.name

    @app.post("/many")
    async def many(request: Request) -> int:
        items = assert_type(await request.decode(list[Item]), list[Item])
        return len(items)

    assert (await ask(app, "POST", "/one", json={"name": "tea"})).text == "tea"
    assert (await ask(app, "POST", "/many", json=[{"name": "tea"}])).text == "1"


async def test_the_entries_of_a_form_are_fields_or_files() -> None:
    app = App()

    @app.post("/")
    async def read(request: Request) -> str:
        form = assert_type(await request.form(), FormData)
        assert_type(form.get("a"), str | UploadFile | None)
        assert_type(form.getlist("a"), list[str | UploadFile])
        assert_type(form.files.get("a"), UploadFile | None)
        async with request.form() as same:
            assert_type(same, FormData)
        return assert_type(form.fields["a"], str)

    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await ask(app, "POST", body=b"a=1", headers=headers)).text == "1"


async def test_parts_are_parts() -> None:
    app = App()

    @app.post("/")
    async def read(request: Request) -> list[bytes]:
        parts = assert_type(request.multipart(), AsyncIterator[Part])
        return [assert_type(await part.read(), bytes) async for part in parts]

    headers = {"content-type": "multipart/form-data; boundary=B"}
    assert (await ask(app, "POST", body=b"--B--", headers=headers)).text == "[]"
