"""Script texts whose acts are marked, so that the place of each is known however deep it is hidden.

A mark is a pair of private-use characters around the expression that acts. They are in no text that is served:
plain() takes them out, and spans() says where they stood.
"""
import bisect
import hashlib
import re

MARKS = re.compile("[\ue000-\uf8ff]")


def plain(text):
    return MARKS.sub("", text)


def spans(text):
    """{mark: ((line, column), (line, column))} in the plain text; from 1, the end is behind the last character."""
    found, line_starts, length = {}, [0], 0
    offsets = {}
    for character in text:
        if "\ue000" <= character <= "\uf8ff":
            mark, end = divmod(ord(character) - 0xE000, 2)
            offsets.setdefault(mark, [0, 0])[end] = length
            continue
        length += 1
        if character == "\n":
            line_starts.append(length)

    def place(offset):
        line = bisect.bisect_right(line_starts, offset)
        return line, offset - line_starts[line - 1] + 1

    for mark, (begin, end) in offsets.items():
        found[mark] = (place(begin), place(end))
    return found


class Code:
    """A script text; `made_by` is the (Code, mark) that evaluates or writes it, None where the document holds it."""

    def __init__(self, text, made_by=None):
        self.text = text
        self.made_by = made_by
        self.whole = None  # the served text (page, file) that holds it; None: it is a text of its own
        self.first_line = None  # of an attribute's text: the line of its tag; columns count from the text's start
        self.url = None    # of that text
        self.hashed = True  # the record's digest is that of plain(text)

    def digest(self):
        return hashlib.sha256(plain(self.text).encode()).hexdigest()

    def span(self, mark):
        begin, end = spans(self.whole() if self.whole else self.text)[mark]
        before = self.first_line() - 1 if self.first_line else 0
        return (begin[0] + before, begin[1]), (end[0] + before, end[1])


class Marker:
    """Numbers marks: 3,000 a chain are more than any needs."""

    def __init__(self):
        self.next = 0

    def mark(self):
        self.next += 1
        assert self.next < 3000
        return self.next

    @staticmethod
    def around(mark, text):
        return chr(0xE000 + 2 * mark) + text + chr(0xE001 + 2 * mark)

    def fill(self, template):
        """Numbers each «…» of a template: the text with marks, and the marks in order."""
        marks = []

        def one(match):
            marks.append(self.mark())
            return self.around(marks[-1], match.group(1))

        return re.sub("«(.*?)»", one, template, flags=re.S), marks
