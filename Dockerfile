# The production image: web, worker and scheduler are the same image with different commands.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/roadmunk

# What developers alone need comes after the marker and stays out.
COPY requirements.lock .
RUN sed '/^# development$/,$d' requirements.lock > /tmp/run.lock \
    && pip install --no-cache-dir --require-hashes -r /tmp/run.lock \
    && rm /tmp/run.lock

COPY manage.py ./
COPY roadmunk roadmunk
COPY accounts accounts
COPY roadmaps roadmaps
COPY integrations integrations
COPY templates templates
COPY static static

# Collecting needs settings but no server; its secrets are made for this one command, and gone after it.
ENV DATA_DIR=/srv/roadmunk/data
RUN export DATABASE_URL=postgres://none CREDENTIAL_KEYS="$(head -c 32 /dev/urandom | base64)" \
    && SECRET_KEY="$CREDENTIAL_KEYS" python manage.py collectstatic --no-input \
    && useradd --system --uid 10001 --no-create-home roadmunk

USER 10001
EXPOSE 8000
ENV PORT=8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s CMD ["python", "-m", "roadmunk.probe", "/healthz"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "-k", "gthread", "-w", "3", "--threads", "4", "--no-control-socket", \
     "--worker-tmp-dir", "/dev/shm", "--logger-class", "roadmunk.gunicorn_log.GunicornLogger", "roadmunk.wsgi"]
