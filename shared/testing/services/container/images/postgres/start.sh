#!/bin/sh
# Makes the cluster on first use, then becomes the server. Its arguments are the server's. The file
# `password` holds the superuser's.
set -e
if [ "$(id -u)" = 0 ]; then
  # The server refuses to be root.
  chown -R postgres .
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
if ! id -un >/dev/null 2>&1; then
  echo "caller:x:$(id -u):$(id -g)::/:/bin/false" >>/etc/passwd
fi
if [ ! -e initialized ]; then
  rm -rf cluster
  /opt/postgres/bin/initdb --pgdata=cluster --username=postgres --auth=scram-sha-256 \
    --pwfile=password --encoding=UTF8 --locale=C --no-instructions
  # Connections of the host come through the engine's network.
  echo 'host all all all scram-sha-256' >>cluster/pg_hba.conf
  touch initialized
fi
exec /opt/postgres/bin/postgres -D cluster -c listen_addresses='*' -c unix_socket_directories= "$@"
