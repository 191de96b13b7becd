#!/bin/sh
# Installs what the tests need beyond Python packages: PostgreSQL, Redis, Chromium and a Chinese font.
# What is there already is left alone. With CI=true whatever stays missing is a failure.
missing=""
find_postgres() { command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
find_font() { command -v fc-list >/dev/null 2>&1 && fc-list :lang=zh | grep -q .; }
look() {
  missing=""
  find_postgres || missing="$missing postgresql"
  command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
  command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
  find_font || missing="$missing fontconfig fonts-noto-cjk"
}
look
if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "Installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  # Installing PostgreSQL must not start a cluster of its own: the tests make theirs in a temporary folder.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
  apt-get update -qq >/dev/null 2>&1
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 || echo "apt-get could not install:$missing"
  look
fi
if [ -n "$missing" ]; then
  echo "Missing for the tests:$missing (install them with your system's package manager)"
  [ "${CI:-}" = true ] && exit 1
fi
exit 0
