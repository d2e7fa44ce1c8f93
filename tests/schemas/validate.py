#!/usr/bin/env python3
"""validate.py SCHEMAS NAME=FILE...: each file is one JSON document that SCHEMAS/NAME.json must accept.

Exit status 0 when all are valid, 77 when python3-jsonschema is not installed.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def main():
    folder = pathlib.Path(sys.argv[1])
    schemas = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    bad = 0
    for argument in sys.argv[2:]:
        name, _, file = argument.partition("=")
        schema = schemas[name + ".json"]
        resolver = jsonschema.RefResolver(name + ".json", schema, store=schemas)
        validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
        for error in validator.iter_errors(json.loads(pathlib.Path(file).read_text())):
            where = "/".join(str(part) for part in error.absolute_path)
            print(f"{file}: /{where}: {error.message[:300]}")
            bad = 1
    sys.exit(bad)


main()
