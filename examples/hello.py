"""The smallest app that shows the idea: `uvicorn examples.hello:app`."""

from framework import App, Request

app = App()


@app.get("/")
async def home() -> str:
    """Answer text."""
    return "Hello, World!"


@app.get("/users/{id}")
async def user(id: int) -> dict[str, int]:
    """Answer JSON; `/users/x` is a 404."""
    return {"id": id}


@app.post("/echo")
async def echo(request: Request) -> object:
    """Answer with the JSON that was sent."""
    return await request.json()
