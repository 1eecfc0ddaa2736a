# edrone's image. Any base with Python 3.11 or newer and its venv module will do:
#   docker build --build-arg BASE=registry.example.com/python:3.13-slim .
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /app
COPY requirements.txt ./
# Packages come as wheels only, so that no compiler is needed.
RUN python3 -m venv /opt/edrone \
 && /opt/edrone/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
      --only-binary :all: --requirement requirements.txt \
 && /opt/edrone/bin/pip uninstall --yes --quiet pip
COPY manage.py ./
COPY builds builds
COPY demo demo
COPY drone_api drone_api
COPY pipelines pipelines
COPY texts texts
COPY web web
COPY configs configs
COPY edrone_site edrone_site
COPY projects projects
# The root file system may be read-only, so what Python would write later is written now.
RUN /opt/edrone/bin/python -m compileall -q /app

FROM ${BASE}
COPY --from=build /opt/edrone /opt/edrone
COPY --from=build /app /app
# The state folder is the only one that edrone writes to.
RUN mkdir -m 0700 /var/lib/edrone && chown 10001:10001 /var/lib/edrone
WORKDIR /app
USER 10001:10001
ENV HOST=0.0.0.0 \
    PORT=8000 \
    EDRONE_STATE=/var/lib/edrone \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RES_OPTIONS="timeout:1 attempts:2"
VOLUME /var/lib/edrone
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["/opt/edrone/bin/python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["/opt/edrone/bin/python", "manage.py"]
CMD ["serve"]
