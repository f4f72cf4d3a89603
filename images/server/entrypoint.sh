#!/bin/sh
# The interface of the official images: data in /var/lib/mysql, the root password from MYSQL_ROOT_PASSWORD_FILE (or
# MARIADB_ROOT_PASSWORD_FILE), arguments are the server's. An empty volume gets a copy of the data directory in the image, and
# the server opens its port only after the accounts of root were set. Nothing of that is written to the binary log.
set -eu
data=/var/lib/mysql
# In the volume: `copying`, or `accounts <version>` until a later start finds that the accounts were set.
state=$data/drydock.first-start
# In the container: made by the server itself when it has executed the whole of the first statements.
done=/var/lib/mysql-files/accounts-set
statements=/dev/shm/first-statements.sql

case "${1:-}" in
  mysqld | mariadbd) shift ;;
  -* | '') ;;
  *) exec "$@" ;;
esac

fail() {
  echo "entrypoint: $1" >&2
  exit 1
}

root_password() {
  file=${MYSQL_ROOT_PASSWORD_FILE:-${MARIADB_ROOT_PASSWORD_FILE:-}}
  if [ -n "$file" ]; then
    [ -r "$file" ] || fail "the file $file that MYSQL_ROOT_PASSWORD_FILE names can not be read"
    cat "$file"
  else
    printf %s "${MYSQL_ROOT_PASSWORD:-${MARIADB_ROOT_PASSWORD:-}}"
  fi
}

if [ "$(cat "$state" 2>/dev/null)" = copying ]; then
  # A start was interrupted in mid-copy: nothing of it was ever in use.
  find "$data" -mindepth 1 ! -path "$state" -delete
  rm -f "$state"
fi
if [ ! -e "$data/mysql" ] && [ ! -e "$data/ibdata1" ]; then
  echo copying >"$state"
  cp -a --sparse=always /usr/local/share/drydock/data/. "$data/"
  chown mysql:mysql "$data"
  sync
  echo "accounts $DRYDOCK_SERVER_VERSION" >"$state"
fi
if [ -e "$state" ] && { [ -e "$done" ] || [ "$(cat "$state")" != "accounts $DRYDOCK_SERVER_VERSION" ]; }; then
  rm -f "$state"
fi
rm -f "$statements"
if [ -e "$state" ]; then
  password=$(root_password | sed -e 's/\\/\\\\/g' -e "s/'/''/g")
  [ -n "$password" ] || fail 'name a file that holds the password of root in MYSQL_ROOT_PASSWORD_FILE'
  (
    umask 077
    # The password goes through a pipe and a file in memory, never through an argument that a process list would show.
    printf '%s\n' "$password" >"$statements.password"
    awk -v file="$statements.password" 'BEGIN { getline password < file }
      { while ((at = index($0, "@password@")) > 0) $0 = substr($0, 1, at - 1) password substr($0, at + 10); print }' \
      /usr/local/share/drydock/first-statements.sql >"$statements"
    rm -f "$statements.password"
  )
  chown mysql:mysql "$statements"
  set -- "$@" "--init-file=$statements"
fi

# Data copied into the volume by another user of the system; looked for only at the top, because a walk would cost minutes on a large one.
[ "$(stat -c %U "$data")" = mysql ] || chown -R mysql:mysql "$data"
rm -f /run/mysqld/*
exec "$DRYDOCK_SERVER" --user=mysql "$@"
