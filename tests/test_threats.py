"""What strangers try on files, ranges, redirects, hosts, proxies, CORS and headers: of a whole site.

`TESTED` says for each kind of attack which tests are about it. The others here are of all middleware at
once: whatever one of them does, the next one has to bear it.
"""

import ast
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from framework import App, Middleware, Request
from framework.authentication import BasicBackend
from framework.middleware.access_log import AccessLogMiddleware
from framework.middleware.authentication import AuthenticationMiddleware
from framework.middleware.compression import CompressionMiddleware
from framework.middleware.cors import CORSMiddleware
from framework.middleware.csrf import CSRFMiddleware
from framework.middleware.https_redirect import HTTPSRedirectMiddleware
from framework.middleware.proxy_headers import ProxyHeadersMiddleware
from framework.middleware.rate_limit import RateLimitMiddleware
from framework.middleware.request_id import RequestIDMiddleware
from framework.middleware.security_headers import SecurityHeadersMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.middleware.trusted_host import TrustedHostMiddleware
from framework.staticfiles import StaticFiles
from framework.stores import MemoryStore
from framework.types import ASGIApp, Scope
from tests.driver import ask, exchange, http_scope
from tests.middleware.around import calls

TESTS = Path(__file__).parent
FRIEND = "https://friend.example"

HOSTS = "middleware.test_trusted_host"
CONDITIONS = "wire.test_conditional"

