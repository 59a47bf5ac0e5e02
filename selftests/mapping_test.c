// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings, as seen by who attacks them: replaced, moved, split, forked and
 * executed away while they are in use, and asked for at impossible places.
 *
 * Rows: D1 D2 K1. Classes: V9 V11 V12.
 */
#include "ipcx_fd.h"

/* Of the regions here. */
#define PAGES 4

FIXTURE(mapping)
{
	int dev;
	int region;
	struct t_census before;
};

FIXTURE_SETUP(mapping)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->region = t_region(self->dev, PAGES * T_PAGE);
	ASSERT_LE(0, self->region);
}

FIXTURE_TEARDOWN_PARENT(mapping)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static unsigned int writable_maps(int fd)
{
	struct ipcx_region_stat s;

	return t_region_stat(fd, &s) ? ~0U : s.out_writable_maps;
}

/* Addresses that nobody else uses. */
static char *room(size_t size)
{
	return t_map_flags(-1, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
}

/* ---- Words: replaced while they are used ------------------------------- */

struct mover {
	pthread_t thread;
	int fd;
	char *place;
	int stop;
	int wrong;
};

/*
 * Puts the word's page and anonymous memory in turn at one place. What is
 * written to the latter never gets into the word, which never says 0x2a.
 */
static void *swap_word(void *arg)
{
	const int prot = PROT_READ | PROT_WRITE;
	struct mover *m = arg;

	while (!T_LOAD(&m->stop)) {
		volatile uint32_t *place = (uint32_t *)m->place;
		char *away;

		if (mmap(m->place, T_PAGE, prot, MAP_SHARED | MAP_FIXED, m->fd,
			 0) == MAP_FAILED)
			T_ADD(&m->wrong, 1);
		away = mremap(m->place, T_PAGE, T_PAGE,
			      MREMAP_MAYMOVE | MREMAP_FIXED,
			      m->place + 2 * T_PAGE);
		if (away == MAP_FAILED)
			T_ADD(&m->wrong, 1);
		if (mmap(m->place, T_PAGE, prot,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) == MAP_FAILED)
			T_ADD(&m->wrong, 1);
		*place = 0x2a;
		if (*place != 0x2a || t_sem_value(m->fd) == 0x2a)
			T_ADD(&m->wrong, 1);
	}
	return NULL;
}

/* P, V, polls, and reads of the place, which may fault at any time. */
static void *use_word(void *arg)
{
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	struct mover *m = arg;
	uint32_t v;

	while (!T_LOAD(&m->stop)) {
		if (t_sem_v(m->fd, 1) || t_sem_p(m->fd, 1, t_in_ms(1)))
			T_ADD(&m->wrong, 1);
		t_poll(m->fd, POLLIN, 0);
		for (int i = 0; i < 3; i++)
			pread(mem, &v, sizeof(v),
			      (uintptr_t)m->place + i * T_PAGE);
	}
	close(mem);
	return NULL;
}

/* Rows: K1. Classes: V9. Faults, hand-overs and forks meet it in any state. */
TEST_F_TIMEOUT(mapping, of_a_word_is_replaced_and_moved_while_it_is_used, 60)
{
	struct mover m = { .fd = t_sem(self->dev, IPCX_SEM_PLAIN, 5, 10) };
	unsigned long long end = t_in_ms(1500);
	pthread_t user;

	ASSERT_LE(0, m.fd);
	m.place = room(3 * T_PAGE);
	ASSERT_NE(NULL, m.place);
	ASSERT_EQ(0, pthread_create(&m.thread, NULL, swap_word, &m));
	ASSERT_EQ(0, pthread_create(&user, NULL, use_word, &m));
	while (t_now() < end) {
		pid_t pid = t_fork();

		ASSERT_LE(0, pid);
		if (!pid)
			_exit(t_sem_v(m.fd, 1) || t_sem_p(m.fd, 1, t_soon()));
		ASSERT_EQ(0, t_reap(pid));
	}
	T_STORE(&m.stop, 1);
	ASSERT_EQ(0, t_join(m.thread));
	ASSERT_EQ(0, t_join(user));
	EXPECT_EQ(0, m.wrong);
	EXPECT_EQ(5, t_sem_value(m.fd));
	munmap(m.place, 3 * T_PAGE);
	close(m.fd);
}

/* Rows: K1. Classes: V9. One of them is enough; the last one takes it along. */
TEST_F(mapping, of_a_word_keeps_the_object_in_every_process)
{
	int fd = t_sem(self->dev, IPCX_SEM_PLAIN, 3, 10);
	uint32_t *word = t_sem_map(fd);
	struct t_census with;
	int *go = t_shared(T_PAGE);
	pid_t pid;

	ASSERT_NE(NULL, word);
	with = t_census();
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		close(fd);
		if (!T_UNTIL(T_LOAD(go)))
			_exit(1);
		/* Faults, for a fork copies no pages that are shared. */
		_exit(T_LOAD(word) == 3 ? 0 : 2);
	}
	close(fd);
	t_sem_unmap(word);
	EXPECT_EQ(with.objects, t_counter("objects"));
	T_STORE(go, 1);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_TRUE(T_UNTIL(t_counter("objects") == with.objects - 1));
	munmap(go, T_PAGE);
}

