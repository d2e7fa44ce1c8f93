"""A visit's record against the true graph of its chain."""
from source import plain


def steady(url):
    """Object URLs are made up anew each time: their origin stands for them."""
    return "/".join(url.split("/")[:3]) if url.startswith("blob:") else url


def key(mechanism, source, target):
    return mechanism, source, target


def found_edges(visit):
    urls = [steady(node["url"]) for node in visit["nodes"]]
    return {key(e["mechanism"], urls[e["from"]], urls[e["to"]]): e for e in visit["edges"]}


def inside(position, span):
    here = (position["line"], position["column"])
    return span[0] <= here <= span[1]


def place_faults(edge, script):
    """What is wrong with the script position and ancestry of a found edge."""
    if edge.code is None:
        return ["a script is named where none was"] if script else []
    if script is None:
        return ["no script is named"]
    faults, code, mark, depth = [], edge.code, edge.mark, 0
    positions = [script, *script.get("ancestry", [])]
    for depth, position in enumerate(positions):
        if code is None:
            return faults + [f"layer {depth}: more ancestry than there is"]
        if not inside(position, code.span(mark)):
            faults.append(f"layer {depth}: {position['line']}:{position['column']} is not in {code.span(mark)}")
        if code.hashed and code.made_by and position["sha256"] != code.digest():
            faults.append(f"layer {depth}: another text's digest")
        if code.url and position["url"] != code.url:
            faults.append(f"layer {depth}: {position['url']} instead of {code.url}")
        code, mark = code.made_by if code.made_by else (None, 0)
    if code is not None:
        faults.append(f"ancestry ends after {depth} of its layers")
    if edge.written_by not in ("?", script.get("written_by", "")):
        faults.append(f"written by {script.get('written_by')!r}, not {edge.written_by!r}")
    return faults


class Score:
    def __init__(self):
        self.chains = self.true = self.found = self.both = 0
        self.roles = self.roles_right = self.verdicts_right = self.scripts = self.places_right = 0
        self.faults = []

    def add(self, chain, visit):
        self.chains += 1
        truth = {key(e.mechanism, e.source, e.target): e for e in chain.edges}
        found = found_edges(visit)
        self.true += len(truth)
        self.found += len(found)
        self.both += len(truth.keys() & found.keys())
        note = lambda what: self.faults.append(f"chain {chain.number} ({chain.persona}): {what}")
        fetched = {steady(node["url"]) for node in visit["nodes"] if node["fetched"]}
        for edge in truth.keys() - found.keys():
            if edge[1] not in fetched:
                continue  # what leads there was missed already
            script = truth[edge].code
            note(f"missed {edge}" + (f" made by {plain(script.text)[:300]!r}" if script else ""))
        for edge in found.keys() - truth.keys():
            note(f"not there {edge}")
        for edge in truth.keys() & found.keys():
            if truth[edge].code is None and not found[edge].get("script"):
                continue
            self.scripts += 1
            wrong = place_faults(truth[edge], found[edge].get("script"))
            self.places_right += not wrong
            if wrong:
                note(f"place of {edge}: {wrong}; {plain(truth[edge].code.text)[:200] if truth[edge].code else ''!r}")
        roles = {steady(n["url"]): n["role"] for n in visit["nodes"] if "role" in n}
        for url in roles.keys() | chain.roles.keys():
            self.roles += 1
            right = roles.get(url) == chain.roles.get(url)
            self.roles_right += right
            if not right:
                note(f"role of {url}: {roles.get(url)}, truly {chain.roles.get(url)}")
        # A chain that ends in an ordinary page may be suspicious for the way it goes, never malicious.
        right = (visit["verdict"] == "malicious") == (chain.verdict == "malicious")
        self.verdicts_right += right
        if not right:
            note(f"verdict {visit['verdict']}, truly {chain.verdict}: {visit['reasons']}")

    def numbers(self):
        part = lambda a, b: round(a / b, 5) if b else 1.0
        return {"chains": self.chains, "edges": self.true,
                "f1": part(2 * self.both, self.true + self.found),
                "roles": part(self.roles_right, self.roles), "verdicts": part(self.verdicts_right, self.chains),
                "script_edges": self.scripts, "places": part(self.places_right, self.scripts)}
