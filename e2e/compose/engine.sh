# The first process of the engine's namespaces: unshare runs it as root, with a
# network, mounts and process ids of its own, so that nothing of what an engine
# does to a machine (bridges, packet filters, forwarding, mounts) outlives it.
# $1 is what to do, $2 the engine's folder, $3 the name of its control group.
set -eu

# By this id others find in. It is read before the new /proc, where it is 1.
read -r pid _ </proc/self/stat
mount -t proc proc /proc

# The engine's socket has the usual name, and is not the machine's.
mount -t tmpfs tmpfs "$(readlink -f /var/run)"
if [ -d /etc/docker ]; then
	mount -t tmpfs tmpfs /etc/docker
fi
ip link set lo up

case $1 in
probe)
	# What an engine will ask the kernel for.
	ip link add name probe0 type bridge
	ip link add name probe1 type veth peer name probe2
	iptables -w -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE
	cd /var/run
	mkdir lower upper work merged
	mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged
	;;
run)
	# Control groups do not end with the namespaces.
	trap 'find /sys/fs/cgroup -depth -type d -path "*/$3*" -exec rmdir {} + 2>/dev/null || true; rm -rf "$2"' EXIT
	dockerd --data-root "$2/data" --exec-root "$2/exec" --pidfile "$2/pid" \
		--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$3" >"$2/log" 2>&1 &
	engine=$!
	echo "$pid"
	# Whoever started this holds the other end, and lets go of it by ending too.
	cat >/dev/null
	kill $engine
	wait $engine || true
	;;
esac
