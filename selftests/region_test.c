// SPDX-License-Identifier: GPL-2.0-only
/* Regions: life, mapping, rights, seals, memory, lock and doorbell. */
#include <linux/io_uring.h>

#include "ipcx_fd.h"

FIXTURE(region)
{
	int dev;
	int fd;
	struct t_census before;
};

FIXTURE_SETUP(region)
{
	self->before = t_census();
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
	self->fd = t_region(self->dev, 4 * T_PAGE);
	ASSERT_LE(0, self->fd);
}

/* After the end of the test's process: what it had is gone. */
FIXTURE_TEARDOWN_PARENT(region)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

static unsigned int writable_maps(int fd)
{
	struct ipcx_region_stat s;

	return t_region_stat(fd, &s) ? T_POISON32 : s.out_writable_maps;
}

static bool is_refused(int error)
{
	return error == EACCES || error == EPERM;
}

/* ---- Life and sharing -------------------------------------------------- */

/* Rows: T1 D1 */
TEST_F(region, new_region_is_zeroed_and_has_the_size_in_whole_pages)
{
	struct ipcx_region_stat s;
	struct ipcx_region_create c;
	unsigned char *p;
	int fd;

	t_region_args(&c, NULL, T_PAGE + 1);
	fd = t_region_create(self->dev, &c);
	ASSERT_LE(0, fd);
	EXPECT_EQ(IPCX_CREATE_OUT_CREATED, c.out_flags);
	ASSERT_EQ(0, t_region_stat(fd, &s));
	EXPECT_EQ(2 * T_PAGE, s.out_size);
	EXPECT_EQ(0, s.out_flags);
	EXPECT_EQ(0, s.out_rings);
	EXPECT_EQ(0, s.out_seals);
	EXPECT_EQ(0, s.out_writable_maps);
	EXPECT_EQ(0, s.out_readers);
	EXPECT_EQ(0, s.out_writer);
	EXPECT_EQ(IPCX_ORDER_FIFO, s.out_order);
	EXPECT_EQ(0, s.out_inconsistent);
	p = t_map_rw(fd, 2 * T_PAGE);
	ASSERT_NE(NULL, p);
	for (size_t i = 0; i < 2 * T_PAGE; i++)
		ASSERT_EQ(0, p[i]);
	p[2 * T_PAGE - 1] = 1;
	munmap(p, 2 * T_PAGE);
	close(fd);
}

TEST_F(region, size_must_be_possible)
{
	struct ipcx_region_create c;

	t_region_args(&c, NULL, 0);
	EXPECT_EQ(-EINVAL, t_region_create(self->dev, &c));
	t_region_args(&c, NULL, ~0ULL);
	EXPECT_EQ(-EFBIG, t_region_create(self->dev, &c));
	t_region_args(&c, NULL, 1ULL << 63);
	EXPECT_EQ(-EFBIG, t_region_create(self->dev, &c));
}

/* Rows: T1 D1 H6 */
TEST_F(region, forked_process_shares_the_memory_and_the_mapping)
{
	volatile uint32_t *p = t_map_rw(self->fd, T_PAGE);
	pid_t pid;

	ASSERT_NE(NULL, p);
	p[0] = 1;
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		volatile uint32_t *own = t_map_rw(self->fd, T_PAGE);

		if (!own || own[0] != 1)
			_exit(1);
		own[1] = 2;
		p[2] = 3;
		_exit(0);
	}
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(2, p[1]);
	EXPECT_EQ(3, p[2]);
	munmap((void *)p, T_PAGE);
}

