#!/bin/bash
# node.sh FOLDER NAME ADDRESS/PREFIX GATEWAY SERVICES: the first process of a node. Makes a machine of the namespaces it
# is in, then takes in those who lose their parents. When it is killed the kernel ends everything in there.
set -eu
folder=$1 name=$2 address=$3 gateway=$4 services=$5
for place in /run /var/log /var/lib/cni; do # what daemons write to fixed places stays in here
  mkdir -p "$place"
  mount -t tmpfs tmpfs "$place"
done
hostname "$name"
until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
ip route add default via "$gateway"
echo 1 >/proc/sys/net/ipv4/ip_forward
# Pods of one node reach each other by Services only where bridges ask iptables.
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || modprobe -q br_netfilter || true
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
# What kube-proxy has not sent elsewhere is refused. It would get lost, and the connection keep to that way.
iptables -A FORWARD -d "$services" -j REJECT
iptables -A OUTPUT -d "$services" -j REJECT
touch "$folder/node.ready"
sleep infinity &
wait
