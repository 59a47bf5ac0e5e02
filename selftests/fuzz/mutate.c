// SPDX-License-Identifier: GPL-2.0-only
/*
 * New programs of old ones: records are put in, taken out, moved and changed
 * as a whole, for a byte more in the middle would make noise of all that
 * follows it.
 */
#include "fuzz.h"

#include <string.h>

static uint64_t state;

static unsigned int any(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

static bool one_in(unsigned int n)
{
	return !any(n);
}

/* Most of a new program are ioctls; what costs much is seldom. */
static uint8_t some_op(void)
{
	static const uint8_t cheap[] = { OP_READ,      OP_WRITE,      OP_WRITE,
					 OP_POLL,      OP_EPOLL_CTL,  OP_DUP,
					 OP_CLOSE,     OP_EPOLL_WAIT, OP_FCNTL,
					 OP_MMAP,      OP_MMAP,	      OP_MUNMAP,
					 OP_MPROTECT,  OP_MREMAP,     OP_STORE,
					 OP_LOCK_WORD, OP_FILE,	      OP_OPEN };

	if (any(5) < 3)
		return OP_IOCTL;
	return one_in(16) ? any(OPS) : cheap[any(ARRAY_SIZE(cheap))];
}

static uint8_t some_byte(void)
{
	switch (any(4)) {
	case 0:
		return any(256);
	case 1:
		return any(16);
	default:
		return 0;
	}
}

/* The presets are in the slots 1 to 9. */
static uint8_t some_slot(void)
{
	return one_in(16) ? any(256) : any(one_in(4) ? 16 : 10);
}

static struct fuzz_record some_record(void)
{
	struct fuzz_record r = { .op = some_op(),
				 .a = some_slot(),
				 .b = some_slot(),
				 .c = some_slot() };
	unsigned int i;

	if (r.op == OP_IOCTL) {
		r.a = any(calls_count());
		r.c = any(16);
	}
	/* Mostly the structure is well-formed and where it should be. */
	r.p[0] = one_in(6) ? any(256) : any(128);
	for (i = 1; i < sizeof(r.p); i++)
		r.p[i] = some_byte();
	if (one_in(24))
		r.c = 0xe0 | any(32);
	return r;
}

static void change_byte(struct fuzz_record *r)
{
	uint8_t *byte = (uint8_t *)r + any(sizeof(*r));

	switch (any(4)) {
	case 0:
		*byte ^= 1 << any(8);
		break;
	case 1:
		*byte += any(2) ? 1 : -1;
		break;
	case 2:
		*byte = some_byte();
		break;
	case 3:
		*byte = any(256);
		break;
	}
}

static void insert(struct fuzz_program *p, unsigned int *nr, unsigned int at,
		   struct fuzz_record r)
{
	if (*nr >= RECORDS_MAX)
		return;
	memmove(&p->record[at + 1], &p->record[at],
		(*nr - at) * sizeof(p->record[0]));
	p->record[at] = r;
	(*nr)++;
}

static void take_out(struct fuzz_program *p, unsigned int *nr)
{
	unsigned int at = any(*nr), many = 1 + (one_in(4) ? any(8) : 0);

	if (many > *nr - at)
		many = *nr - at;
	memmove(&p->record[at], &p->record[at + many],
		(*nr - at - many) * sizeof(p->record[0]));
	*nr -= many;
}

static void mutate_once(struct fuzz_program *p, unsigned int *nr)
{
	unsigned int at = *nr ? any(*nr) : 0, i;

	if (!*nr || one_in(3)) {
		for (i = 1 + (one_in(3) ? any(12) : 0); i; i--)
			insert(p, nr, any(*nr + 1), some_record());
		return;
	}
	switch (any(7)) {
	case 0:
		take_out(p, nr);
		break;
	case 1:
		insert(p, nr, any(*nr + 1), p->record[at]);
		break;
	case 2:
		p->record[at] = some_record();
		break;
	case 3:
		LLVMFuzzerMutate((uint8_t *)&p->record[at],
				 sizeof(p->record[at]), sizeof(p->record[at]));
		break;
	default:
		change_byte(&p->record[at]);
	}
}

/* A child costs as much as a thousand operations. */
static void mutate_header(struct fuzz_header *h)
{
	h->mode = one_in(50) ? FUZZ_CHILD :
		  one_in(10) ? FUZZ_THREADS :
			       FUZZ_ALONE;
	h->rounds = any(4) ? any(ROUNDS_MAX) : ROUNDS_MAX - 1;
	h->flags = any(4) ? HEADER_REPLACE : 0;
	if (one_in(4))
		h->presets = any(4) ? 255 : any(256);
	if (one_in(4))
		h->end = any(256);
}

static size_t size_of(unsigned int nr)
{
	return sizeof(struct fuzz_header) + nr * sizeof(struct fuzz_record);
}

static unsigned int load(struct fuzz_program *p, const uint8_t *data,
			 size_t size)
{
	memset(p, 0, sizeof(*p));
	if (size > sizeof(*p))
		size = sizeof(*p);
	memcpy(p, data, size);
	if (size < sizeof(p->header))
		return 0;
	return (size - sizeof(p->header)) / sizeof(p->record[0]);
}

static size_t store(struct fuzz_program *p, unsigned int nr, uint8_t *data,
		    size_t max_size)
{
	while (nr && size_of(nr) > max_size)
		nr--;
	if (size_of(nr) > max_size)
		return 0;
	memcpy(data, p, size_of(nr));
	return size_of(nr);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	struct fuzz_program p;
	unsigned int nr = load(&p, data, size), i;

	state = seed * 0x9e3779b97f4a7c15ULL + 1;
	mutate_header(&p.header);
	/* Long ones: what surrounds a program costs as much as records. */
	while (nr < RECORDS_MAX / 2)
		insert(&p, &nr, any(nr + 1), some_record());
	for (i = 1 + any(4); i; i--)
		mutate_once(&p, &nr);
	return store(&p, nr, data, max_size);
}

/* The beginning of one and the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
				 const uint8_t *data2, size_t size2,
				 uint8_t *out, size_t max_out_size,
				 unsigned int seed)
{
	struct fuzz_program a, b;
	unsigned int nr_a = load(&a, data1, size1);
	unsigned int nr_b = load(&b, data2, size2), from;

	state = seed * 0x9e3779b97f4a7c15ULL + 1;
	nr_a = any(nr_a + 1);
	for (from = any(nr_b + 1); from < nr_b && nr_a < RECORDS_MAX; from++)
		a.record[nr_a++] = b.record[from];
	return store(&a, nr_a, out, max_out_size);
}
