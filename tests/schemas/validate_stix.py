#!/usr/bin/env python3
"""validate_stix.py SCHEMAS BUNDLE: the OASIS schemas, each object and the bundle, with all that they refer to.

Exit status 0 when all are valid, 77 when python3-jsonschema is not installed.
"""
import json, pathlib, sys
try:
    import jsonschema
except ImportError:
    sys.exit(77)
root, bundle = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2]))
store = {}
for path in root.rglob("*.json"):
    schema = json.load(open(path))
    store[schema["$id"]] = schema
def check(value, schema):
    resolver = jsonschema.RefResolver(base_uri=schema["$id"], referrer=schema, store=store)
    errors = sorted(jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(value), key=str)
    for error in errors:
        print(value.get("id"), list(error.path), error.message[:300])
    return len(errors)
by_type = {pathlib.PurePath(name).stem: schema for name, schema in store.items() if "common" not in name}
by_type["marking-definition"] = next(s for n, s in store.items() if n.endswith("common/marking-definition.json"))
by_type["extension-definition"] = next(s for n, s in store.items() if n.endswith("common/extension-definition.json"))
bad = checked = 0
for value in bundle["objects"]:
    bad += check(value, by_type[value["type"]])
    checked += 1
bad += check(bundle, next(s for n, s in store.items() if n.endswith("common/bundle.json")))
print(checked, "objects,", bad, "errors")
sys.exit(1 if bad or not checked else 0)
