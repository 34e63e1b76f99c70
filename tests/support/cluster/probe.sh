#!/bin/bash
# probe.sh FOLDER: does, in namespaces of its own, what a node and its pods need from the kernel.
set -eu
mount -t tmpfs tmpfs /run
work=$(mktemp -d "$1/probe.XXXXXX")
trap 'umount "$work/pod" 2>/dev/null; rm -r "$work"' EXIT
mkdir "$work/image" "$work/upper" "$work/work" "$work/pod"
mount -t overlay overlay -o "lowerdir=$work/image,upperdir=$work/upper,workdir=$work/work" "$work/pod"
hostname node1
ip link add pod type veth peer name node
ip link add bridge type bridge
echo 1 >/proc/sys/net/ipv4/ip_forward
iptables -t nat -A POSTROUTING -m comment --comment probe -j MASQUERADE
