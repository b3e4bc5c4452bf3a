#!/usr/bin/env bash
# Installs what the tests need and is missing, builds everything, runs every test.
# The last line says what came of it: N passed, N failed, N skipped. Exits with 1 when anything failed.
set -euo pipefail
cd "$(dirname "$0")"

results=artifacts/tests
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
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    echo "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >"$results/apt.log"
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
    shift
    name=$(basename "$project")
    echo "== $name"
    dotnet test "$project" --no-build --nologo -v quiet --logger "console;verbosity=minimal" --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
        --blame-hang-timeout 5m --blame-hang-dump-type none "$@" || broken+=("$name")
}

# Sums one counter of all result files.
count() {
    cat "$results"/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -o " $1=\"[0-9]*\"" | tr -dc '0-9\n' | awk '{ sum += $1 } END { print sum + 0 }'
}

install_system_packages
install_test_tools

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
orleans=false
skipped_silo=0
if dotnet restore tests/Silo.Tests -p:Orleans=true -v quiet >"$results/orleans-restore.log" 2>&1; then
    orleans=true
else
    skipped_silo=$(grep -rhoE '^\s*\[(Fact|Theory)' tests/Silo.Tests --include='*.cs' | wc -l)
    echo "The Orleans packages do not restore here: src/Grains, src/Silo and tests/Silo.Tests were not compiled; $skipped_silo tests skipped"
fi
dotnet build TransactionPipeline.sln --nologo -v quiet -p:Orleans=$orleans

broken=()
for project in tests/*.Tests; do
    [ "$project" = tests/Silo.Tests ] && [ $orleans = false ] && continue
    run_tests "$project" -p:Orleans=$orleans
done

passed=$(count passed)
failed=$(count failed)
skipped=$(($(count notExecuted) + skipped_silo))
for name in "${broken[@]}"; do
    [ -f "$results/$name.trx" ] && grep -q 'outcome="Failed"' "$results/$name.trx" && continue
    echo "$name ended without counting a failure: see above"
    failed=$((failed + 1))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
