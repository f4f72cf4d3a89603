#!/bin/sh
# Makes the data directory that the image carries. The argument says how: the server's own initialisation, MariaDB's script,
# or (5.5 and 5.6, whose script needs perl) the bootstrap mode fed with the system tables.
set -eu
how=$1
data=/usr/local/share/drydock/data
mkdir -p "$data" /run/mysqld /var/lib/mysql /var/lib/mysql-files /docker-entrypoint-initdb.d
chown mysql:mysql "$data" /run/mysqld /var/lib/mysql /var/lib/mysql-files
chmod 750 /var/lib/mysql-files
log=/tmp/bake.log
case "$how" in
  initialize)
    mysqld --no-defaults --initialize-insecure --user=mysql --datadir="$data" --innodb-redo-log-capacity=64M \
      --character-set-server=utf8mb4 >"$log" 2>&1 || { cat "$log"; exit 1; }
    # Every member makes keys and a server uuid of its own.
    rm -f "$data"/*.pem "$data/auto.cnf"
    ;;
  mariadb)
    mariadb-install-db --no-defaults --user=mysql --datadir="$data" --auth-root-authentication-method=normal --skip-test-db \
      --innodb-log-file-size=32M >"$log" 2>&1 || { cat "$log"; exit 1; }
    ;;
  bootstrap)
    share=/usr/local/mysql/share
    mkdir -p "$data/mysql"
    chown mysql:mysql "$data/mysql"
    { echo 'use mysql;'; cat "$share/mysql_system_tables.sql" "$share/mysql_system_tables_data.sql"; } |
      mysqld --no-defaults --bootstrap --user=mysql --datadir="$data" --skip-grant-tables --innodb-log-file-size=32M \
        --default-storage-engine=InnoDB >"$log" 2>&1 || { cat "$log"; exit 1; }
    rm -f "$data/auto.cnf"
    ;;
esac
rm -f "$log"
