#!/bin/sh
# The whole loop, one command after another, run inside the demo's Internet by `shikake demo`.
# Every line behind a "$" is a command; `inspect` reaches these names only in here (shikake range run).
set -eu

demo=$1  # this folder, as seen from where we are
landing=http://www.paper-lantern.example/

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# Without a terminal, no colours.
[ -t 1 ] || step() { printf '\n%s\n' "$*"; }

run() {
  printf '$ %s\n' "shikake $*"
  "$SHIKAKE_PROGRAM" "$@"
}

step "1. An unknown URL. Visit it with an emulated browser: where does it lead, and what is each page for?"
run inspect "$landing"

step "2. What a partner knows already: the command server that the program will call, which no visit can see."
run intel import --source partner "$demo/feed.csv"

step "3. All of it is intelligence now: a value, its role, its use, its reasons."
run intel list

step "4. Why is this one bad? Everything behind it."
run intel show 'http://update.player-patch.example/view.php?id=11'

step "5. A day of forty clients through the proxy. Who went down that chain, how far, and how do we know?"
run audit "$demo/proxy.log.gz"

step "6. Put it to use: what the proxy should refuse."
run export squid
