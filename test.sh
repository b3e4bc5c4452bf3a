#!/usr/bin/env bash
# Installs what the tests need and is missing, builds everything, runs every test but the long ones; with --long those too.
# The last line says what came of it: N passed, N failed, N skipped. Exits with 1 when anything failed.
set -euo pipefail
case "$*" in
    "") tier=short filter=(--filter "Tier!=Long") format=whitespace hang=10m ;;
    --long) tier=long filter=() format= hang=20m ;;
    *) echo "usage: $0 [--long]" >&2 && exit 2 ;;
esac
cd "$(dirname "$0")"

results=artifacts/tests
cluster_settings=/etc/postgresql-common/createcluster.d/transaction-pipeline-tests.conf
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
rm -rf "$results" && mkdir -p "$results"

install_system_packages() {
    local missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    command -v sqlite3 >/dev/null || missing+=(sqlite3)
    command -v unzip >/dev/null || missing+=(unzip)
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
    [ ${#missing[@]} -eq 0 ] && return
    echo "Installing ${missing[*]}"
    # Debian's package would make a server of its own and start it; the tests start theirs.
    if [[ " ${missing[*]} " == *" postgresql "* ]]; then
        "${as_root[@]}" mkdir -p "${cluster_settings%/*}"
        echo 'create_main_cluster = false' | "${as_root[@]}" tee "$cluster_settings" >/dev/null
    fi
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >"$results/apt.log"
}

# The processes that this run started and that still run: its name is in their environment, or in their command line where a program has
# written over its environment, as PostgreSQL does.
list_leftovers() {
    local process
    for process in /proc/[0-9]*; do
        if grep -qsF "$run" "$process/environ" "$process/cmdline"; then echo "${process#/proc/}"; fi
    done
}

# Runs at every end: a pass, a failure, Ctrl-C.
clean_up() {
    trap - EXIT
    if [ -e "$cluster_settings" ]; then
        "${as_root[@]}" rm -f "$cluster_settings"
        "${as_root[@]}" rmdir --ignore-fail-on-non-empty "${cluster_settings%/*}"
    fi
    list_leftovers | xargs -r kill -KILL 2>/dev/null || true
    rm -rf "$scratch" "$scratch-compiler"
}

install_test_tools() {
    local script
    for script in tests/tools/*/install.sh; do
        [ -f "$script" ] && bash "$script"
    done
    return 0
}

# Runs one test project; its counts are read from the result file, so a crash before the end counts as a failure.
run_tests() {
    local project=$1 name
    name=$(basename "$project")
    echo "== $name ($tier tier)"
    TMPDIR=$scratch MSBUILDDISABLENODEREUSE=1 dotnet test "$project" --no-build --nologo -v quiet --logger "console;verbosity=minimal" --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
        --blame-hang-timeout "$hang" --blame-hang-dump-type none "${filter[@]}" || broken+=("$name")
}

# Sums one counter of all result files.
count() {
    cat "$results"/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -o " $1=\"[0-9]*\"" | tr -dc '0-9\n' | awk '{ sum += $1 } END { print sum + 0 }'
}

# A place of this run's own, which the tests' PostgreSQL may enter as another user.
scratch=$(mktemp -d -t transaction-pipeline-XXXXXXXX) && chmod 711 "$scratch"
run=$(basename "$scratch")
trap clean_up EXIT
trap 'exit 130' INT TERM

install_system_packages
install_test_tools

# The many processes here are too short-lived for the JIT's profiles to pay: without them a run takes a sixth less.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_TieredPGO=0
# One compiler that stays warm for all projects takes half the time of one process for each; it is this run's own and ends with the build.
dotnet build TransactionPipeline.sln --nologo -v quiet -p:UseSharedCompilation=true -p:SharedCompilationId="$run-compiler"
list_leftovers | xargs -r kill

broken=()
# The build has run the analyzers already, as errors, and their second run takes minutes: only the layout in the short tier, all in the long.
echo "== dotnet format $format"
dotnet format $format TransactionPipeline.sln --verify-no-changes --no-restore || broken+=("dotnet format")
for project in tests/*.Tests tests/Contract; do
    run_tests "$project"
done

passed=$(count passed)
failed=$(count failed)
skipped=$(count notExecuted)
for name in "${broken[@]}"; do
    [ -f "$results/$name.trx" ] && grep -q '<UnitTestResult .*outcome="Failed"' "$results/$name.trx" && continue
    echo "$name ended without counting a failure: see above"
    failed=$((failed + 1))
done
# What a killed test host started is being stopped.
for _ in {1..20}; do
    leftovers=$(list_leftovers)
    [ -z "$leftovers" ] && break
    sleep 0.5
done
for process in $leftovers; do
    echo "Left running by a test: $process $(tr '\0' ' ' 2>/dev/null <"/proc/$process/cmdline" || true)"
    failed=$((failed + 1))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
