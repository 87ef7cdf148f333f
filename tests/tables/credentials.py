"""Authorization fields (RFC 9110 section 11.6.2), and whom they show by RFC 7617 and RFC 6750."""

BASIC: dict[str, tuple[str, str, str]] = {
    "RFC 7617 section 2": ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
    "RFC 7617 section 2.1, in UTF-8": ("Basic dGVzdDoxMjPCow==", "test", "123£"),
    "the scheme in another case": ("bAsIc QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
    "several spaces": ("Basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"),
    "colons in the password": ("Basic YTpiOmM6", "a", "b:c:"),
    "no password": ("Basic YTo=", "a", ""),
    "no username": ("Basic OmI=", "", "b"),
    "neither": ("Basic Og==", "", ""),
}
"""A field, and the username and the password in it."""

NOT_BASIC: dict[str, list[str]] = {
    "no colon": ["Basic YWI="],
    "nothing": ["Basic"],
    "nothing but a space": ["Basic "],
    "padding alone": ["Basic ===="],
    "no padding": ["Basic YTo"],
    "one character": ["Basic Y"],
    "the alphabet of URLs": ["Basic YTrDv8O_"],
    "a character of no alphabet": ["Basic YTpi!"],
    "space within": ["Basic YTpi YTpi"],
    "latin-1": ["Basic dGVzdDoxMjOj"],
    "half a surrogate pair": ["Basic YTrtoIA="],
    "a NUL": ["Basic YTpiAA=="],
    "a line break": ["Basic YQphOmI="],
    "parameters": ['Basic realm="a"'],
    "not ASCII": ["Basic YTpi\xff"],
    "two of them": ["Basic YTpi", "Basic YTpi"],
    "two in one": ["Basic YTpi, Basic YTpi"],
    "two schemes": ["Digest YTpi", "Basic YTpi"],
    "a second that is no scheme": ["Basic YTpi", "@"],
}
"""Fields of which one is of the scheme, but malformed."""

BEARER: dict[str, tuple[str, str]] = {
    "RFC 6750 section 2.1": ("Bearer mF_9.B5f-4.1JqM", "mF_9.B5f-4.1JqM"),
    "the scheme in another case": ("BEARER abc", "abc"),
    "all characters": ("Bearer aZ0-._~+/==", "aZ0-._~+/=="),
}
"""A field, and the token in it."""

NOT_BEARER: dict[str, list[str]] = {
    "nothing": ["Bearer"],
    "padding alone": ["Bearer =="],
    "padding within": ["Bearer a=b"],
    "two tokens": ["Bearer a b"],
    "a quoted one": ['Bearer "a"'],
    "a parameter": ["Bearer token=a"],
    "a comma": ["Bearer a,"],
    "not ASCII": ["Bearer \xe4"],
    "two of them": ["Bearer a", "Bearer a"],
    "two schemes": ["Basic YTpi", "Bearer a"],
}
"""Fields of which one is of the scheme, but malformed."""

OTHERS: dict[str, list[str]] = {
    "no field": [],
    "another scheme": ["Digest username=a"],
    "a longer name": ["BasicBearer YTpi"],
    "no scheme": [""],
    "a token alone": ["YTpi"],
    "a tab for the space": ["Basic\tYTpi"],
    "quotes": ['"Bearer" a'],
}
"""Fields that show nothing by either scheme."""
