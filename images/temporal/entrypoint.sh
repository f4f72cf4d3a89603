#!/bin/sh
# Further arguments are the server's.
set -eu
# Closed operations are kept longer than the dev server's default of one day.
(
  until temporal operator namespace update -n default --retention "${RETENTION_DAYS}d" --address 127.0.0.1:7233 >/dev/null 2>&1; do
    sleep 1
  done
) &
xargs -a /usr/local/share/temporal-arguments -d '\n' sh -c 'exec temporal "$@"' temporal "$@"
