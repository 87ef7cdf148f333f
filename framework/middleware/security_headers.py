"""Header fields by which a site tells browsers what its pages never do, so that an attacker's cannot.

The fields are made once, when the middleware is; of a request only the nonce is made, and only if
somebody asks for it (W3C CSP3, Permissions Policy; HTML; Fetch; RFC 6797; RFC 7034).
"""

import re
import secrets
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from functools import partial
from typing import Literal, TypeAlias

from framework._wire.headers import encode_headers
from framework._wire.hsts import hsts_fields
from framework._wire.structured import InnerList, Item, Token, format_dictionary
from framework.connections import HTTPConnection
from framework.exceptions import ConfigError, FrameworkError
from framework.middleware._answers import send_with_defaults
from framework.responses import Field
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SecurityHeadersMiddleware", "csp_nonce"]

Policy: TypeAlias = str | Mapping[str, str | Iterable[str]]

NONCE = "'nonce'"
"""In a policy it stands for the nonce of the response, or for nothing if that has none."""

DEFAULT_POLICY: Mapping[str, str] = {"base-uri": "'self'", "object-src": "'none'"}
"""What a page of the last ten years does without: it takes away ways to get around any policy."""

ANCESTORS = {"DENY": "'none'", "SAMEORIGIN": "'self'"}
"""What `frame_options` is as a directive, by which browsers go where there is one (CSP3 section 6.4.2)."""

DIRECTIVE = re.compile(r"[a-z][a-z0-9-]*+")
SOURCE = re.compile(r"[!-+\--:<-~]++")  # without comma and semicolon (CSP3 section 2.2.1)
UNQUOTED = re.compile(
    "none|self|nonce|unsafe-inline|unsafe-eval|unsafe-hashes|strict-dynamic|report-sample"
    "|wasm-unsafe-eval|inline-speculation-rules|(?:nonce|sha256|sha384|sha512)-.*",
    re.IGNORECASE,
)
"""Sources that are written in single quotes."""

START = "http.response.start"

REFERRER_POLICIES = frozenset(
    {"no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin"}
    | {"same-origin", "strict-origin", "strict-origin-when-cross-origin", "unsafe-url"}
)
OPENER_POLICIES = frozenset(
    {"unsafe-none", "same-origin", "same-origin-allow-popups", "noopener-allow-popups"}
)
EMBEDDER_POLICIES = frozenset({"unsafe-none", "require-corp", "credentialless"})
RESOURCE_POLICIES = frozenset({"same-site", "same-origin", "cross-origin"})