/* Rows: T1 D1 */
TEST_F(region, process_that_is_sent_the_descriptor_shares_the_memory)
{
	int pair[2];
	uint32_t *p;
	pid_t pid;

	ASSERT_EQ(0, t_socketpair(pair));
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd;

		close(self->fd);
		close(self->dev);
		fd = t_recv_fd(pair[1]);
		p = fd < 0 ? NULL : t_map_rw(fd, T_PAGE);
		if (!p)
			_exit(1);
		p[7] = 77;
		_exit(0);
	}
	ASSERT_EQ(0, t_send_fd(pair[0], self->fd));
	EXPECT_EQ(0, t_reap(pid));
	p = t_map(self->fd, T_PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(77, p[7]);
	munmap(p, T_PAGE);
	close(pair[0]);
	close(pair[1]);
}

/* Rows: D1 */
TEST_F(region, lives_while_a_descriptor_or_a_mapping_lives_and_not_longer)
{
	struct ipcx_region_create c;
	char name[IPCX_NAME_SIZE];
	struct ipcx_stat s;
	uint32_t *p;
	int fd;

	t_region_args(&c, t_name(name, "life"), T_PAGE);
	fd = t_region_create(self->dev, &c);
	ASSERT_LE(0, fd);
	p = t_map_rw(fd, T_PAGE);
	ASSERT_NE(NULL, p);
	p[0] = 42;
	close(fd);

	/* The mapping keeps it, and its name. */
	p[1] = 43;
	fd = t_open(self->dev, name, IPCX_TYPE_REGION, T_RIGHTS_RW);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(c.out_id, s.out_id);
	EXPECT_EQ(2, s.out_handles);
	munmap(p, T_PAGE);

	/* Now the descriptor does. */
	ASSERT_EQ(0, t_stat(fd, &s));
	EXPECT_EQ(1, s.out_handles);
	p = t_map_rw(fd, T_PAGE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(42, p[0]);
	EXPECT_EQ(43, p[1]);
	munmap(p, T_PAGE);
	close(fd);
	EXPECT_EQ(-ENOENT,
		  t_open(self->dev, name, IPCX_TYPE_REGION, IPCX_RIGHT_READ));
}

/* Rows: D1 H1 */
TEST_F(region, mapping_of_a_killed_process_does_not_keep_it)
{
	struct ipcx_region_create c;
	char name[IPCX_NAME_SIZE];
	int *ready = t_shared(T_PAGE);
	pid_t pid;

	ASSERT_NE(NULL, ready);
	t_name(name, "killed");
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd;

		t_region_args(&c, name, T_PAGE);
		fd = t_region_create(self->dev, &c);
		if (fd < 0 || !t_map_rw(fd, T_PAGE))
			_exit(1);
		close(fd);
		T_STORE(ready, 1);
		pause();
	}
	EXPECT_TRUE(T_UNTIL(T_LOAD(ready)));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_EQ(-ENOENT,
		  t_open(self->dev, name, IPCX_TYPE_REGION, IPCX_RIGHT_READ));
	munmap(ready, T_PAGE);
}

/* ---- Rights and mappings ----------------------------------------------- */