static void *fault_on(void *arg)
{
	char *place = arg;

	for (;;)
		for (int i = 0; i < PAGES; i++)
			T_ADD(&place[i * T_PAGE], 1);
	return NULL;
}

/* Rows: D1 H1. Classes: V9. Other threads fault to the last moment. */
TEST_F_TIMEOUT(mapping, goes_by_exec_and_exit_while_it_is_faulted, 60)
{
	for (int i = 0; i < t_times(30); i++) {
		pid_t pid = t_fork();
		pthread_t thread;

		ASSERT_LE(0, pid);
		if (!pid) {
			int word = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
			char *p = t_map_rw(self->region, PAGES * T_PAGE);

			if (!p || !t_sem_map(word) ||
			    pthread_create(&thread, NULL, fault_on, p))
				_exit(1);
			if (i & 2)
				usleep(i * 20);
			if (i & 1)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		ASSERT_EQ(0, t_reap(pid));
		EXPECT_EQ(0, writable_maps(self->region));
	}
}

/* ---- Pieces ------------------------------------------------------------ */

/* Rows: D1. Classes: V9 V12. Every set of pages is unmapped, in any order. */
TEST_F(mapping, that_has_holes_is_counted_until_the_last_piece_is_gone)
{
	for (unsigned int set = 0; set < 1 << PAGES; set++) {
		char *p = t_map_rw(self->region, PAGES * T_PAGE);

		ASSERT_NE(NULL, p);
		for (int i = 0; i < PAGES; i++)
			if (set >> i & 1)
				ASSERT_EQ(0, munmap(p + i * T_PAGE, T_PAGE));
		for (int i = 0; i < PAGES; i++) {
			if (set >> i & 1)
				continue;
			EXPECT_NE(0, writable_maps(self->region));
			p[i * T_PAGE] = set;
			EXPECT_EQ((char)set, p[i * T_PAGE]);
		}
		for (int i = PAGES - 1; i >= 0; i--)
			if (!(set >> i & 1))
				ASSERT_EQ(0, munmap(p + i * T_PAGE, T_PAGE));
		EXPECT_EQ(0, writable_maps(self->region));
	}
	EXPECT_EQ(0, t_region_seal(self->region, IPCX_SEAL_WRITE));
}

/* Rows: D1 D2. Classes: V9 V11. mremap() of nothing would be a second one. */
TEST_F(mapping, is_not_doubled_behind_the_handle)
{
	char *p = t_map_rw(self->region, PAGES * T_PAGE);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(MAP_FAILED, mremap(p, 0, PAGES * T_PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(1, writable_maps(self->region));
	munmap(p, PAGES * T_PAGE);
	EXPECT_EQ(0, writable_maps(self->region));
}

/* Rows: D2. Classes: V11. Whoever has it, and however it came about. */
TEST_F(mapping, of_another_process_keeps_the_seal_away)
{
	char *p = t_map_rw(self->region, PAGES * T_PAGE);
	int *go = t_shared(T_PAGE);
	pid_t pid;

	ASSERT_NE(NULL, p);
	ASSERT_NE(NULL, go);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		munmap(p, T_PAGE);
		T_STORE(go, 1);
		if (!T_UNTIL(T_LOAD(go) == 2))
			_exit(1);
		p[T_PAGE] = 7;
		_exit(0);
	}
	munmap(p, PAGES * T_PAGE);
	EXPECT_TRUE(T_UNTIL(T_LOAD(go) == 1));
	EXPECT_EQ(-EBUSY, t_region_seal(self->region, IPCX_SEAL_WRITE));
	T_STORE(go, 2);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_region_seal(self->region, IPCX_SEAL_WRITE));
	munmap(go, T_PAGE);
}

/* ---- Offsets and lengths ----------------------------------------------- */

static const unsigned long long offsets[] = {
	0,
	T_PAGE,
	(PAGES - 1) * T_PAGE,
	PAGES *T_PAGE,
	(PAGES + 1) * T_PAGE,
	(1ULL << 31) - T_PAGE,
	1ULL << 31,
	1ULL << 32,
	1ULL << 43,
	1ULL << 44,
	(1ULL << 52) - T_PAGE,
	1ULL << 52,
	1ULL << 62,
	1ULL << 63,
	~0ULL << 13,
	~0ULL << 12,
};

static const unsigned long lengths[] = {
	0,
	1,
	T_PAGE - 1,
	T_PAGE,
	T_PAGE + 1,
	PAGES *T_PAGE - 1,
	PAGES *T_PAGE,
	PAGES *T_PAGE + 1,
	1UL << 31,
	1UL << 52,
	~0UL - T_PAGE + 1,
	~0UL,
};

/* Says where it was mapped although that cannot be, or the reverse. */
static int matrix(int fd, unsigned long long size, int prot, char *text,
		  size_t room_for_text)
{
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(lengths); k++) {
			unsigned long length = lengths[k];
			bool fits = length && length <= size &&
				    offsets[i] <= size - length;
			void *p = mmap(NULL, length, prot, MAP_SHARED, fd,
				       (off_t)offsets[i]);
			bool mapped = p != MAP_FAILED;

			if (mapped)
				munmap(p, length);
			if (fits == mapped)
				continue;
			wrong++;
			snprintf(text, room_for_text,
				 "offset %#llx length %#lx is %s", offsets[i],
				 length, fits ? "refused" : "mapped");
		}
	}
	return wrong;
}

