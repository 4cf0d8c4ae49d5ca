#!/bin/sh
# From now on every commit waits until the standby named `standby` has it on its disk; may be run again.
#
# Waits for the standby to follow first: before, commits would wait for somebody who isn't there. As superuser of the
# primary, with PGHOST, PGUSER, PGPASSWORD and PGDATABASE set.
set -eu

ask() {
    psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --command "$1"
}

until [ "$(ask "SELECT 1 FROM pg_stat_replication WHERE application_name = 'standby' AND state = 'streaming'")" ]; do
    sleep 0.2
done
ask "ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (standby)'"
ask 'SELECT pg_reload_conf()' > /dev/null
until [ "$(ask "SELECT 1 FROM pg_stat_replication WHERE application_name = 'standby' AND sync_state = 'sync'")" ]; do
    sleep 0.2
done