TESTED: dict[str, list[str]] = {
    "1 traversal out of the folder": [
        "test_staticfiles.test_a_path_leads_to_a_file_of_the_folder_or_to_nothing",
        "test_staticfiles.test_pages_of_a_site_open_no_way_out",
        "test_folders.test_a_segment_is_a_name_or_the_path_is_none",
    ],
    "2 a folder whose name begins like that of the root": [
        "test_staticfiles.test_a_path_leads_to_a_file_of_the_folder_or_to_nothing",
        "test_dispatch.test_a_mounted_app_answers_nothing_else",
    ],
    "3 links, dotfiles, long names, files used as folders": [
        "test_folders.test_whoever_leaves_by_a_link_must_be_allowed_to",
        "test_folders.test_paths_that_are_too_long_for_any_file_cost_little",
        "test_folders.test_a_sibling_has_to_be_a_file_of_the_folder",
        "test_staticfiles.test_hidden_files_are_shown_if_asked_for",
        "test_staticfiles.test_a_path_that_no_client_can_send_leads_nowhere",
    ],
    "4 ranges: many, overlapping, huge, malformed": [
        "wire.test_ranges.test_whatever_the_field_says_no_byte_is_sent_twice",
        "wire.test_ranges.test_a_long_field_takes_no_more_calls_than_a_hundred_ranges",
        "wire.test_ranges.test_the_expression_never_goes_back",
        "test_files.test_whatever_is_asked_for_no_more_is_sent_than_there_is",
    ],
    "6 paths that merely look like that of a route": [
        "test_dispatch.test_a_path_that_merely_looks_like_that_of_a_route_is_another",
        "test_dispatch.test_a_path_is_decoded_once_after_it_was_split",
    ],
    "7 open redirects": [
        "test_staticfiles.test_a_folder_without_its_slash_is_a_redirect_to_this_origin",
        "test_staticfiles.test_nothing_else_is_redirected",
        "test_dispatch.test_no_redirect_leaves_the_host",
        "wire.test_urls.test_a_path_alone_never_starts_with_a_host",
        "middleware.test_trusted_host.test_nobody_is_sent_to_a_name_that_is_not_allowed",
    ],
    "8 a URL that Host or path has poisoned": [
        "test_connections.test_a_host_that_is_no_authority_is_not_in_the_url",
        "test_connections.test_two_hosts_are_as_good_as_none",
        "test_connections.test_a_target_that_is_no_path_is_no_part_of_the_host",
        "wire.test_urls.test_no_request_makes_a_url_of_another_shape",
    ],
    "9 line breaks in fields": [
        "test_responses.test_no_control_character_gets_into_a_header_field",
        "wire.test_headers.test_no_way_in_takes_a_field_that_would_break_out_of_its_line",
        "wire.test_urls.test_a_location_with_a_control_character_is_refused",
        "wire.test_cookies.test_nothing_breaks_out_of_its_place",
        "middleware.test_request_id.test_no_id_breaks_out_of_its_line",
    ],
    "11 names of files in Content-Disposition": [
        "wire.test_disposition.test_a_file_name_is_written_so_that_all_clients_read_it_the_same",
        "wire.test_disposition.test_a_file_name_that_was_written_is_read_as_it_was",
        "test_files.test_a_file_is_an_attachment_or_inline",
    ],
    "13 fields that are read in more than linear time": [
        "wire.test_conditional.test_a_long_field_takes_no_more_calls_than_a_short_one",
        "wire.test_conditional.test_the_expressions_never_go_back",
        "wire.test_forwarded.test_a_flood_is_read_in_steps_that_grow_with_it",
        "wire.test_forwarded.test_no_expression_ever_goes_back",
        "wire.test_grammar.test_60_kb_of_a_field_take_work_in_proportion",
        "wire.test_negotiation.test_only_so_many_elements_are_looked_at",
        "middleware.test_cors.test_a_long_list_of_names_is_refused_in_linear_time",
    ],
    "14 fields that are repeated": [
        "wire.test_headers.test_ten_thousand_fields_are_read_in_proportion",
        f"{CONDITIONS}.test_a_field_that_is_repeated_ten_thousand_times_takes_linear_work",
    ],
    "15 hosts that are absent, double, malformed, or similar": [
        f"{HOSTS}.test_another_name_is_refused",
        f"{HOSTS}.test_a_host_that_is_none_is_refused_even_where_all_are_allowed",
        "wire.test_urls.test_anything_else_is_no_host_header",
    ],
    "16 proxies that anybody could be": [
        "middleware.test_proxy_headers.test_anybody_else_is_not",
        "middleware.test_proxy_headers.test_addresses_are_counted_from_the_right",
        "middleware.test_proxy_headers.test_only_one_family_is_believed",
        "middleware.test_proxy_headers.test_garbage_is_no_error",
        "wire.test_forwarded.test_nothing_in_front_changes_what_the_last_proxy_says",
    ],
    "17 names of fields that pass for others": [
        "wire.test_environ.test_a_field_that_would_pass_for_something_else_is_left_out",
    ],
    "18 lines of a log": [
        "middleware.test_access_log.test_nothing_breaks_out_of_its_value",
        "middleware.test_access_log.test_a_line_has_a_few_kilobytes_at_most",
        "middleware.test_csrf.test_what_an_attacker_sends_is_neither_logged_nor_repeated",
        "test_errors.test_an_unexpected_error_is_logged_on_one_line",
    ],
    "19 methods": [
        "test_dispatch.test_an_unknown_method_is_refused_like_any_other",
        "test_statuses.test_a_status_has_the_fields_and_the_content_that_belong_to_it",
    ],
    "32 origins that look like one that is allowed": [
        "middleware.test_cors.test_an_origin_is_allowed_as_a_whole_or_not_at_all",
        "middleware.test_cors.test_another_origin_is_not_told_that_credentials_are_allowed",
        "middleware.test_cors.test_a_private_network_is_reached_only_if_that_is_allowed",
        "middleware.test_cors.test_so_are_errors_and_the_refusals_of_other_middleware",
        "middleware.test_cors.test_what_cannot_work_is_refused_at_start",
    ],
    "33 pages of other sites that act": [
        "middleware.test_csrf.test_what_another_site_may_have_sent_is_refused",
        "middleware.test_csrf.test_a_socket_of_another_site_is_refused_before_it_is_opened",
    ],
    "35 rates by what a client can forge": [
        "middleware.test_rate_limit.test_each_client_has_a_bucket_and_no_header_gets_him_another",
    ],
    "38 forms of one content": [
        "middleware.test_compression.test_a_strong_etag_becomes_weak",
        "middleware.test_compression.test_vary_has_each_name_once",
        "middleware.test_compression.test_what_must_not_change_is_passed_as_it_is",
        "test_staticfiles.test_each_form_has_its_own_validator",
    ],
    "39 clients that leave while a file is sent": [
        "test_files.test_a_file_is_closed_when_the_client_goes",
        "test_files.test_a_client_that_goes_while_parts_are_sent_leaves_nothing_open",
    ],
    "42 what is kept of what was asked for": ["test_kept.test_what_is_kept_is_bounded"],
}


