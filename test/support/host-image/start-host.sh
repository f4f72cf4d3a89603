#!/bin/sh
# Certificates and keys are put into /etc/host before the start.
set -eu
# What an engine that was killed left: it would take the numbers in them for its own.
rm -rf /run/docker /run/docker.pid /run/containerd /var/lib/docker/network/files/*.lock
mkdir -p /run/sshd
/usr/sbin/sshd -h /etc/host/ssh-host-key -o AuthorizedKeysFile=/etc/host/authorized-keys -o StrictModes=no -o UsePAM=no
exec dockerd --host unix:///var/run/docker.sock --host tcp://0.0.0.0:2376 --log-level warn --shutdown-timeout 1 \
  --tlsverify --tlscacert /etc/host/ca.pem --tlscert /etc/host/server.pem --tlskey /etc/host/server-key.pem
