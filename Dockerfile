# The portal as an image: locked requirements, the code, an account of its own. No development tools, no keys, no data.
FROM python:3.11-slim-bookworm AS build
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/portal --create-home --shell /usr/sbin/nologin portal
COPY --from=build /opt/venv /opt/venv
COPY . /srv/portal
WORKDIR /srv/portal
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=credit_portal.settings PORTAL_VAR=/var/lib/portal
USER portal
EXPOSE 8000
ENTRYPOINT ["/srv/portal/docker/entrypoint.sh"]
CMD ["web"]
