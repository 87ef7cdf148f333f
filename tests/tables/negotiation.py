"""What a client accepts, and which of some offers it gets: RFC 9110 section 12.5, RFC 4647 section 3.4."""

HTML, JSON = "text/html", "application/json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

RFC_12_5_1 = (
    "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, "
    "text/plain;format=fixed;q=0.4, */*;q=0.5"
)

MEDIA_TYPES: dict[str, tuple[list[str], list[str], str | None]] = {
    # RFC 9110 section 12.5.1
    "audio/basic is liked better": (
        ["audio/*; q=0.2, audio/basic"],
        ["audio/mpeg", "audio/basic"],
        "audio/basic",
    ),
    "any audio at a discount": (["audio/*; q=0.2, audio/basic"], ["audio/mpeg"], "audio/mpeg"),
    "the more elaborate example": (
        ["text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c"],
        ["text/plain", "text/x-dvi", "text/x-c"],
        "text/x-c",
    ),
    "and if that does not exist": (
        ["text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c"],
        ["text/plain", "text/x-dvi"],
        "text/x-dvi",
    ),
    "the parameter is more specific": (
        ["text/*, text/plain, text/plain;format=flowed, */*"],
        ["text/plain", "text/plain;format=flowed"],
        "text/plain",  # all weigh the same
    ),
    "the table, first row": (
        [RFC_12_5_1],
        ["text/plain", "text/plain;format=flowed"],
        "text/plain;format=flowed",
    ),
    "the table, second row": ([RFC_12_5_1], ["text/html", "text/plain"], "text/plain"),
    "the table, third row": ([RFC_12_5_1], ["text/html", "image/jpeg"], "image/jpeg"),
    "the table, fourth row": (
        [RFC_12_5_1],
        ["text/html", "image/jpeg", "text/plain;format=fixed"],
        "image/jpeg",
    ),
    "the table, fifth row": (
        [RFC_12_5_1],
        ["text/html", "text/plain;format=fixed"],
        "text/plain;format=fixed",
    ),
    "the table, sixth row": ([RFC_12_5_1], ["text/html;level=3", "image/jpeg"], "image/jpeg"),
    # without preference
    "no field": ([], [JSON, HTML], JSON),
    "an empty field": ([""], [JSON, HTML], JSON),
    "anything": (["*/*"], [JSON, HTML], JSON),
    "equals": ([f"{HTML}, {JSON}"], [JSON, HTML], JSON),
    "nothing is offered": (["*/*"], [], None),
    # preferences
    "a browser": ([BROWSER], [JSON, HTML], HTML),
    "a browser, of what it does not name": ([BROWSER], [JSON], JSON),
    "two fields": ([f"{JSON};q=0.5", HTML], [JSON, HTML], HTML),
    "a subtype before any": (["text/*;q=0.1, */*"], [HTML, JSON], JSON),
    "upper case": (["TEXT/HTML;Q=0.1, APPLICATION/JSON;Q=0.2"], [HTML, JSON], JSON),
    # refused
    "another type": (["image/png"], [HTML, JSON], None),
    "weight zero": ([f"{HTML};q=0"], [HTML], None),
    "weight zero within any": ([f"*/*, {HTML};q=0.0"], [HTML, JSON], JSON),
    "everything refused": (["*/*;q=0"], [HTML, JSON], None),
    "another parameter": (["text/html;level=1"], ["text/html;level=2"], None),
    # charsets (section 12.5.2: deprecated, everybody reads UTF-8)
    "a charset is ignored": (["text/html;charset=iso-8859-1"], [HTML], HTML),
    "a charset in the offer": (
        ["text/html"],
        ["text/html;charset=utf-8"],
        "text/html;charset=utf-8",
    ),
    # malformed
    "a weight above one": ([f"{HTML};q=2, {JSON};q=0.1"], [HTML, JSON], JSON),
    "a type without a subtype": ([f"html, {JSON};q=0.1"], [HTML, JSON], JSON),
    "any type of a subtype": ([f"*/html, {JSON};q=0.1"], [HTML, JSON], JSON),
    "nothing well-formed": (["html"], [HTML, JSON], HTML),
}
"""Accept fields, what is offered, and what is best."""

ENCODINGS: dict[str, tuple[str | None, list[str], str | None]] = {
    # RFC 9110 section 12.5.3
    "the first example": ("compress, gzip", ["br", "gzip"], "gzip"),
    "the second, which is empty": ("", ["gzip"], "identity"),
    "the third": ("*", ["gzip"], "gzip"),
    "the fourth": ("compress;q=0.5, gzip;q=1.0", ["compress", "gzip"], "gzip"),
    "the fifth": ("gzip;q=1.0, identity; q=0.5, *;q=0", ["br", "gzip"], "gzip"),
    "the fifth, without gzip": ("gzip;q=1.0, identity; q=0.5, *;q=0", ["br"], "identity"),
    "no field": (None, ["gzip"], "identity"),
    "identity is acceptable unless refused": ("br", ["gzip"], "identity"),
    "identity refused by its name": ("identity;q=0", ["gzip"], None),
    "identity refused by all": ("*;q=0", ["gzip"], None),
    "identity liked though all are refused": ("*;q=0, identity", ["gzip"], "identity"),
    "identity liked better": ("gzip;q=0.5, identity", ["gzip"], "identity"),
    "the old name": ("x-gzip", ["gzip"], "gzip"),
    "weight zero": ("gzip;q=0", ["gzip"], "identity"),
    "upper case": ("GZIP", ["gzip"], "gzip"),
}
"""An Accept-Encoding field, what is offered, and what is best."""

LANGUAGES: dict[str, tuple[list[str], list[str], str | None]] = {
    # RFC 9110 section 12.5.4: "I prefer Danish, but will accept British English and other types of English"
    "Danish": (["da, en-gb;q=0.8, en;q=0.7"], ["en", "da"], "da"),
    "British English": (["da, en-gb;q=0.8, en;q=0.7"], ["en-US", "en-GB"], "en-GB"),
    "other types of English": (["da, en-gb;q=0.8, en;q=0.7"], ["de", "en-US"], "en-US"),
    "none of them": (["da, en-gb;q=0.8, en;q=0.7"], ["de"], None),
    # RFC 4647 section 3.4
    "as it is": (["zh-Hant-CN-x-private1-private2"], ["zh", "zh-Hant-CN"], "zh-Hant-CN"),
    "shortened twice": (["zh-Hant-CN"], ["zh"], "zh"),
    "no single letter is left": (["zh-x-private"], ["zh-x", "zh"], "zh"),
    "in any case": (["DE-ch"], ["de-CH"], "de-CH"),
    # and otherwise
    "no field": ([], ["de", "en"], "de"),
    "any": (["*"], ["de", "en"], "de"),
    "any other": (["en, *;q=0.5"], ["de", "fr"], "de"),
    "weight zero": (["de;q=0, *"], ["de", "en"], "en"),
    "two fields": (["de;q=0.5", "en"], ["de", "en"], "en"),
    "a script is a prefix, not a substring": (["e"], ["en"], None),
    "nothing well-formed": (["_"], ["de", "en"], "de"),
}
"""Accept-Language fields, what is offered, and what is best."""
