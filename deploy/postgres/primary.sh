#!/bin/sh
# Makes of this server a primary that a standby named `standby` can follow; may be run again.
#
# In a container of the official image it runs once, from /docker-entrypoint-initdb.d. Elsewhere: as superuser, with
# PGHOST, PGUSER and PGDATABASE set. Commits don't wait for the standby yet; see synchronous.sh.
set -eu

ask() {
    psql --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1 \
        --username "${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname "${POSTGRES_DB:-${PGDATABASE:-postgres}}" "$@"
}

ask --set password="${REPLICATION_PASSWORD:?a password for the role that replicates}" --output /dev/null <<'SQL'
SELECT format('CREATE ROLE replicator LOGIN REPLICATION PASSWORD %L', :'password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') \gexec
SELECT pg_create_physical_replication_slot('standby')
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'standby');
-- a standby that stays away must not fill the disk: it is copied anew then
ALTER SYSTEM SET max_slot_wal_keep_size = '8GB';
ALTER SYSTEM SET synchronous_commit = 'on';
SQL

# who replicates may come from the network, with the password
rules=$(ask --command 'SHOW hba_file' | tr -d ' ')
if [ -w "$rules" ] && ! grep -q '^host replication replicator ' "$rules"; then
    echo 'host replication replicator all scram-sha-256' >> "$rules"
fi
ask --output /dev/null --command 'SELECT pg_reload_conf()'