class SecurityHeadersMiddleware:
    """Adds to each response the fields that it does not have itself; None leaves one out.

    A policy for content is a mapping of directives to sources, `{"script-src": ["'self'", "'nonce'"]}`,
    or the text of one; `'nonce'` stands for the nonce that `csp_nonce(request)` makes. HSTS is sent
    over HTTPS only, and only if `hsts_max_age` (seconds) is given: browsers keep to it for so long.
    Without arguments nothing is sent that an ordinary page would have to know of.
    """

    __slots__ = ("_app", "_encrypted", "_plain", "_with_nonce", "_without_nonce")

    def __init__(
        self,
        app: ASGIApp,
        *,
        content_security_policy: Policy | None = DEFAULT_POLICY,
        content_security_policy_report_only: Policy | None = None,
        frame_options: Literal["DENY", "SAMEORIGIN"] | None = "DENY",
        referrer_policy: str | None = "strict-origin-when-cross-origin",
        permissions_policy: Mapping[str, Iterable[str]] | None = None,
        cross_origin_opener_policy: str | None = "same-origin-allow-popups",
        cross_origin_embedder_policy: str | None = None,
        cross_origin_resource_policy: str | None = None,
        hsts_max_age: int | None = None,
        hsts_include_subdomains: bool = False,
        hsts_preload: bool = False,
    ) -> None:
        chosen = {
            "x-frame-options": _one_of("frame_options", frame_options, ANCESTORS),
            "referrer-policy": _one_of("referrer_policy", referrer_policy, REFERRER_POLICIES),
            "permissions-policy": _permissions(permissions_policy),
            "cross-origin-opener-policy": _one_of(
                "cross_origin_opener_policy", cross_origin_opener_policy, OPENER_POLICIES
            ),
            "cross-origin-embedder-policy": _one_of(
                "cross_origin_embedder_policy", cross_origin_embedder_policy, EMBEDDER_POLICIES
            ),
            "cross-origin-resource-policy": _one_of(
                "cross_origin_resource_policy", cross_origin_resource_policy, RESOURCE_POLICIES
            ),
            "x-content-type-options": "nosniff",
        }
        policies = {
            "content-security-policy": _policy(
                content_security_policy, ANCESTORS.get(frame_options or "")
            ),
            "content-security-policy-report-only": _policy(content_security_policy_report_only),
        }
        with_nonce = {name: text for name, text in policies.items() if NONCE in text}
        others = {name: text for name, text in policies.items() if name not in with_nonce}
        fixed = {name: text for name, text in {**others, **chosen}.items() if text}
        self._app = app
        self._plain = encode_headers(fixed)
        self._encrypted = self._plain + hsts_fields(
            "SecurityHeadersMiddleware",
            hsts_max_age,
            include_subdomains=hsts_include_subdomains,
            preload=hsts_preload,
        )
        self._with_nonce = encode_headers(with_nonce)
        self._without_nonce = [(name, _without_nonce(text)) for name, text in self._with_nonce]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP responses are touched."""
        if scope["type"] == "http":
            fields = self._encrypted if scope.get("scheme") == "https" else self._plain
            if self._with_nonce:
                nonce = scope["csp_nonce"] = _Nonce()
                send = partial(self._send_with_nonce, send, nonce, fields)
            else:
                send = partial(send_with_defaults, send, fields)
        await self._app(scope, receive, send)

    def _send_with_nonce(
        self, send: Send, nonce: "_Nonce", fields: list[Field], message: Message
    ) -> Awaitable[None]:
        if message["type"] == START:
            value = nonce.seal()
            # What a 304 says replaces what the cache has (RFC 9111 section 3.2), and the page that it
            # has was made with another nonce.
            if message["status"] != 304:
                policies = self._with_nonce if value else self._without_nonce
                quoted = b"'nonce-" + value + b"'"
                filled = [(name, text.replace(b"'nonce'", quoted)) for name, text in policies]
                fields = [*fields, *filled]
        return send_with_defaults(send, fields, message)


class _Nonce:
    # Made when it is first asked for; after the start of the response it is too late.
    __slots__ = ("_is_sealed", "_value")

    def __init__(self) -> None:
        self._value = ""
        self._is_sealed = False

    def __str__(self) -> str:
        if not self._value:
            if self._is_sealed:
                raise FrameworkError(
                    "the response has begun, and its Content-Security-Policy has no nonce: ask for "
                    "csp_nonce(request) before the response is made, and pass it on"
                )
            self._value = secrets.token_urlsafe(16)
        return self._value

    def seal(self) -> bytes:
        """The nonce for the policy that is sent now; empty if nobody has asked for it."""
        self._is_sealed = True
        return self._value.encode()


def csp_nonce(request: HTTPConnection) -> str:
    """The nonce of the response to this request: 128 random bits for `<script nonce="...">`.

    It is in the policy only if it was asked for before the response begins; later is a FrameworkError,
    and so is a policy without `'nonce'`.
    """
    if "csp_nonce" not in request.scope:
        raise FrameworkError(
            "there is no nonce: app.add_middleware(SecurityHeadersMiddleware, content_security_policy="
            "{'script-src': [\"'nonce'\"]}), from framework.middleware.security_headers"
        )
    return str(request.scope["csp_nonce"])


def _policy(policy: Policy | None, ancestors: str | None = None) -> str:
    """The text of a policy for content, checked, with these frame-ancestors unless it has its own."""
    directives: dict[str, list[str]] = {}
    for name, sources in _directives(policy or {}):
        if not DIRECTIVE.fullmatch(name):
            raise ConfigError(f"{name!r} is no directive of a Content-Security-Policy")
        if name in directives:
            raise ConfigError(f"browsers ignore the second {name!r} of a policy: write it once")
        directives[name] = [_checked_source(name, source) for source in sources]
        if "'none'" in directives[name] and len(directives[name]) > 1:
            raise ConfigError(f"{name}: browsers ignore 'none' beside other sources: leave it out")
    if directives and ancestors:
        directives.setdefault("frame-ancestors", [ancestors])
    return "; ".join(" ".join([name, *sources]) for name, sources in directives.items())


def _directives(policy: Policy) -> Iterator[tuple[str, Iterable[str]]]:
    if isinstance(policy, str):
        for name, *sources in filter(None, map(str.split, policy.split(";"))):
            yield name, sources
    else:
        for name, listed in policy.items():
            yield name, listed.split() if isinstance(listed, str) else listed


def _checked_source(directive: str, source: str) -> str:
    if not SOURCE.fullmatch(source):
        raise ConfigError(
            f"{directive}: {source!r} is no source: it has no spaces, commas or semicolons, which "
            "would begin something else; percent-encode them in a URL"
        )
    if UNQUOTED.fullmatch(source):
        raise ConfigError(
            f"{directive}: {source} would be the name of a host: write \"'{source}'\""
        )
    if source.lower().startswith("'nonce-"):
        raise ConfigError(
            f"{directive}: a nonce that does not change is worth nothing: write \"'nonce'\", and use "
            "csp_nonce(request) in the page"
        )
    return source


def _without_nonce(text: bytes) -> bytes:
    """The policy of a response for which nobody has asked for a nonce."""
    return text.replace(b" 'nonce'", b"")


def _permissions(policy: Mapping[str, Iterable[str]] | None) -> str:
    """The text of a Permissions-Policy, a dictionary of inner lists; empty for none."""
    try:
        return format_dictionary(
            {
                feature: Item(Token("*")) if allowed == "*" else _allowlist(feature, allowed)
                for feature, allowed in (policy or {}).items()
            }
        )
    except ValueError as error:
        raise ConfigError(f"SecurityHeadersMiddleware(permissions_policy=...): {error}") from error


def _allowlist(feature: str, allowed: Iterable[str]) -> InnerList:
    origins = [allowed] if isinstance(allowed, str) else [*allowed]
    for origin in origins:
        if isinstance(allowed, str) or not (origin in ("self", "src") or "://" in origin):
            raise ConfigError(
                f"permissions_policy: {feature} is for a list of origins and 'self', which may be "
                f"empty, or for '*', not for {allowed!r}"
            )
    return InnerList(
        tuple(Item(Token(each) if each in ("self", "src") else each) for each in origins)
    )


def _one_of(option: str, value: str | None, allowed: Iterable[str]) -> str:
    if value is not None and value not in allowed:
        raise ConfigError(
            f"SecurityHeadersMiddleware({option}={value!r}): it takes one of {sorted(allowed)}, or None"
        )
    return value or ""
