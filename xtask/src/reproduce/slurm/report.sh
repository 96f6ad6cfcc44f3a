#!/usr/bin/env bash
# The report of what is complete; whatever is not is named, and then this ends with 1.
#
#   bash report.sh SUBMISSION
set -uo pipefail
cd "$1" || exit 1
report=()
# shellcheck source=/dev/null
. ./settings.sh
TAILWARD_PROJECT=$PWD ./driver report "${report[@]}" --expect runs.jsonl
