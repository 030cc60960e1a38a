#!/bin/sh
# What a container of the image does: web | worker | beat | release | any other command.
# Addresses of the database and the broker hold passwords, so they come as files; each service is given only its own.
set -eu

for name in DATABASE_URL DATABASE_PUBLIC_URL DATABASE_OWNER_URL REDIS_URL; do
    eval "file=\${${name}_FILE:-}"
    if [ -n "$file" ]; then
        value=$(cat "$file")
        export "$name=$value"
    fi
done

case "${1:-web}" in
    web)
        exec granian --interface wsgi --host 0.0.0.0 --port 8000 --no-ws --respawn-failed-workers \
            --workers "${PORTAL_WEB_WORKERS:-2}" --blocking-threads 4 credit_portal.wsgi:application ;;
    worker)
        exec celery -A credit_portal worker -l INFO -c "${PORTAL_WORKERS:-2}" --without-gossip --without-mingle ;;
    beat)
        exec celery -A credit_portal beat -l INFO -s /tmp/beat --pidfile= ;;
    release)
        # As the owner of the database; no serving process ever has that address.
        export PORTAL_DATABASE_AS=owner
        python manage.py migrate --no-input
        python manage.py disclose
        python manage.py load_rules
        python manage.py load_calendar ;;
    *)
        exec "$@" ;;
esac
