#!/bin/sh
# Gives a new data folder its identity, then becomes the broker. $1 the cluster id, $2 megabytes of
# heap, the rest: arguments of the format, such as --add-scram USER.
set -e
cluster=$1
heap=$2
shift 2
if [ ! -e formatted ]; then
  rm -rf data
  java -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp '/opt/kafka/libs/*' \
    kafka.tools.StorageTool format -t "$cluster" -c server.properties "$@"
  touch formatted
fi
exec java "-Xmx${heap}m" -XX:+ExitOnOutOfMemoryError \
  -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.showDateTime=true \
  -cp '/opt/kafka/libs/*' kafka.Kafka server.properties
