"""Range requests, case by case: RFC 9110 section 14, with the answers of sections 15.3.7 and 15.5.17."""

__all__ = ["MULTIPART_EXAMPLE", "RANGES", "in_short"]

Ranges = list[tuple[int, int]] | None

IGNORED: Ranges = None
UNSATISFIABLE: Ranges = []
WHOLE: Ranges = None

MANY_NINES = "9" * 5000

# (Range, size of the file, the (start, stop) that are sent, why)
RANGES: list[tuple[str, int, Ranges, str]] = [
    # section 14.1.2: the examples, of a representation of 10,000 bytes
    ("bytes=0-499", 10_000, [(0, 500)], "the first 500 bytes"),
    ("bytes=500-999", 10_000, [(500, 1000)], "the second 500 bytes"),
    ("bytes=-500", 10_000, [(9500, 10_000)], "the final 500 bytes"),
    ("bytes=9500-", 10_000, [(9500, 10_000)], "the final 500 bytes"),
    ("bytes=0-0,-1", 10_000, [(0, 1), (9999, 10_000)], "the first and the last byte"),
    (
        "bytes= 0-999, 4500-5499, -1000",
        10_000,
        [(0, 1000), (4500, 5500), (9000, 10_000)],
        "the first, middle, and last 1000 bytes",
    ),
    ("bytes=500-600,601-999", 10_000, [(500, 1000)], "unusual, but the second 500 bytes"),
    ("bytes=500-700,601-999", 10_000, [(500, 1000)], "unusual, but the second 500 bytes"),
    # one range
    ("bytes=0-", 10, [(0, 10)], "all of it"),
    ("bytes=0-9", 10, [(0, 10)], "all of it"),
    ("bytes=9-9", 10, [(9, 10)], "the last byte"),
    ("bytes=9-10", 10, [(9, 10)], "14.1.2: last-pos beyond the end is the end"),
    ("bytes=3-99999", 10, [(3, 10)], "14.1.2: last-pos beyond the end is the end"),
    ("bytes=-3", 10, [(7, 10)], "a suffix"),
    ("bytes=-10", 10, [(0, 10)], "a suffix as long as the file"),
    ("bytes=-11", 10, [(0, 10)], "14.1.2: shorter than the suffix, the entire representation"),
    ("bytes=007-0008", 10, [(7, 9)], "1*DIGIT, so zeros may lead"),
    ("BYTES=0-1", 10, [(0, 2)], "14.1: range units are case-insensitive"),
    ("Bytes=0-1", 10, [(0, 2)], "14.1: range units are case-insensitive"),
    # lists
    ("bytes=0-1,,4-5", 10, [(0, 2), (4, 6)], "5.6.1.2: empty elements"),
    ("bytes=,0-1,", 10, [(0, 2)], "5.6.1.2: empty elements"),
    ("bytes=0-1 ,\t4-5\t", 10, [(0, 2), (4, 6)], "5.6.1: optional white space"),
    ("bytes=6-7,0-1", 10, [(6, 8), (0, 2)], "15.3.7.2: in the order that was asked for"),
    ("bytes=6-7,0-1,7-8", 10, [(6, 9), (0, 2)], "15.3.7.2: except those coalesced into others"),
    ("bytes=8-9,0-1,4-5,1-4", 10, [(8, 10), (0, 6)], "15.3.7.2: except those coalesced"),
    ("bytes=4-5,8-9,2-4", 10, [(2, 6), (8, 10)], "15.3.7.2: where the first of them stood"),
    ("bytes=0-9,2-3", 10, [(0, 10)], "one within the other"),
    ("bytes=2-3,0-9", 10, [(0, 10)], "one within the other"),
    ("bytes=2-3,2-3,2-3", 10, [(2, 4)], "the same again"),
    ("bytes=0-,-10", 10, [(0, 10)], "the same again"),
    ("bytes=0-1,99-", 10, [(0, 2)], "14.2: those that cannot be satisfied are left out"),
    ("bytes=99-,-1", 10, [(9, 10)], "14.2: those that cannot be satisfied are left out"),
    ("bytes=-0,0-1", 10, [(0, 2)], "14.2: those that cannot be satisfied are left out"),
    # section 15.5.17
    ("bytes=10-", 10, UNSATISFIABLE, "14.1.2: first-pos is to be less than the length"),
    ("bytes=10-20", 10, UNSATISFIABLE, "14.1.2: first-pos is to be less than the length"),
    ("bytes=10-20, 30-", 10, UNSATISFIABLE, "15.5.17: none of them can be satisfied"),
    ("bytes=-0", 10, UNSATISFIABLE, "14.1.2: a suffix is to have a non-zero length"),
    ("bytes=-000", 10, UNSATISFIABLE, "14.1.2: a suffix is to have a non-zero length"),
    # nothing to be sent a part of
    ("bytes=0-", 0, UNSATISFIABLE, "14.1.2: first-pos is to be less than the length"),
    ("bytes=0-0", 0, UNSATISFIABLE, "14.1.2: first-pos is to be less than the length"),
    ("bytes=-0", 0, UNSATISFIABLE, "14.1.2: a suffix is to have a non-zero length"),
    ("bytes=-5", 0, WHOLE, "14.1.2: satisfied by the entire representation, which is nothing"),
    ("bytes=0-,-5", 0, WHOLE, "14.1.2: satisfied by the entire representation, which is nothing"),
    # section 14.2: to be ignored
    ("", 10, IGNORED, "malformed: nothing"),
    ("bytes", 10, IGNORED, "malformed: no set"),
    ("bytes=", 10, IGNORED, "malformed: an empty set"),
    ("bytes= , ,", 10, IGNORED, "malformed: an empty set"),
    ("bytes=-", 10, IGNORED, "malformed: neither first nor last"),
    ("bytes=- , 0-1", 10, IGNORED, "malformed: neither first nor last"),
    ("bytes=--1", 10, IGNORED, "malformed: a negative suffix"),
    ("bytes=0--1", 10, IGNORED, "malformed: a negative last-pos"),
    ("bytes=+0-1", 10, IGNORED, "malformed: a sign"),
    ("bytes=0x0-0x1", 10, IGNORED, "malformed: not decimal"),
    ("bytes=0_0-1", 10, IGNORED, "malformed: an underscore"),
    ("bytes=1.0-2", 10, IGNORED, "malformed: a fraction"),
    ("bytes=\xb2-3", 10, IGNORED, "malformed: not an ASCII digit"),
    ("bytes=0 - 1", 10, IGNORED, "malformed: space within"),
    ("bytes=0", 10, IGNORED, "malformed: no hyphen"),
    ("bytes=0-1-2", 10, IGNORED, "malformed: two hyphens"),
    ("bytes=0-1;2-3", 10, IGNORED, "malformed: another separator"),
    ("bytes=a-b", 10, IGNORED, "malformed: letters"),
    ("bytes=100, 0-5", 10, IGNORED, "14.2: one that is invalid makes the set invalid"),
    ("bytes=5-4", 10, IGNORED, "14.1.1: last-pos is less than first-pos"),
    ("bytes=0-1,5-4", 10, IGNORED, "14.1.1: invalid if one is"),
    ("bytes=20-19", 10, IGNORED, "14.1.1: invalid, not unsatisfiable"),
    ("bytes: 0-1", 10, IGNORED, "malformed: no ="),
    ("bytes =0-1", 10, IGNORED, "malformed: space in the unit"),
    ("bytes=0-1, bytes=2-3", 10, IGNORED, "malformed: two fields, as they are combined"),
    ("items=0-1", 10, IGNORED, "14.2: a unit that is not understood"),
    ("none=0-1", 10, IGNORED, "14.2: a unit that is not understood"),
    ("=0-1", 10, IGNORED, "malformed: no unit"),
    # attacks
    (f"bytes=0-{MANY_NINES}", 10, [(0, 10)], "beyond the end, whatever the digits"),
    (f"bytes=-{MANY_NINES}", 10, [(0, 10)], "beyond the beginning, whatever the digits"),
    (f"bytes={MANY_NINES}-", 10, UNSATISFIABLE, "beyond the end, whatever the digits"),
    (f"bytes={MANY_NINES}-{MANY_NINES}", 10, UNSATISFIABLE, "beyond the end"),
    (f"bytes={'0' * 60_000}1-2", 10, [(1, 3)], "zeros without end"),
    ("bytes=9223372036854775807-", 10, UNSATISFIABLE, "the largest of 64 bits"),
    ("bytes=0-18446744073709551615", 10, [(0, 10)], "more than 64 bits"),
    ("bytes=" + "0-,", 10, [(0, 10)], "a list of one"),
    ("bytes=" + "0-," * 99, 10, [(0, 10)], "100 elements, the last one empty"),
    ("bytes=" + "0-," * 100, 10, IGNORED, "too many"),
    ("bytes=" + "," * 100 + "0-1", 10, IGNORED, "too many empty ones"),
    ("bytes=" + "0-0," * 15_000 + "0-0", 10, IGNORED, "60 KB"),
    ("bytes=0-" + ",0-" * 100_000, 10, IGNORED, "100,000 of them"),
]

# section 14.6, of 8,000 bytes; the boundary, the media type and the ranges are those of the example
MULTIPART_EXAMPLE = (
    [(500, 1000), (7000, 8000)],
    8000,
    b"application/pdf",
    b"THIS_STRING_SEPARATES",
    (
        b"--THIS_STRING_SEPARATES\r\n"
        b"Content-Type: application/pdf\r\n"
        b"Content-Range: bytes 500-999/8000\r\n"
        b"\r\n"
        b"[500-1000]\r\n"
        b"--THIS_STRING_SEPARATES\r\n"
        b"Content-Type: application/pdf\r\n"
        b"Content-Range: bytes 7000-7999/8000\r\n"
        b"\r\n"
        b"[7000-8000]\r\n"
        b"--THIS_STRING_SEPARATES--"
    ),
)


def in_short(value: object) -> str:
    """How a value is named in the name of a test: some fill pages."""
    return str(value)[:40]
