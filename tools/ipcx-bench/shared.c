// SPDX-License-Identifier: GPL-2.0-or-later
/* CPUs, memory and waiting: what worker and partner have in common. */
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* The CPUs that we may use, as they were before anybody was pinned. */
static cpu_set_t allowed;

int cpus_available(void)
{
	if (!CPU_COUNT(&allowed) &&
	    sched_getaffinity(0, sizeof(allowed), &allowed))
		return 1;
	return CPU_COUNT(&allowed);
}

int pin(enum side side, enum place place)
{
	int skip = side == PARTNER && place == PLACE_APART;
	cpu_set_t set;
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !skip--)
			break;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return checked(sched_setaffinity(0, sizeof(set), &set));
}

void *shared_alloc(size_t size)
{
	void *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void shared_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

int futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	if (syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0) &&
	    errno != EAGAIN && errno != EINTR)
		return -errno;
	return 0;
}

int futex_wake(_Atomic uint32_t *word)
{
	return checked(syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0));
}

void count_up(_Atomic uint32_t *count)
{
	atomic_fetch_add(count, 1);
	futex_wake(count);
}

void count_await(_Atomic uint32_t *count, uint32_t value)
{
	uint32_t seen;

	while ((seen = atomic_load(count)) < value)
		futex_wait(count, seen);
}