/* Rows: D3 I4, bug class V11 */
TEST_F(region, read_only_handle_never_becomes_writable)
{
	int ro = t_reduce(self->fd, IPCX_RIGHT_READ);
	uint32_t *rw = t_map_rw(self->fd, T_PAGE);
	char path[64];
	void *moved;
	uint32_t *p;

	ASSERT_LE(0, ro);
	ASSERT_NE(NULL, rw);
	rw[0] = 5;
	EXPECT_EQ(EACCES,
		  t_map_error(ro, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED));
	EXPECT_EQ(EACCES, t_map_error(ro, T_PAGE, PROT_WRITE, MAP_SHARED));
	p = t_map(ro, T_PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(5, p[0]);
	EXPECT_EQ(-1, mprotect(p, T_PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);

	moved = mremap(p, T_PAGE, T_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       (char *)t_map_flags(-1, T_PAGE, PROT_NONE,
					   MAP_PRIVATE | MAP_ANONYMOUS));
	ASSERT_NE(MAP_FAILED, moved);
	EXPECT_EQ(-1, mprotect(moved, T_PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	munmap(moved, T_PAGE);

	/* A second look at the descriptor is no new one with more rights. */
	for (int fd = ro;; fd = self->fd) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		EXPECT_EQ(-1, open(path, O_RDWR | O_CLOEXEC));
		EXPECT_EQ(-1, open(path, O_RDONLY | O_CLOEXEC));
		if (fd == self->fd)
			break;
	}
	munmap(rw, T_PAGE);
	close(ro);
}

/* Rows: D3, bug class V11: the kernel's own way to write past a protection. */
TEST_F(region, read_only_mapping_cannot_be_written_through_proc_mem)
{
	int ro = t_reduce(self->fd, IPCX_RIGHT_READ);
	uint32_t *rw = t_map_rw(self->fd, T_PAGE), evil = 666;
	uint32_t *p = t_map(ro, T_PAGE, PROT_READ);
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	ASSERT_NE(NULL, rw);
	ASSERT_NE(NULL, p);
	ASSERT_LE(0, mem);
	rw[0] = 5;
	EXPECT_EQ(-1, pwrite(mem, &evil, sizeof(evil), (uintptr_t)p));
	EXPECT_EQ(5, rw[0]);
	EXPECT_EQ(5, p[0]);
	close(mem);
	munmap(p, T_PAGE);
	munmap(rw, T_PAGE);
	close(ro);
}

/* Rows: D3, bug class V11 */
TEST_F(region, child_of_a_reader_cannot_write_either)
{
	int ro = t_reduce(self->fd, IPCX_RIGHT_READ);
	void *p = t_map(ro, T_PAGE, PROT_READ);
	pid_t pid;

	ASSERT_NE(NULL, p);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (!mprotect(p, T_PAGE, PROT_READ | PROT_WRITE))
			_exit(1);
		_exit(t_map_rw(ro, T_PAGE) ? 2 : 0);
	}
	EXPECT_EQ(0, t_reap(pid));
	munmap(p, T_PAGE);
	close(ro);
}

/* Rows: D3 */
TEST_F(region, private_mapping_of_a_reader_is_its_own)
{
	int ro = t_reduce(self->fd, IPCX_RIGHT_READ);
	uint32_t *rw = t_map_rw(self->fd, T_PAGE);
	uint32_t *p =
		t_map_flags(ro, T_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	ASSERT_NE(NULL, rw);
	ASSERT_NE(NULL, p);
	rw[0] = 5;
	EXPECT_EQ(5, p[0]);
	p[0] = 6;
	EXPECT_EQ(5, rw[0]);
	EXPECT_EQ(1, writable_maps(self->fd));
	munmap(p, T_PAGE);
	munmap(rw, T_PAGE);
	close(ro);
}

/* Bug class V12: offsets and lengths around every edge. */
TEST_F(region, mapping_beyond_the_end_is_refused)
{
	static const unsigned long long edges[] = {
		0,	    T_PAGE,	3 * T_PAGE,  4 * T_PAGE,
		5 * T_PAGE, 1ULL << 31, 1ULL << 32,  1ULL << 43,
		1ULL << 52, 1ULL << 62, ~0ULL << 12, ~0ULL << 13,
	};
	static const size_t lengths[] = {
		1,	    T_PAGE,    T_PAGE + 1, 4 * T_PAGE, 4 * T_PAGE + 1,
		5 * T_PAGE, 1UL << 30,
	};

	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		for (size_t j = 0; j < sizeof(lengths) / sizeof(*lengths);
		     j++) {
			bool fits = edges[i] <= 4 * T_PAGE &&
				    lengths[j] <= 4 * T_PAGE - edges[i];
			void *p = mmap(NULL, lengths[j], PROT_READ, MAP_SHARED,
				       self->fd, (off_t)edges[i]);

			EXPECT_EQ(fits, p != MAP_FAILED)
			{
				TH_LOG("offset %#llx, length %#zx", edges[i],
				       lengths[j]);
			}
			if (p != MAP_FAILED)
				munmap(p, lengths[j]);
		}
	}
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, 0, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(EINVAL, errno);
}

/* Rows: D6, bug class V12 */
TEST_F(region, mapping_cannot_grow_beyond_the_end)
{
	void *p = t_map_rw(self->fd, 4 * T_PAGE);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(MAP_FAILED,
		  mremap(p, 4 * T_PAGE, 8 * T_PAGE, MREMAP_MAYMOVE));
	munmap(p, 4 * T_PAGE);
}

/* Bug class V9: pieces, copies and replacements of a mapping are counted. */
TEST_F(region, pieces_of_a_mapping_are_counted_until_the_last_is_gone)
{
	char *p = t_map_rw(self->fd, 4 * T_PAGE);
	pid_t pid;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(1, writable_maps(self->fd));
	EXPECT_EQ(0, munmap(p + T_PAGE, T_PAGE));
	EXPECT_LE(1, writable_maps(self->fd));
	EXPECT_EQ(0, mprotect(p + 3 * T_PAGE, T_PAGE, PROT_READ));
	EXPECT_LE(1, writable_maps(self->fd));
	p[0] = 1;
	p[2 * T_PAGE] = 2;
	EXPECT_EQ(2, p[2 * T_PAGE]);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(p[0] == 1 ? 0 : 1);
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_NE(MAP_FAILED,
		  mmap(p, T_PAGE, PROT_READ,
		       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT_EQ(0, p[0]);
	EXPECT_LE(1, writable_maps(self->fd));
	munmap(p, 4 * T_PAGE);
	EXPECT_EQ(0, writable_maps(self->fd));
	EXPECT_EQ(0, t_region_seal(self->fd, IPCX_SEAL_WRITE));
}

struct mapper {
	int fd;
	int stop;
	int errors;
	char *place;
};

static void *map_and_unmap(void *arg)
{
	struct mapper *m = arg;
	unsigned int seed = getpid();

	while (!T_LOAD(&m->stop)) {
		char *p = mmap(m->place, 4 * T_PAGE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED, m->fd, 0);

		if (p == MAP_FAILED)
			T_ADD(&m->errors, 1);
		if (rand_r(&seed) & 1)
			munmap(m->place + T_PAGE, T_PAGE);
		mmap(m->place, 4 * T_PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
	return NULL;
}

/* Bug class V9: faults, forks and exits while the mapping is replaced. */
TEST_F(region, faults_race_with_mapping_replacement_and_fork)
{
	struct mapper m = { .fd = self->fd };
	unsigned long long end;
	pthread_t thread;

	t_handle(SIGSEGV, 0);
	m.place = t_map_flags(-1, 4 * T_PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS);
	ASSERT_NE(NULL, m.place);
	ASSERT_EQ(0, pthread_create(&thread, NULL, map_and_unmap, &m));
	end = t_in_ms(1500);
	while (t_now() < end) {
		pid_t pid = t_fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			int mem = open("/proc/self/mem", O_RDWR);

			/* Faults that fail do not kill. */
			for (int i = 0; i < 16; i++)
				pwrite(mem, "x", 1,
				       (uintptr_t)m.place + i % 4 * T_PAGE);
			_exit(0);
		}
		ASSERT_EQ(0, t_reap(pid));
	}
	T_STORE(&m.stop, 1);
	ASSERT_EQ(0, t_join(thread));
	EXPECT_EQ(0, m.errors);
	munmap(m.place, 4 * T_PAGE);
	EXPECT_EQ(0, writable_maps(self->fd));
}

/* ---- Seals ------------------------------------------------------------- */

/* Rows: D2, bug class V11 (a seal beside writable mappings) */
TEST_F(region, write_seal_waits_for_no_writable_mapping_and_holds_for_ever)
{
	uint32_t *p = t_map_rw(self->fd, T_PAGE);
	struct ipcx_region_stat s;
	void *ro;

	ASSERT_NE(NULL, p);
	p[0] = 9;
	EXPECT_EQ(-EBUSY, t_region_seal(self->fd, IPCX_SEAL_WRITE));
	p[0] = 10;
	munmap(p, T_PAGE);
	EXPECT_EQ(0, t_region_seal(self->fd, IPCX_SEAL_WRITE));
	EXPECT_EQ(0, t_region_seal(self->fd, IPCX_SEAL_WRITE));
	ASSERT_EQ(0, t_region_stat(self->fd, &s));
	EXPECT_EQ(IPCX_SEAL_WRITE, s.out_seals);
	EXPECT_TRUE(is_refused(t_map_error(
		self->fd, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED)));
	ro = t_map(self->fd, T_PAGE, PROT_READ);
	ASSERT_NE(NULL, ro);
	EXPECT_EQ(10, *(uint32_t *)ro);
	EXPECT_EQ(-1, mprotect(ro, T_PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, writable_maps(self->fd));
	munmap(ro, T_PAGE);
	EXPECT_EQ(0, t_map_error(self->fd, T_PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE));
}

/* Rows: D2: what could be made writable counts as writable. */
TEST_F(region, readable_mapping_of_a_writer_keeps_the_seal_away)
{
	void *p = t_map(self->fd, T_PAGE, PROT_READ);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(1, writable_maps(self->fd));
	EXPECT_EQ(-EBUSY, t_region_seal(self->fd, IPCX_SEAL_WRITE));
	EXPECT_EQ(0, mprotect(p, T_PAGE, PROT_READ | PROT_WRITE));
	*(uint32_t *)p = 1;
	munmap(p, T_PAGE);
	EXPECT_EQ(0, t_region_seal(self->fd, IPCX_SEAL_WRITE));
}

/* Rows: D2 */
TEST_F(region, seal_binds_every_handle_but_only_control_may_seal)
{
	int rw = t_reduce(self->fd, T_RIGHTS_RW);
	int ro = t_reduce(self->fd, IPCX_RIGHT_READ);
	void *p;

	ASSERT_LE(0, rw);
	ASSERT_LE(0, ro);
	EXPECT_EQ(-EACCES, t_region_seal(rw, IPCX_SEAL_WRITE));
	EXPECT_EQ(-EINVAL, t_region_seal(self->fd, 0));
	EXPECT_EQ(-EINVAL, t_region_seal(self->fd, IPCX_SEAL_WRITE << 1));
	p = t_map(ro, T_PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, writable_maps(self->fd));
	EXPECT_EQ(0, t_region_seal(self->fd, IPCX_SEAL_WRITE));
	EXPECT_TRUE(is_refused(
		t_map_error(rw, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED)));
	munmap(p, T_PAGE);
	close(rw);
	close(ro);
}

static void *map_until_refused(void *arg)
{
	struct mapper *m = arg;

	while (!T_LOAD(&m->stop)) {
		uint32_t *p = t_map_rw(m->fd, T_PAGE);

		if (!p)
			continue;
		(*p)++;
		munmap(p, T_PAGE);
	}
	return NULL;
}

/* Rows: D2, bug class V11: nobody slips in while it is being sealed. */
TEST_F(region, seal_races_with_mappers)
{
	for (int round = 0; round < 30; round++) {
		int fd = t_region(self->dev, T_PAGE);
		struct mapper m = { .fd = fd };
		uint32_t *p, first;
		pthread_t thread;

		ASSERT_LE(0, fd);
		ASSERT_EQ(0,
			  pthread_create(&thread, NULL, map_until_refused, &m));
		EXPECT_TRUE(T_UNTIL(!t_region_seal(fd, IPCX_SEAL_WRITE)));
		EXPECT_EQ(0, writable_maps(fd));
		p = t_map(fd, T_PAGE, PROT_READ);
		ASSERT_NE(NULL, p);
		first = *(volatile uint32_t *)p;
		usleep(500);
		EXPECT_EQ(first, *(volatile uint32_t *)p);
		T_STORE(&m.stop, 1);
		ASSERT_EQ(0, t_join(thread));
		munmap(p, T_PAGE);
		close(fd);
	}
}

/* Rows: D2, bug class V11: input that is under way may write at any time. */
TEST_F(region, page_that_is_pinned_for_input_keeps_the_seal_away)
{
	struct io_uring_params params = {};
	int ring = syscall(__NR_io_uring_setup, 1, &params);
	struct iovec buffer = { .iov_len = T_PAGE };

	if (ring < 0)
		SKIP(return, "this kernel has no io_uring: %d", -errno);
	buffer.iov_base = t_map_rw(self->fd, T_PAGE);
	ASSERT_NE(NULL, buffer.iov_base);
	if (syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		    &buffer, 1)) {
		close(ring);
		SKIP(return, "this kernel does not pin pages of regions");
	}
	munmap(buffer.iov_base, T_PAGE);
	EXPECT_EQ(0, writable_maps(self->fd));
	EXPECT_EQ(-EBUSY, t_region_seal(self->fd, IPCX_SEAL_WRITE));
	/* Refused, so nothing has changed. */
	EXPECT_EQ(0, t_map_error(self->fd, T_PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED));
	close(ring);
	EXPECT_TRUE(T_UNTIL(!t_region_seal(self->fd, IPCX_SEAL_WRITE)));
}

/* Rows: D2 D6, bug class V11: the administrator's way to the file behind. */
TEST_F(region, file_behind_a_mapping_keeps_its_size_and_its_seal)
{
	char *p = t_map_rw(self->fd, 4 * T_PAGE), path[80];
	struct stat st;
	int fd;

	ASSERT_NE(NULL, p);
	p[3 * T_PAGE] = 1;
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (unsigned long)p, (unsigned long)p + 4 * T_PAGE);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "no right to open what is mapped: %d", -errno);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(S_IFREG, st.st_mode);
	EXPECT_EQ(-1, ftruncate(fd, 0));
	EXPECT_EQ(-1, ftruncate(fd, 8 * T_PAGE));
	EXPECT_EQ(1, p[3 * T_PAGE]);
	munmap(p, 4 * T_PAGE);
	EXPECT_EQ(0, t_region_seal(self->fd, IPCX_SEAL_WRITE));
	EXPECT_EQ(-1, pwrite(fd, "x", 1, 0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_TRUE(is_refused(
		t_map_error(fd, T_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED)));
	close(fd);
}

/* ---- Memory ------------------------------------------------------------ */

/* Rows: D6 */
TEST_F(region, reserved_region_has_its_memory_from_the_start)
{
	struct ipcx_region_create c;
	struct ipcx_region_stat s;
	char *p;
	int fd;

	t_region_args(&c, NULL, 64 * T_PAGE);
	c.flags = IPCX_REGION_F_RESERVE;
	fd = t_region_create(self->dev, &c);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, t_region_stat(fd, &s));
	EXPECT_EQ(IPCX_REGION_F_RESERVE, s.out_flags);
	EXPECT_EQ(64 * T_PAGE, s.out_resident);
	p = t_map_rw(fd, 64 * T_PAGE);
	ASSERT_NE(NULL, p);
	for (int i = 0; i < 64; i++)
		p[i * T_PAGE] = 1;
	munmap(p, 64 * T_PAGE);

	/* Without it, memory comes with the first touch. */
	ASSERT_EQ(0, t_region_stat(self->fd, &s));
	EXPECT_EQ(0, s.out_resident);
	p = t_map_rw(self->fd, T_PAGE);
	ASSERT_NE(NULL, p);
	*p = 1;
	munmap(p, T_PAGE);
	ASSERT_EQ(0, t_region_stat(self->fd, &s));
	EXPECT_EQ(T_PAGE, s.out_resident);
	close(fd);
}

/* Rows: D2 D6 */
TEST_F(region, size_cannot_be_changed_through_the_descriptor)
{
	char *p = t_map_rw(self->fd, 4 * T_PAGE), byte = 0;
	struct ipcx_region_stat s;

	ASSERT_NE(NULL, p);
	p[3 * T_PAGE] = 1;
	EXPECT_EQ(-1, ftruncate(self->fd, 0));
	EXPECT_EQ(-1, ftruncate(self->fd, T_PAGE));
	EXPECT_EQ(-1, ftruncate(self->fd, 8 * T_PAGE));
	EXPECT_EQ(-1, fallocate(self->fd, 0, 0, 8 * T_PAGE));
	EXPECT_EQ(-1, fallocate(self->fd,
				FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				4 * T_PAGE));
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(1, p[3 * T_PAGE]);
	ASSERT_EQ(0, t_region_stat(self->fd, &s));
	EXPECT_EQ(4 * T_PAGE, s.out_size);
	munmap(p, 4 * T_PAGE);
}

/* Rows: D6: nor can a writer give the memory back through its mapping. */
TEST_F(region, reserved_memory_cannot_be_given_back)
{
	struct ipcx_region_create c;
	struct ipcx_region_stat s;
	char *p;
	int fd;

	t_region_args(&c, NULL, 4 * T_PAGE);
	c.flags = IPCX_REGION_F_RESERVE;
	fd = t_region_create(self->dev, &c);
	ASSERT_LE(0, fd);
	p = t_map_rw(fd, 4 * T_PAGE);
	ASSERT_NE(NULL, p);
	p[3 * T_PAGE] = 1;
	EXPECT_EQ(-1, madvise(p, 4 * T_PAGE, MADV_REMOVE));
	EXPECT_EQ(1, p[3 * T_PAGE]);
	ASSERT_EQ(0, t_region_stat(fd, &s));
	EXPECT_EQ(4 * T_PAGE, s.out_resident);
	munmap(p, 4 * T_PAGE);
	close(fd);
}

static unsigned long huge_kilobytes(const void *p)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	unsigned long start, end, kb, sum = 0;
	bool inside = false;
	char line[512];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start <= (uintptr_t)p && (uintptr_t)p < end;
		if (inside && (sscanf(line, "ShmemPmdMapped: %lu", &kb) == 1 ||
			       sscanf(line, "FilePmdMapped: %lu", &kb) == 1))
			sum += kb;
	}
	fclose(file);
	return sum;
}

/* Rows: D7 */
TEST_F(region, huge_region_is_on_huge_pages)
{
	const size_t huge = 2 << 20;
	struct ipcx_region_create c;
	char *room, *p;
	int fd;

	t_region_args(&c, NULL, 2 * huge);
	c.flags = IPCX_REGION_F_HUGE;
	fd = t_region_create(self->dev, &c);
	if (fd == -EOPNOTSUPP)
		SKIP(return, "the kernel has no huge pages for shared memory");
	ASSERT_LE(0, fd);
	room = t_map_flags(-1, 4 * huge, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS);
	ASSERT_NE(NULL, room);
	p = (char *)(((uintptr_t)room + huge - 1) & ~(huge - 1));
	ASSERT_EQ(p, mmap(p, 2 * huge, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, fd, 0));
	p[0] = 1;
	p[huge] = 2;
	if (!huge_kilobytes(p)) {
		munmap(room, 4 * huge);
		close(fd);
		SKIP(return, "the kernel had no free huge page");
	}
	EXPECT_EQ(2 * huge / 1024, huge_kilobytes(p));
	munmap(room, 4 * huge);
	close(fd);
}

TEST_HARNESS_MAIN
