#!/bin/bash
# Runs once, when the database is made, as `postgres`: the portal's roles, schemas and extensions, and a password for each
# role from its own secret.
set -euo pipefail

psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres --file /portal-sql/roles.sql
psql -v ON_ERROR_STOP=1 --username postgres --dbname portal --file /portal-sql/database.sql
for role in owner app reader; do
    # By standard input, so that no password stands in a list of processes.
    psql -v ON_ERROR_STOP=1 --quiet --username postgres --dbname postgres <<SQL
set log_min_error_statement = panic;
alter role portal_$role password '$(cat "/run/secrets/${role}_password")';
SQL
done
