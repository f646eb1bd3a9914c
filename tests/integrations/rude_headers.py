"""What a server that means no good may say in a header."""

from __future__ import annotations

from hypothesis import strategies as st

DIGITS = st.text("0123456789", min_size=1, max_size=12) | st.sampled_from(["9" * 5000, "0" * 20 + "7", "١٢", "²", "-1"])
_DATES = st.builds(
    "{}, {:02} {} {:04} {:02}:{:02}:{:02} {}".format,
    st.sampled_from(["Fri", "Sun", "", "x"]),
    st.integers(0, 40),
    st.sampled_from(["Jan", "Dec", "Foo"]),
    st.integers(0, 12_000),
    st.integers(0, 30),
    st.integers(0, 70),
    st.integers(0, 70),
    st.sampled_from(["GMT", "-0000", "+0000", "-2359", "+2359", "+9999", "-999999", ""]),
)
#: Values of headers, sensible and not.
VALUES = DIGITS | _DATES | st.text(st.characters(max_codepoint=255), max_size=30)
