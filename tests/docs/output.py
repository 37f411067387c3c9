"""Does a command print what a page shows? Times may differ, and shares by their last digits."""

import re

# what a page shows -> what may stand there
_TOKENS = re.compile(
    r"(?P<gap>\.\.\.)|(?P<time>total_us=\d+|\d+\.\d+ ms)|(?P<number>\d+\.\d+)|(?P<space>\s+)"
)
_ALLOWED_PERCENT = 2.0


def matches(shown: str, printed: str) -> bool:
    """Compare what a page shows with what was printed.

    Args:
        shown: may hold `...` for anything; times of any machine match; other decimals match within
            0.02 (shares) or 2 (percent); runs of white space are alike.
        printed: the real output.
    """
    pattern, numbers, end = "", [], 0
    for token in _TOKENS.finditer(shown.strip()):
        pattern += re.escape(shown.strip()[end : token.start()])
        end = token.end()
        if token["gap"]:
            pattern += ".*?"
        elif token["time"]:
            pattern += r"total_us=\d{2,7}" if "=" in token["time"] else r"\d+\.\d+ ms"
        elif token["number"]:
            pattern += r"(\d+\.\d+)"
            numbers.append(float(token["number"]))
        else:
            pattern += r"\s+"
    pattern += re.escape(shown.strip()[end:])
    found = re.fullmatch(pattern, printed.strip(), re.DOTALL)
    if found is None:
        return False
    return all(
        abs(number - float(text)) <= (0.02 if number <= 1 else _ALLOWED_PERCENT)
        for number, text in zip(numbers, found.groups(), strict=True)
    )
