#!/usr/bin/env bash
# Reads the sample papers as a Prefect flow and says where the report and the run are.
#
# The server is stopped at the end, also after Ctrl-C or a failure, unless it ran before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly samples=fixtures/samples out=out/demo bin=.venv/bin
# The server is on this machine: no proxy stands between.
export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1,localhost${no_proxy:+,$no_proxy}"
started=

clean_up() {
    local status=$?
    trap - EXIT
    [ -z "$started" ] || "$bin/baoxiao" down || true
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

running() { "$bin/python" -c 'from flows import server; print(server.running(server.folder()) or "")'; }

url=$(running)
if [ -z "$url" ]; then
    started=yes
    "$bin/baoxiao" up
    url=$(running)
fi

rm -rf "$out"
began=$(date -u +%Y-%m-%dT%H:%M:%SZ)
status=0
PREFECT_API_URL=$url "$bin/baoxiao" scan "$samples" --out "$out" || status=$?
# 1 says that some files could not be read: the samples hold a corrupt and an encrypted one.
[ "$status" -le 1 ] || { echo "✗ baoxiao scan: $status" >&2; exit "$status"; }

"$bin/python" tools/check_demo.py "$out" fixtures/expected_summary.json "$url" "$began"