@cache
def names_in(module: str) -> set[str]:
    """The names of the tests in a module of this package."""
    tree = ast.parse((TESTS / f"{module.replace('.', '/')}.py").read_text("utf-8"))
    return {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize("names", TESTED.values(), ids=TESTED)
def test_each_kind_of_attack_has_its_tests(names: list[str]) -> None:
    missing = [
        name for name in names if name.rpartition(".")[2] not in names_in(name.rpartition(".")[0])
    ]
    assert missing == []


# A whole site


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the site serves as it is."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "site.css").write_text("b" * 5_000)
    (folder / "docs").mkdir()
    (folder / "docs" / "index.html").write_text("docs")
    return folder


def site(folder: Path, *, hosts: tuple[str, ...] = ("testserver", "www.site.example")) -> ASGIApp:
    """Everything there is around an app, each as its page in the docs has it."""
    app = App(
        middleware=[
            Middleware(AccessLogMiddleware),
            Middleware(ProxyHeadersMiddleware, trusted_hosts=["10.0.0.1"], host=True),
            Middleware(RequestIDMiddleware, trust_incoming=True),
            Middleware(CORSMiddleware, allow_origins=[FRIEND], allow_headers=["*"]),
            Middleware(SecurityHeadersMiddleware),
            Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts]),
            Middleware(RateLimitMiddleware, store=MemoryStore(), limit=1_000_000),
            Middleware(CSRFMiddleware),
            Middleware(CompressionMiddleware),
            Middleware(SessionMiddleware, secret_key="0123456789abcdef" * 2),
            Middleware(AuthenticationMiddleware, backend=BasicBackend({"a": "b"})),
        ]
    )
    app.mount("/static", StaticFiles(directory=folder, html=True))

    @app.route("/", methods=["GET", "POST"])
    async def home(request: Request) -> str:
        request.accepts("text/html", "application/json")
        request.accepts_languages("en", "de")
        request.check_preconditions(etag='"v1"')
        return f"{request.session.get('name')}, {request.cookies}"

    return app


FIELDS = {
    "accept": "text/html;q=0.5, ",
    "accept-encoding": "gzip;q=0.1, ",
    "accept-language": "de-DE-1996;q=0.1, ",
    "access-control-request-headers": "x-a, ",
    "authorization": "Basic YTpi",
    "cookie": 'a="\\"; ',
    "forwarded": 'for="[::1]";by=',
    "host": "testserver.",
    "if-match": '"a", W/"b", ',
    "if-modified-since": "Sun, 06 Nov 1994 08:49:37 GMT ",
    "if-none-match": 'W/"a", ',
    "if-range": '"a',
    "origin": "https://friend.example",
    "range": "bytes=0-0,",
    "sec-fetch-site": "same-origin, ",
    "x-forwarded-for": "10.0.0.1, ",
    "x-forwarded-host": "testserver,",
    "x-forwarded-proto": "https,",
    "x-request-id": "a",
}
"""A piece of each field that somebody here reads, to be repeated."""

NEVER = ["\\", '"', "(", ",", ";", "=", " \t", "\xff", "[", "0", "%", "-"]
"""What no field is made of alone."""


def asking(path: str, fields: list[tuple[str, str]], method: str = "GET") -> Scope:
    """A request that comes through the proxy; with the Host that is among the fields, if there is one."""
    scope = http_scope(method, path, fields, client=("10.0.0.1", 5))
    if any(name == "host" for name, _ in fields):
        del scope["headers"][0]
    return scope


