"""Uploads: a form that spools its files, a form that streams them, and a body that is the file.

Serve it with `uvicorn examples.upload:app` and open it in a browser: the page shows the progress and
the SHA-256 of what arrived. Files are stored only where `UPLOAD_DIR` says so.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

from framework import App, HTMLResponse, Limits, Request

PAGE = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<title>Upload</title>
<h1>Upload</h1>
<form method=post action=upload enctype=multipart/form-data>
  <label>Files <input type=file name=files multiple></label>
  <label>Comment <input name=comment></label>
  <button>Send</button>
</form>
<progress value=0 max=1 hidden></progress>
<pre></pre>
<script>
const form = document.querySelector("form")
const bar = document.querySelector("progress")
form.addEventListener("submit", event => {
  event.preventDefault()
  const request = new XMLHttpRequest()  // fetch() tells nothing of the progress of an upload
  request.upload.onprogress = sent => { bar.hidden = false; bar.value = sent.loaded / sent.total }
  request.onload = () => { document.querySelector("pre").textContent = request.responseText }
  request.open("POST", form.action)
  request.send(new FormData(form))
})
</script>
"""
DIRECTORY = os.environ.get("UPLOAD_DIR")

app = App()
large = Limits(max_body_size=2 * 1024**3)


@app.get("/")
async def page() -> HTMLResponse:
    """The form, which works without its script, too."""
    return HTMLResponse(PAGE)


async def describe(name: str, chunks: AsyncIterator[bytes]) -> dict[str, object]:
    """What arrived, by which the sender can check it."""
    digest = hashlib.sha256()
    size = 0
    async for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return {"name": name, "size": size, "sha256": digest.hexdigest()}


@app.post("/upload", limits=large)
async def upload(request: Request) -> dict[str, object]:
    """All files at once: small ones in memory, the others in a temporary file."""
    form = await request.form()
    files = [file for file in form.files.getlist("files") if file.filename]
    if DIRECTORY is not None:
        for file in files:
            await file.save(Path(DIRECTORY) / f"{token_hex(8)}-{file.safe_filename}")
    return {
        "comment": form.fields.get("comment"),
        "files": [await describe(file.filename, file) for file in files],
    }


@app.post("/stream", limits=large)
async def stream(request: Request) -> dict[str, object]:
    """The same without keeping anything: each file is looked at while it arrives."""
    parts = request.multipart()
    return {"files": [await describe(part.filename, part) async for part in parts if part.filename]}


@app.put("/files/{name}", limits=large)
async def put(request: Request, name: str) -> dict[str, object]:
    """A file as the body itself: `curl --upload-file photo.jpg http://127.0.0.1:8000/files/`."""
    return await describe(name, request.stream())
