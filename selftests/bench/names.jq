# SPDX-License-Identifier: GPL-2.0-only
# What people read in charts and tables.

# A mechanism's name.
def name: {
	"ipcx-sem": "ipcx semaphore",
	"ipcx-sem-owned": "ipcx semaphore, owned",
	"ipcx-sem-handoff": "ipcx semaphore, hand-off",
	"ipcx-lock": "ipcx lock",
	"ipcx-sem-kernel": "ipcx semaphore, unmapped",
	"ipcx-region": "ipcx region",
	"ipcx-region-read": "ipcx region, read lock",
	"ipcx-region-write": "ipcx region, write lock",
	"ipcx-bell": "ipcx doorbell",
	"ipcx-array": "ipcx array",
	"ipcx-ring": "ipcx ring",
	"ipcx-mailbox": "ipcx mailbox",
	"ipcx-mailbox-map": "ipcx mailbox, mapped",
	"ipcx-mailbox-32": "ipcx mailbox, 32 at once",
	"ipcx-channel": "ipcx channel",
	"ipcx-channel-1M": "ipcx channel, 1 MiB",
	"ipcx-channel-map": "ipcx channel, mapped",
	"ipcx-channel-view": "ipcx channel, in place",
	"pipe-1M": "pipe, 1 MiB buffer",
	"pipe-vmsplice": "pipe, vmsplice",
	"unix-stream": "AF_UNIX stream",
	"unix-dgram": "AF_UNIX datagram",
	"unix-seqpacket": "AF_UNIX seqpacket",
	"posix-mq": "POSIX message queue",
	"sysv-msg": "System V queue",
	"sysv-sem": "System V semaphore",
	"sysv-sem-undo": "System V, SEM_UNDO",
	"sysv-shm": "System V memory",
	"posix-sem": "POSIX semaphore",
	"posix-shm": "POSIX memory",
	"mutex": "pthread mutex",
	"mutex-robust": "pthread mutex, robust",
	"epoll-eventfd": "epoll and eventfd",
	"epoll-edge": "epoll, edge-triggered",
	"rwlock-read": "pthread rwlock, read",
	"rwlock-write": "pthread rwlock, write",
	"flock-read": "flock, shared",
	"flock-write": "flock, exclusive",
	"shm-ring-futex": "shared ring, futex",
	"shm-ring-spin": "shared ring, spinning",
	"shm-zerocopy": "shared slots, no copy",
	"ntsync-mutex": "ntsync mutex",
	"vm-readv": "process_vm_readv",
	"syscall": "getppid",
	"ioctl": "ioctl on /dev/null",
	"write": "write to /dev/null",
	"clock": "clock_gettime",
	"yield": "two switches by sched_yield",
	"atomic": "two atomic additions"
}[.] // .;

# What a measure is called there.
def name_of_measure: {
	"op": "alone",
	"round-trip": "there and back",
	"one-way": "one way",
	"contended": "two want it",
	"create": "create, destroy"
}[.] // .;

# A number of bytes.
def bytes:
	if . >= 1048576 and . % 1048576 == 0 then "\(. / 1048576) MiB"
	elif . >= 1024 and . % 1024 == 0 then "\(. / 1024) KiB"
	else "\(.) B" end;

# 1234567 as 1,234,567.
def thousands:
	tostring | until(test("^[0-9]{1,3}(,|$)");
		sub("(?<a>[0-9])(?<b>[0-9]{3})(?<c>,|$)"; "\(.a),\(.b)\(.c)"));

# A figure: three digits at least, none that mean nothing.
def figure: if . < 10 then . * 10 | round | . / 10 | tostring
	else round | thousands end;
