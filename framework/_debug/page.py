"""The pages as HTML: nothing is loaded from elsewhere, and everything shown is escaped."""

from collections.abc import Iterator, Sequence
from html import escape

from framework._debug.failures import OUTERMOST, Failure, Frame, SourceLine, shown_path
from framework._debug.report import Facts
from framework._debug.text import traceback_text
from framework._explanation import Explanation, route_line
from framework._layout import near
from framework._summaries import RouteSummary

__all__ = ["error_page", "miss_page", "policy"]

STYLE = """
:root{color-scheme:light dark;--bg:#f7f7f9;--card:#fff;--ink:#1d2030;--dim:#5a6075;--line:#dfe1ea;
--red:#b3202c;--hit:#fdeceb;--mark:#ffc9c4;--link:#2f54c8}
@media(prefers-color-scheme:dark){:root{--bg:#14161f;--card:#1c1f2b;--ink:#e8eaf3;--dim:#a3a9bf;
--line:#313647;--red:#ff8d89;--hit:#3a2329;--mark:#7c3038;--link:#9db4ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:68rem;padding:2rem 1rem 4rem;background:var(--bg);color:var(--ink);
font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
h1{margin:.2rem 0;font-size:1.7rem;line-height:1.25;color:var(--red)}
h2{margin:2rem 0 .6rem;font-size:1.05rem}
p{margin:.3rem 0}.message{font-size:1.15rem;white-space:pre-wrap}.dim{color:var(--dim)}
code,pre,td,th,.message,textarea{font-family:ui-monospace,Menlo,Consolas,monospace}
pre,table{font-size:.84rem}
details,.card{margin:.5rem 0;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
details{overflow:hidden}details details{margin:0;border:0;border-top:1px solid var(--line);
border-radius:0}
summary{padding:.6rem .9rem;cursor:pointer}summary:focus-visible,button:focus-visible,
pre:focus-visible{outline:2px solid var(--link);outline-offset:-2px}
.library>summary{color:var(--dim)}
pre{margin:0;padding:.5rem 0;overflow-x:auto;border-top:1px solid var(--line);line-height:1.6}
pre.text{padding:.9rem}
.row{display:block;min-width:max-content;padding:0 .9rem}.hit{background:var(--hit)}
.number{display:inline-block;width:3.2em;color:var(--dim);user-select:none}
mark{background:var(--mark);color:inherit;border-radius:.2em}
table{width:100%;border-collapse:collapse}
th,td{padding:.35rem .9rem;border-top:1px solid var(--line);text-align:left;vertical-align:top}
tr:first-child>*{border-top:0}th{width:30%;font-weight:400;color:var(--dim)}
.routes th{width:45%;color:var(--ink)}.routes td{color:var(--dim)}
@media(max-width:40rem){th,.routes th,td{display:block;width:auto}td{padding-top:0;border-top:0}}
button{padding:.45rem .9rem;font:inherit;color:var(--card);background:var(--link);border:0;
border-radius:.4rem;cursor:pointer}
"""
SCRIPT = """
const button=document.querySelector("button"),text=document.querySelector("#text");
button.addEventListener("click",async()=>{
try{await navigator.clipboard.writeText(text.textContent);button.textContent="Copied"}
catch{text.parentElement.open=true;getSelection().selectAllChildren(text);
button.textContent="Selected: press Ctrl+C"}});
"""


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page (CSP level 3): its own style and script, and nothing else."""
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def error_page(failures: Sequence[Failure], parts: Sequence[Facts], asked: str, nonce: str) -> str:
    """The page of an exception."""
    first = failures[0]
    body = [
        f'<p class="dim">{escape(asked)}</p><h1>{escape(first.kind)}</h1>',
        f'<p class="message">{escape(first.message)}</p>',
        '<p><button type="button">Copy traceback</button></p>',
        *(line for failure in failures for line in _failure(failure)),
        "<h2>As text</h2><details><summary>Traceback</summary>",
        f'<pre class="text" id="text" tabindex="0">{escape(traceback_text(failures))}</pre></details>',
        *(_part(part) for part in parts),
        f'<script nonce="{nonce}">{SCRIPT}</script>',
    ]
    return _document(first.kind, body, nonce)


def miss_page(
    title: str, explanation: Explanation, routes: Sequence[RouteSummary], nonce: str
) -> str:
    """The page of a 404 or 405: why, which routes come close, and which there are."""
    asked = f"{explanation.method} {explanation.path}"
    close = [
        (route_line(each.route), f"{each.reason} ({near(each.route.where)})")
        for each in explanation.candidates
    ]
    known = [(route_line(route), f"{route.handler} ({near(route.where)})") for route in routes]
    body = [
        f'<p class="dim">{escape(asked)}</p><h1>{escape(title)}</h1>',
        f'<p class="message">{escape(explanation.reason)}</p>',
    ]
    if explanation.allow:
        body.append(f'<p class="dim">Allow: {escape(", ".join(explanation.allow))}</p>')
    for heading, rows in (("Routes that come close", close), ("Routes of the app", known)):
        if rows:
            body.append(f'<h2>{heading}</h2><div class="card routes">{_table(rows)}</div>')
    return _document(title, body, nonce)


def _document(title: str, body: Sequence[str], nonce: str) -> str:
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            '<link rel="icon" href="data:,">',
            f'<title>{escape(title)}</title>\n<style nonce="{nonce}">{STYLE}</style>',
            *body,
        ]
    )


def _failure(failure: Failure) -> Iterator[str]:
    if failure.relation:
        yield f"<h2>{escape(failure.relation)}: {escape(failure.kind)}</h2>"
        yield f'<p class="message">{escape(failure.message)}</p>'
    else:
        yield "<h2>Traceback, the last call at the end</h2>"
    yield from (f'<p class="message">{escape(note)}</p>' for note in failure.notes)
    for index, frame in enumerate(failure.frames):
        if index == OUTERMOST and failure.left_out:
            yield f'<p class="dim">{failure.left_out} calls left out</p>'
        yield _frame(frame)


def _frame(frame: Frame) -> str:
    kind = "own" if frame.is_own else "library"
    lines = "".join(_line(line, is_hit=line.number == frame.line) for line in frame.lines)
    variables = f"<details><summary>Variables</summary>{_table(frame.variables)}</details>"
    return (
        f'<details class="{kind}"{" open" if frame.is_own else ""}>'
        f"<summary><code>{escape(frame.function)}</code> in "
        f"<code>{escape(shown_path(frame.file))}:{frame.line}</code></summary>"
        f'<pre tabindex="0">{lines}</pre>{variables if frame.variables else ""}</details>'
    )


def _line(line: SourceLine, *, is_hit: bool) -> str:
    before, marked = line.text[: line.start], line.text[line.start : line.end]
    shown = f"<mark>{escape(marked)}</mark>" if marked else ""
    return (
        f'<span class="row{" hit" if is_hit else ""}"><span class="number">{line.number}</span>'
        f"{escape(before)}{shown}{escape(line.text[line.end :])}</span>"
    )


def _part(part: Facts) -> str:
    return f'<h2>{escape(part.title)}</h2><div class="card">{_table(part.rows)}</div>'


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = (f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(cells)}</table>"
