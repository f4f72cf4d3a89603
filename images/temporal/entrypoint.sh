#!/bin/sh
# Arguments are added to the server's.
set -eu
# Closed operations are kept longer than the dev server's default of one day.
(
  until temporal operator namespace update -n default --retention "${RETENTION_DAYS}d" --address 127.0.0.1:7233 >/dev/null 2>&1; do
    sleep 1
  done
) &
added=$#
while IFS= read -r argument || [ -n "$argument" ]; do
  set -- "$@" "$argument"
done </usr/local/share/temporal-arguments
while [ "$added" -gt 0 ]; do
  set -- "$@" "$1"
  shift
  added=$((added - 1))
done
exec temporal "$@"
