#!/bin/sh
# Google's own Node clients, which prove the stand-in. Installed once, from whatever registry npm is configured for.
set -eu
cd "$(dirname "$0")"
[ -d node_modules/@google-cloud/bigquery ] && [ -d node_modules/@google-cloud/storage ] && exit 0
npm ci --no-fund --no-audit --loglevel=error
