"""`make load`: a big site under visits and syncs, started as docker-compose.yml and the Dockerfile start it."""