@pytest.mark.parametrize("path", ["/", "/static/site.css"])
@pytest.mark.parametrize("name", FIELDS)
async def test_no_field_is_an_error_or_takes_more_than_work_in_proportion(
    folder: Path, name: str, path: str
) -> None:
    app = site(folder)
    preflight = [("origin", FRIEND), ("access-control-request-method", "PUT")]
    is_preflight = name.startswith("access-control")
    for piece in [FIELDS[name], *NEVER]:
        work: list[int] = []
        for size in (0, 15_000, 60_000):
            fields = [*(preflight if is_preflight else ()), (name, piece * (size // len(piece)))]
            scope = asking(path, fields, "OPTIONS" if is_preflight else "GET")
            answer = await exchange(app, scope)
            assert answer.error is None
            assert answer.status < 500
            work.append(await calls(app, scope))
        assert work[2] - work[0] <= 5 * max(work[1] - work[0], 200), piece


@pytest.mark.parametrize("name", FIELDS)
async def test_ten_thousand_fields_of_a_name_are_no_error(folder: Path, name: str) -> None:
    fields = [(name, FIELDS[name])] * 10_000
    answer = await exchange(site(folder), asking("/static/site.css", fields))
    assert answer.error is None
    assert answer.status < 500


MARK = "stranger7"
"""What nobody but a stranger says."""

SAID = {
    "accept": f"text/{MARK}",
    "accept-language": MARK,
    "authorization": f"Basic {MARK}",
    "cookie": f"{MARK}={MARK}; session={MARK}",
    "forwarded": f"for={MARK};host={MARK}.example;proto={MARK}",
    "host": f"{MARK}.example",
    "if-none-match": f'"{MARK}"',
    "origin": f"https://{MARK}.example",
    "range": f"bytes={MARK}",
    "referer": f"https://{MARK}.example/",
    "x-forwarded-for": MARK,
    "x-forwarded-host": f"{MARK}.example",
    "x-forwarded-proto": MARK,
    "x-http-method-override": "DELETE",
    "x-original-url": f"/{MARK}",
    "x-request-id": f'{MARK}"',
    "x-rewrite-url": f"/{MARK}",
}


@pytest.mark.parametrize(
    "path", ["/", "/static/site.css", "/static/docs", "/nowhere", "/static/no"]
)
@pytest.mark.parametrize("name", SAID)
async def test_what_a_stranger_says_comes_back_in_no_field(
    folder: Path, name: str, path: str
) -> None:
    answer = await exchange(site(folder), asking(path, [(name, SAID[name])]))
    assert answer.error is None
    assert [field for field in answer.headers.raw if MARK.encode() in b"".join(field)] == []
    if answer.status >= 400:
        assert MARK not in answer.text
        assert len(answer.body) < 500
        assert answer.headers["vary"].split(", ")[-1] == "Origin"


async def test_the_fields_of_proxies_are_those_of_strangers_where_nobody_trusts_them() -> None:
    app = App()

    @app.get("/")
    async def told(request: Request) -> str:
        return f"{request.url} {request.client}"

    fields = {name: value for name, value in SAID.items() if "forwarded" in name}
    assert (await ask(app, headers=fields)).body == (await ask(app)).body


PATHS = [
    "/",
    "//evil.example",
    "//evil.example/",
    "///evil.example/..",
    "/\\evil.example",
    "/%5cevil.example",
    "/%2fevil.example",
    "/%09/evil.example",
    "/.//evil.example",
    "/%2e%2f/evil.example",
    "/static//evil.example/docs",
    "/@evil.example",
    "/:80@evil.example",
    "/?next=//evil.example",
    "evil.example",
    ".evil.example",
    "@evil.example",
    "*",
]


def host_in_a_browser(location: str) -> str | None:
    """The host that a browser goes to from `http://own.example/` (WHATWG URL section 4.4)."""
    for ignored in "\t\r\n":
        location = location.replace(ignored, "")
    return urlsplit(location.replace("\\", "/")).hostname or "own.example"


@pytest.mark.parametrize("path", PATHS)
async def test_no_redirect_leads_to_another_host(folder: Path, path: str) -> None:
    own = [("host", "own.example")]
    inner = site(folder, hosts=("own.example",))
    without_www = site(folder, hosts=("www.own.example",))
    answers = [
        await exchange(app, asking(path, own))
        for app in (inner, HTTPSRedirectMiddleware(inner), without_www)
    ]
    for answer in answers:
        location = answer.headers.get("location", "/")
        assert host_in_a_browser(location) in ("own.example", "www.own.example"), location
    assert [answer.status for answer in answers[1:]] == [307, 307]
