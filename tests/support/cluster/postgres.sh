#!/bin/sh
# The entry of the PostgreSQL image of the tests: makes the data folder PGDATA on the first start, for POSTGRES_USER
# (postgres) with POSTGRES_PASSWORD and the database POSTGRES_DB (of the user's name), then becomes the server, to which
# arguments go. A folder that was not made to the end is made anew.
set -eu
[ "${1:-postgres}" = postgres ] || exec "$@"
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown postgres:postgres "$PGDATA" /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if [ ! -e "$PGDATA/made" ]; then
  : "${POSTGRES_PASSWORD:?must be set for the first start}"
  user="${POSTGRES_USER:-postgres}"
  mkdir -p "$PGDATA"
  find "$PGDATA" -mindepth 1 -delete
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --no-sync --pgdata="$PGDATA" --username="$user" --pwfile=/tmp/password --auth-local=trust \
    --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  rm /tmp/password
  printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  if [ "${POSTGRES_DB:-$user}" != postgres ]; then
    printf 'CREATE DATABASE "%s"\n' "${POSTGRES_DB:-$user}" | postgres --single -D "$PGDATA" postgres
  fi
  : >"$PGDATA/made"
fi
[ "$#" = 0 ] || shift
exec postgres -c listen_addresses='*' "$@"