/* Rows: D1. Classes: V12. Of a region, by each kind of handle. */
TEST_F(mapping, of_a_region_lies_inside_of_it)
{
	int ro = t_reduce(self->region, IPCX_RIGHT_READ);
	const int prot[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE };
	char text[128] = "";

	ASSERT_LE(0, ro);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, matrix(self->region, PAGES * T_PAGE, prot[i], text,
				    sizeof(text)))
		{
			TH_LOG("%s", text);
		}
	EXPECT_EQ(0, matrix(ro, PAGES * T_PAGE, PROT_READ, text, sizeof(text)))
	{
		TH_LOG("%s", text);
	}
	EXPECT_EQ(0, writable_maps(self->region));
	close(ro);
}

/* Rows: K1. Classes: V12. Of a word, in both kinds that have one. */
TEST_F(mapping, of_a_word_is_its_one_page)
{
	int fd[] = { t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1),
		     t_lock(self->dev, IPCX_DEATH_RETURN) };
	char text[128] = "";

	for (int i = 0; i < 2; i++) {
		uint32_t *word;

		EXPECT_EQ(0, matrix(fd[i], T_PAGE, PROT_READ | PROT_WRITE, text,
				    sizeof(text)))
		{
			TH_LOG("%s", text);
		}
		word = t_sem_map(fd[i]);
		ASSERT_NE(NULL, word);
		EXPECT_EQ(MAP_FAILED,
			  mremap(word, T_PAGE, 2 * T_PAGE, MREMAP_MAYMOVE));
		EXPECT_EQ(-1,
			  syscall(SYS_remap_file_pages, word, T_PAGE, 0, 1, 0));
		t_sem_unmap(word);
		close(fd[i]);
	}
}

/* Rows: H1. Classes: V12. These have nothing that could be mapped. */
TEST_F(mapping, of_a_device_or_an_owned_semaphore_is_refused)
{
	int owned = t_sem(self->dev, IPCX_SEM_OWNED, 1, 1);
	char text[128] = "";

	/* As if it had no pages. */
	EXPECT_EQ(0, matrix(owned, 0, PROT_READ, text, sizeof(text)))
	{
		TH_LOG("%s", text);
	}
	EXPECT_EQ(ENODEV,
		  t_map_error(self->dev, T_PAGE, PROT_READ, MAP_SHARED));
	close(owned);
}

TEST_HARNESS_MAIN
