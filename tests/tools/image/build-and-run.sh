#!/usr/bin/env bash
# Builds the Dockerfile as it is, without a daemon and without asking for an image: its two base images are made here, of Debian and of
# the SDK on this machine, under the Dockerfile's own names. Then starts the result and asks it. Needs root. Prints what it sees and the
# image's digest; the last line is "ok". Everything that it makes is in one temporary folder, which goes at the end.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../../.." && pwd)
scratch=$(mktemp -d)
storage=(--root "$scratch/storage" --runroot "$scratch/run" --storage-driver vfs)
export BUILDAH_ISOLATION=chroot

say() { echo "[$SECONDS s] $*"; }
clean_up() {
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    [ -z "${server:-}" ] || wait "$server" 2>/dev/null || true
    buildah "${storage[@]}" rm --all >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap clean_up EXIT

missing=()
for tool in buildah debootstrap curl; do command -v "$tool" >/dev/null || missing+=("$tool"); done
if [ ${#missing[@]} -gt 0 ]; then
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
fi

# The names and versions that the Dockerfile asks for when nothing is given.
argument() { sed -nE "s/^ARG $1=(.*)$/\1/p" "$repository/Dockerfile" | head -n 1; }
registry=$(argument DOTNET_REGISTRY)
version=$(argument DOTNET_VERSION)
sdk="$registry/dotnet/sdk:$version"
runtime="$registry/dotnet/aspnet:$version-noble-chiseled-extra"
dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")")

# The mirror that this machine installs from.
mirror=$(find /etc/apt -name '*.list' -o -name '*.sources' | sort | xargs sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *(https?:[^ ]+).*/\3/p' | head -n 1)
say "making a Debian for the base images"
debootstrap --variant=minbase --include=ca-certificates,libicu72,libssl3,libstdc++6,tzdata bookworm "$scratch/debian" "$mirror" >"$scratch/debootstrap.log" 2>&1 \
    || { tail -n 20 "$scratch/debootstrap.log"; exit 1; }
rm -rf "$scratch"/debian/var/cache/apt/* "$scratch"/debian/var/lib/apt/lists/* "$scratch"/debian/usr/share/{doc,man,locale}
# What this machine trusts, and where it restores packages from.
rm -rf "$scratch/debian/etc/ssl/certs"
cp -aL /etc/ssl/certs "$scratch/debian/etc/ssl/certs"

# base NAME FOLDER...: an image of Debian and of what else is in the folders.
base() {
    local name=$1 container folder
    shift
    container=$(buildah "${storage[@]}" from scratch)
    for folder in "$@"; do buildah "${storage[@]}" add --quiet "$container" "$folder" / >/dev/null; done
    buildah "${storage[@]}" config --env PATH=/usr/share/dotnet:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        --env DOTNET_ROOT=/usr/share/dotnet --env DOTNET_NOLOGO=1 --env DOTNET_CLI_TELEMETRY_OPTOUT=1 "$container"
    buildah "${storage[@]}" commit --quiet --rm "$container" "$name" >/dev/null
    say "made $name"
}
mkdir -p "$scratch/sdk/usr/share" "$scratch/runtime/usr/share/dotnet" "$scratch/sdk/root/.nuget/NuGet" "$scratch/runtime/etc"
cp -a "$dotnet_root" "$scratch/sdk/usr/share/dotnet"
[ ! -f ~/.nuget/NuGet/NuGet.Config ] || cp ~/.nuget/NuGet/NuGet.Config "$scratch/sdk/root/.nuget/NuGet/"
cp -a "$dotnet_root/dotnet" "$dotnet_root/host" "$dotnet_root/shared" "$scratch/runtime/usr/share/dotnet/"
cp "$scratch/debian/etc/passwd" "$scratch/runtime/etc/passwd"
echo 'app:x:1654:1654::/home/app:/usr/sbin/nologin' >>"$scratch/runtime/etc/passwd"
base "$sdk" "$scratch/debian" "$scratch/sdk"
base "$runtime" "$scratch/debian" "$scratch/runtime"
rm -rf "$scratch/sdk" "$scratch/runtime" "$scratch/debian"

say "building the Dockerfile"
network=()
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do [ -z "${!name:-}" ] || network+=(--env "$name"); done
buildah "${storage[@]}" bud --pull-never --layers=false "${network[@]}" --build-arg "REVISION=$(git -C "$repository" rev-parse HEAD 2>/dev/null || echo unknown)" \
    --tag transaction-pipeline "$repository" >"$scratch/build.log" 2>&1 || { tail -n 40 "$scratch/build.log"; exit 1; }
grep -E '^(\[[0-9/]+\] )?STEP' "$scratch/build.log"
image=$(buildah "${storage[@]}" images --quiet --no-trunc transaction-pipeline)
say "image $image, digest $(buildah "${storage[@]}" images --format '{{.Digest}}' transaction-pipeline)"

container=$(buildah "${storage[@]}" from --pull-never transaction-pipeline)
user=$(buildah "${storage[@]}" inspect --format '{{.OCIv1.Config.User}}' "$container")
read -ra entrypoint <<<"$(buildah "${storage[@]}" inspect --format '{{join .OCIv1.Config.Entrypoint " "}}' "$container" 2>/dev/null || buildah "${storage[@]}" inspect --format '{{range .OCIv1.Config.Entrypoint}}{{.}} {{end}}' "$container")"
[ "$user" = 1654 ] || { echo "the image's user is '$user'"; exit 1; }
say "starting: ${entrypoint[*]} as user $user"
port=$(( 20000 + RANDOM % 10000 ))
address=http://127.0.0.1:$port
in_image() { buildah "${storage[@]}" run --isolation chroot --user "$user" --env ASPNETCORE_ENVIRONMENT=Development --env "ASPNETCORE_URLS=$address" "$container" -- "$@"; }
in_image "${entrypoint[@]}" >"$scratch/server.log" 2>&1 &
server=$!
for attempt in $(seq 300); do
    curl -fs -o /dev/null "$address/health/ready" && break
    kill -0 "$server" 2>/dev/null || { cat "$scratch/server.log"; echo "the program ended"; exit 1; }
    [ "$attempt" -lt 300 ] || { cat "$scratch/server.log"; echo "not ready within 60 s"; exit 1; }
    sleep 0.2
done
say "ready: $(curl -fs "$address/health/ready")"
in_image "${entrypoint[@]}" health --url "$address/health/live" >/dev/null && say "the health command answers"
echo 'correct horse battery' | in_image "${entrypoint[@]}" users add olga --role viewer ingestor >/dev/null && say "users add works beside the server"
token=$(curl -fs -d username=olga --data-urlencode 'password=correct horse battery' "$address/token" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
ask() { curl -fs -H "Authorization: Bearer $token" "$@"; }
october=$(ask "$address/sales/trends?product_prefix=Halal&sale_month=2023-10-01")
for row in '"product":"Halal Laptop","sale_month":"2023-10-01","total_amount":1999.98' \
    '"product":"Halal Keyboard","sale_month":"2023-10-01","total_amount":249.95' \
    '"product":"Halal Mouse","sale_month":"2023-10-01","total_amount":249.9,'; do
    [[ $october == *"$row"* ]] || { echo "October has no $row: $october"; exit 1; }
done
say "October is right"
printf 'transaction_id,product,price,quantity,date\nN1,Halal Caf\xc3\xa9,10.00,1,2023-11-01\nN2,Halal Cafe\xcc\x81,10.00,1,2023-11-02\n' \
    | ask -H 'Content-Type: text/csv' --data-binary @- "$address/upload/transactions" >/dev/null
for spelling in Caf%C3%A9 Cafe%CC%81; do
    [[ $(ask "$address/sales/trends?product_prefix=Halal%20$spelling&sale_month=2023-11") == *'"total_amount":20,'*'"transaction_count":2'* ]] \
        || { echo "text is not normalised in the image: $spelling"; exit 1; }
done
say "text is normalised in the image"
# Only the process that this script started: the one that has this port in its environment.
for process in /proc/[0-9]*; do
    if grep -qsz "^ASPNETCORE_URLS=$address$" "$process/environ" && grep -qsz "Silo.dll" "$process/cmdline" && ! grep -qsz "^buildah$\|^run$" "$process/cmdline"; then
        kill -TERM "${process#/proc/}" 2>/dev/null || true
    fi
done
wait "$server" && say "it stopped in order" || { cat "$scratch/server.log"; echo "it did not stop in order"; exit 1; }
server=
echo ok
