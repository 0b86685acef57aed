#!/usr/bin/env bash
# Builds everything and runs every test. Takes the switches of the test program, for example:
#   ./test.sh -class '*ListenerTests'
# Ends with one line: N passed, N failed, N skipped.
set -euo pipefail
cd "$(dirname "$0")"

need() { # command, Debian package: installed only when missing and only as root
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        [ -n "${updated:-}" ] || { apt-get update -qq && updated=1; }
        # The tests start servers themselves: a package must not start its own (policy-rc.d is how Debian forbids it).
        policy=/usr/sbin/policy-rc.d
        [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; forbidden=1; }
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
        [ -z "${forbidden:-}" ] || { rm "$policy"; forbidden=; }
    else
        echo "The tests need '$1': install it (on Debian: apt-get install $2), then start again." >&2
        exit 1
    fi
}
need redis-server redis-server
need promtool prometheus
need amtool prometheus-alertmanager
need prometheus-node-exporter prometheus-node-exporter
need prometheus-redis-exporter prometheus-redis-exporter

export AppHostEngine=Processes
dotnet build AiInfra.sln --nologo -v quiet

report=artifacts/test-results.xml
status=0
# A shell starts what it puts into the background deaf to Ctrl-C, and whatever that starts is deaf too; tests press it.
listening=(); ! env --default-signal=INT true 2>/dev/null || listening=(env --default-signal=INT)
${listening[@]+"${listening[@]}"} artifacts/bin/AiInfra.Tests-Processes/debug/AiInfra.Tests -xml "$report" "$@" || status=$?
[ -s "$report" ] || { echo "The tests did not run to their end." >&2; exit 1; }

# The first <assemblies>/<assembly> elements carry the totals of the run.
total() { grep -o "<assembly [^>]*" "$report" | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+' | awk '{ s += $1 } END { print s + 0 }'; }
failed=$(( $(total failed) + $(total errors) ))

# A whole run: the map of the tests must say what it has shown.
if [ $# = 0 ] && [ "$status" = 0 ]; then
    AIINFRA_RESULTS="$PWD/$report" artifacts/bin/AiInfra.Tests-Processes/debug/AiInfra.Tests -class '*.TestInfrastructureTests' >artifacts/map.log || {
        echo "docs/test-infrastructure-architecture.md does not say what this run has shown: start the same with AIINFRA_REWRITE=1 and AIINFRA_RESULTS=$report." >&2
        failed=$((failed + 1)); status=1
    }
fi
echo "$(total passed) passed, $failed failed, $(total skipped) skipped"
[ "$status" = 0 ] && [ "$failed" = 0 ] && [ "$(total passed)" -gt 0 ]
