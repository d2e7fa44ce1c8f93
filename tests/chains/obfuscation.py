"""Ways in which pages hide texts and scripts: twenty for a string, fourteen for a whole script.

A string's way answers with an expression of JavaScript that gives the string; a script's way makes a text that
evaluates it, which is one more layer in the true ancestry.
"""
import base64
import json
import random
import re

from source import Code, plain


def literal(text):
    """A JavaScript string that no HTML parser takes for markup."""
    return json.dumps(text).replace("</", "<\\/").replace("<!--", "<\\!--")


def single(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("</", "<\\/") + "'"


def name(b):
    return "_" + "".join(b.rng.choice("abcdefghijkxyz0123456789") for _ in range(6))


# --- strings -----------------------------------------------------------------------------------------------


def as_is(b, text):
    return literal(text)


def split_in_pieces(b, text):
    pieces, at = [], 0
    while at < len(text):
        size = b.rng.randint(1, max(2, len(text) // 5))
        pieces.append(single(text[at:at + size]))
        at += size
    return "(" + " + ".join(pieces or ["''"]) + ")"


def joined_array(b, text):
    return "[" + ",".join(single(part) for part in re.findall(".{1,7}", text, re.S)) + "].join('')"


def shuffled_array(b, text):
    parts = re.findall(".{1,5}", text, re.S)
    order = list(range(len(parts)))
    b.rng.shuffle(order)
    data = ",".join(single(parts[i]) for i in order)
    back = ",".join(str(order.index(i)) for i in range(len(parts)))
    return (f"(function (a, o) {{ var s = ''; for (var i = 0; i < o.length; i++) s += a[o[i]]; return s }})"
            f"([{data}], [{back}])")


def reversed_text(b, text):
    return f"{literal(text[::-1])}.split('').reverse().join('')"


def hex_escapes(b, text):
    return '"' + "".join(f"\\x{ord(c):02x}" for c in text) + '"'


def unicode_escapes(b, text):
    return "'" + "".join(f"\\u{ord(c):04X}" if b.rng.random() < 0.7 or not c.isalnum() else c for c in text) + "'"


def octal_escapes(b, text):
    return "'" + "".join(f"\\{ord(c):03o}" for c in text) + "'"


def char_codes(b, text):
    return "String.fromCharCode(" + ",".join(str(ord(c)) for c in text) + ")"


def shifted_char_codes(b, text):
    key = b.rng.randint(3, 90)
    codes = ",".join(str(ord(c) + key + i % 5) for i, c in enumerate(text))
    return (f"(function (a) {{ var s = ''; for (var i = 0; i < a.length; i++) "
            f"s += String.fromCharCode(a[i] - {key} - i % 5); return s }})([{codes}])")


def percent_escapes(b, text):
    return "unescape('" + "".join(f"%{ord(c):02x}" for c in text) + "')"


def unicode_percent_escapes(b, text):
    return 'unescape("' + "".join(f"%u{ord(c):04x}" for c in text) + '")'


def uri_component(b, text):
    return "decodeURIComponent('" + "".join(f"%{ord(c):02X}" for c in text) + "')"


def xor_decoder(b, text):
    key = b.rng.randint(1, 31)
    data = "".join(f"{ord(c) ^ key:02x}" for c in text)
    return (f"(function (h, k) {{ for (var s = '', i = 0; i < h.length; i += 2) "
            f"s += String.fromCharCode(parseInt(h.substr(i, 2), 16) ^ k); return s }})('{data}', {key})")


def rolling_xor(b, text):
    key = [b.rng.randint(1, 255) for _ in range(5)]
    data = ",".join(str(ord(c) ^ key[i % 5]) for i, c in enumerate(text))
    return (f"(function () {{ var k = {key}, d = [{data}], s = ''; for (var i in d) "
            f"s += String.fromCharCode(d[i] ^ k[i % k.length]); return s }})()")


def replace_with_callback(b, text):
    data = "".join(f"{ord(c):03d}" for c in text)
    return f"'{data}'.replace(/\\d{{3}}/g, function (m) {{ return String.fromCharCode(+m.replace(/^0+/, '')) }})"


def noise_taken_out(b, text):
    for noise in b.rng.sample(["@@", "!q", "#z9", "~~"], 4):
        noisy = noise.join(re.findall(".{1,3}", text, re.S))
        if noisy.replace(noise, "") == text:
            return single(noisy) + f".replace(/{noise}/g, '')"
    return reversed_text(b, text)


def base_36_numbers(b, text):
    def number(c):
        return f"({int(c, 36)}).toString(36)" if c.isdigit() or "a" <= c <= "z" else single(c)
    return "(" + " + ".join(number(c) for c in text) + ")" if len(text) < 90 else joined_array(b, text)


def base64_text(b, text):
    return "atob('" + base64.b64encode(text.encode()).decode() + "')"


def own_base64(b, text):
    """With an alphabet of the page's own, decoded by hand."""
    alphabet = list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    b.rng.shuffle(alphabet)
    standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    data = base64.b64encode(text.encode()).decode().rstrip("=").translate(
        str.maketrans(standard, "".join(alphabet)))
    return ("(function (t, a) { var s = '', v = 0, n = 0; for (var i = 0; i < t.length; i++) { "
            "v = v << 6 | a.indexOf(t.charAt(i)); n += 6; if (n >= 8) { n -= 8; "
            "s += String.fromCharCode(v >> n & 255); v &= (1 << n) - 1 } } return s })"
            f"('{data}', '{''.join(alphabet)}')")


def _hex(text):
    return "".join(f"{ord(c):02x}" for c in text)


_FROM_HEX = ("(function (h) { return h.replace(/../g, function (x) { "
             "return String.fromCharCode(parseInt(x, 16)) }) })")


def hidden_in_an_element(b, text):
    where = name(b)
    b.page.hidden += f'<div id="{where}" style="display:none">{_hex(text)}</div>\n'
    return f"{_FROM_HEX}(document.getElementById('{where}').innerHTML)"


def hidden_in_an_attribute(b, text):
    where = name(b)
    b.page.hidden += f'<span id="{where}" title="{_hex(text)}"></span>\n'
    return f"{_FROM_HEX}(document.getElementById('{where}').getAttribute('title'))"


def hidden_in_a_field(b, text):
    where = name(b)
    b.page.hidden += f'<input type="hidden" id="{where}" value="{_hex(text)}">\n'
    return f"{_FROM_HEX}(document.getElementById('{where}').value)"


STRINGS_ANYWHERE = [as_is, split_in_pieces, joined_array, shuffled_array, reversed_text, hex_escapes,
                    unicode_escapes, octal_escapes, char_codes, shifted_char_codes, percent_escapes,
                    unicode_percent_escapes, uri_component, xor_decoder, rolling_xor, replace_with_callback,
                    noise_taken_out, base_36_numbers, own_base64]
STRINGS_IN_PAGES = [hidden_in_an_element, hidden_in_an_attribute, hidden_in_a_field]
STRINGS_MODERN = [base64_text]


def expression(b, text):
    """`text` as an expression, by a way that the persona's language has."""
    ways = list(STRINGS_ANYWHERE)
    if b.may_hide_in_page:
        ways += STRINGS_IN_PAGES
    if "standard" in b.words:
        ways += STRINGS_MODERN
    if b.strict:
        ways.remove(octal_escapes)
    way = b.rng.choice(ways)
    b.used[way.__name__] += 1
    # Its own dice: how many it throws hangs on the text, and the rest of the chain must not.
    before, b.rng = b.rng, random.Random(b.rng.random())
    made = way(b, text)
    b.rng = before
    return made


# --- scripts -----------------------------------------------------------------------------------------------


def packed(b, code):
    """Words replaced by numbers and put back by a callback, as packers do."""
    text = plain(code.text)
    words = sorted(set(re.findall(r"\b[a-zA-Z]\w+\b", text)))
    b.rng.shuffle(words)
    number = {word: i for i, word in enumerate(words)}

    def digits(value):
        out = ""
        while True:
            value, rest = divmod(value, 36)
            out = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + out
            if value == 0:
                return out

    # A word that is no longer in the text keeps its place in the table, so every word-like run is decoded.
    def encode(match):
        word = match.group(0)
        if word not in number:
            number[word] = len(words)
            words.append(word)
        return digits(number[word])

    body = re.sub(r"\b\w+\b", encode, text)
    return ("eval(function (p, k) { return p.replace(/\\b\\w+\\b/g, function (w) { "
            f"return k[parseInt(w, 36)] }}) }}({literal(body)}, {literal('|'.join(words))}.split('|')))")


def _layer(b, code, template, encoded=None):
    encoded = encoded or expression(b, plain(code.text))
    text, marks = b.marker.fill(template.replace("{e}", encoded))
    outer = Code(text)
    code.made_by = (outer, marks[0])
    return outer


def by_eval(b, code):
    return _layer(b, code, b.rng.choice(["«eval({e})»;", "«window.eval({e})»;", "«window['ev' + 'al']({e})»;",
                                         "var q = eval; «q({e})»;", "var t = {e};\n«eval(t)»;"]))


def evaluated(b, code):
    """One that needs neither window nor document."""
    return _layer(b, code, b.rng.choice(["«eval({e})»;", "var t = {e};\n«eval(t)»;"]))


def by_packer(b, code):
    outer_text, marks = b.marker.fill("«" + packed(b, code) + "»")
    outer = Code(outer_text)
    code.made_by = (outer, marks[0])
    return outer


def by_function(b, code):
    way = b.rng.choice(["«Function({e})»();", "var f = «new Function({e})»;\nf();",
                        "«[].constructor.constructor({e})»();", "«(function () {}).constructor({e})»();"])
    outer = _layer(b, code, way)
    # What the engine compiles: https://tc39.es/ecma262/#sec-createdynamicfunction
    code.text = "function anonymous(\n) {\n" + code.text + "\n}"
    return outer


def by_timer(b, code):
    delay = b.rng.choice([1, 20, 900])
    b.page.wait += delay / 1000
    return _layer(b, code, f"«setTimeout({{e}}, {delay})»;")


def by_written_script(b, code):
    return _layer(b, code, "«document.write('<scr' + 'ipt>' + {e} + '</scr' + 'ipt>')»;")


def by_script_element(b, code):
    return _layer(b, code, "var s = document.createElement('script');\ns.text = {e};\n"
                  "«document.getElementsByTagName('head')[0].appendChild(s)»;")


def by_callback(b, code):
    return _layer(b, code, "'x'.replace(/x/, function () { «eval({e})»; return '' });")


def by_sort(b, code):
    once = name(b)
    return _layer(b, code, f"[2, 1].sort(function () {{ if (!window.{once}) {{ window.{once} = 1; "
                  "«eval({e})» } return 0 });")


def by_thrown_text(b, code):
    return _layer(b, code, "try { throw {e} } catch (x) { «eval(x)» }")


def by_method_table(b, code):
    return _layer(b, code, "var m = {run: 'eval', of: window};\n«m.of[m.run]({e})»;")


def by_to_string(b, code):
    return _layer(b, code, "({toString: function () { «eval({e})»; return '' }}) + '';")


SCRIPTS = [by_eval, by_eval, by_packer, by_function, by_timer, by_written_script, by_script_element, by_callback,
           by_sort, by_thrown_text, by_method_table, by_to_string]


def hidden(b, code, layers):
    for _ in range(layers):
        ways = [w for w in SCRIPTS if not (w is by_written_script and "</script" in plain(code.text).lower())]
        if not b.while_parsing:
            ways = [w for w in ways if w is not by_written_script]
        way = b.rng.choice(ways)
        if len(plain(code.text)) > 6000:
            break
        b.used[way.__name__] += 1
        code = way(b, code)
        if way is by_timer:
            b.while_parsing = False
    return code
