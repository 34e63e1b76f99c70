#!/bin/bash
# Does, in namespaces of its own, what a node and its pods need from the kernel.
set -eu
mount -t tmpfs tmpfs /run
mkdir /run/image /run/upper /run/work /run/pod
mount -t overlay overlay -o lowerdir=/run/image,upperdir=/run/upper,workdir=/run/work /run/pod
hostname node1
ip link add pod type veth peer name node
ip link add bridge type bridge
echo 1 >/proc/sys/net/ipv4/ip_forward
iptables -t nat -A POSTROUTING -m comment --comment probe -j MASQUERADE
