import os
import subprocess
import sys
from pathlib import Path

import pytest

import framework
from framework._cli import commands
from tests.cli.conftest import APP, Files, Run

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("arguments", "code", "beginning"),
    [
        (["explain", "main:app", "GET", "/users/7"], 0, "GET /users/7\nanswer      user takes"),
        (
            ["explain", "main:app", "get", "/users/7", "-H", "Accept: text/html"],
            0,
            "GET /users/7\n",
        ),
        (["explain", "main:app", "OPTIONS", "/users/7"], 0, "OPTIONS /users/7: 204\n"),
        (["explain", "main:app", "GET", "/users/7/"], 0, "GET /users/7/: 307\n"),
        (["explain", "main:app", "GET", "/x"], 1, "GET /x: 404\n"),
        (["explain", "main:app", "GET", "/x/users/7", "--root-path", "/x"], 0, "GET /x/users/7\n"),
        (["explain", "main:app", "WEBSOCKET", "/x"], 1, "WEBSOCKET /x: 404\n"),
        (["routes", "main:app"], 0, "METHODS   PATH"),
        (["check", "main:app"], 0, "0 errors, 0 hints\n"),
    ],
)
def test_a_command_prints_and_exits_with_what_it_found(
    arguments: list[str], code: int, beginning: str, files: Files, run: Run
) -> None:
    files(main=APP)
    exited, out, err = run(*arguments)
    assert (exited, err) == (code, "")
    assert out.startswith(beginning)


def test_headers_choose_the_host(files: Files, run: Run) -> None:
    files(
        main="""\
            from framework import App, Router

            api = Router(host="api.test")
            api.add_route("/x", lambda: ...)
            app = App(routes=[api])
        """
    )
    assert run("explain", "main:app", "GET", "/x")[0] == 1
    assert run("explain", "main:app", "GET", "/x", "-H", "Host: api.test")[0] == 0
    assert run("explain", "main:app", "GET", "http://api.test/x")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["routes", "nothing"],
            "error: 'nothing' names no app: write module:app, such as main:app\n",
        ),
        (["explain", "main:app", "GET", "x"], "error: 'x' is no path: it begins with '/'\n"),
        (
            ["explain", "main:app", "GET", "/", "-H", "Host"],
            "error: -H 'Host': write 'Name: value'\n",
        ),
    ],
)
def test_a_wrong_call_is_told_on_stderr(
    arguments: list[str], message: str, files: Files, run: Run
) -> None:
    files(main=APP)
    assert run(*arguments) == (2, "", message)


def test_the_parser_says_what_there_is(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, without_command, err = run()
    assert (code, err) == (2, "")
    with pytest.raises(SystemExit) as ended:
        run("--help")
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown == without_command
    for command in ("routes", "explain", "check", "run"):
        assert f"\n    {command} " in shown


def test_the_version_is_that_of_the_package(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("--version")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"framework {framework.__version__}\n"


def test_an_interrupt_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, files: Files, run: Run
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "load_app", interrupt)
    assert run("routes", "main:app") == (130, "", "")


def test_a_reader_that_goes_is_no_error(files: Files, tmp_path: Path) -> None:
    files(main=APP)
    command = [sys.executable, "-m", "framework", "routes", "main:app"]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            command,
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("output", "message"),
    [(">&-", "there is no standard output"), (">/dev/full", "No space left on device")],
)
def test_an_output_that_cannot_be_written_is_told_of(
    output: str, message: str, files: Files, tmp_path: Path
) -> None:
    files(main=APP)
    command = f"{sys.executable} -m framework routes main:app {output}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--port=-1", "--port=65536", "--workers=0", "--port=http"])
def test_a_number_out_of_its_range_is_refused(
    option: str, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run("run", "main:app", option)
    assert f"argument {option.partition('=')[0]}: " in capsys.readouterr().err
