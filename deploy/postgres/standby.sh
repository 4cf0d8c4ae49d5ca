#!/bin/sh
# Copies the primary into an empty PGDATA, so that the server started there follows it as the standby named `standby`.
# With a command as arguments it goes on to become that command; with data already there it does only that.
set -eu

: "${PGDATA:?where the data lies}"
: "${PRIMARY_HOST:?the host of the primary}"
port=${PRIMARY_PORT:-5432}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    chmod 0700 "$PGDATA"
    export PGPASSWORD="${REPLICATION_PASSWORD:?the password of the role that replicates}"
    until pg_isready --quiet --host "$PRIMARY_HOST" --port "$port"; do sleep 1; done
    pg_basebackup --pgdata "$PGDATA" --wal-method stream --checkpoint fast --slot standby --write-recovery-conf \
        --dbname "host=$PRIMARY_HOST port=$port user=replicator application_name=standby"
    unset PGPASSWORD
    # after a promotion this server's own commits must not wait for the one that it has replaced
    echo "synchronous_standby_names = ''" >> "$PGDATA/postgresql.auto.conf"
fi

[ $# -eq 0 ] || exec "$@"
