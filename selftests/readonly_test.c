// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was granted for reading, or sealed, cannot be written: not by any call,
 * not in pieces or copies of the mapping, not by root with a debugger.
 *
 * Rows: D2 D3 I4. Classes: V11.
 */
#include "ipcx_fd.h"

#include <linux/userfaultfd.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* Of the regions here. */
#define PAGES 4

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

FIXTURE(readonly)
{
	int dev;
	int region;
	int ro;
	volatile uint32_t *rw;
	uint32_t *p;
	struct t_census before;
};

FIXTURE_SETUP(readonly)
{
	self->before = t_census();
	self->dev = t_device();
	self->region = t_region(self->dev, PAGES * T_PAGE);
	self->ro = t_reduce(self->region, IPCX_RIGHT_READ);
	ASSERT_LE(0, self->ro);
	self->rw = t_map_rw(self->region, PAGES * T_PAGE);
	ASSERT_NE(NULL, self->rw);
	self->p = t_map(self->ro, PAGES * T_PAGE, PROT_READ);
	ASSERT_NE(NULL, self->p);
	self->rw[0] = 5;
	ASSERT_EQ(5, self->p[0]);
}

FIXTURE_TEARDOWN_PARENT(readonly)
{
	EXPECT_TRUE(t_same_census(&self->before));
}

/* Whatever was tried. */
static bool unwritten(int region, const volatile uint32_t *rw,
		      const uint32_t *p)
{
	return rw[0] == 5 && p[0] == 5 && writable_maps(region) == 1;
}

/* Rows: D3. Classes: V11. */
TEST_F(readonly, mapping_is_not_written_by_system_calls)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct iovec evil = { &(uint32_t) { 666 }, 4 };
	struct iovec there = { self->p, 4 };

	ASSERT_LE(0, zero);
	EXPECT_EQ(-1, read(zero, self->p, 4));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, process_vm_writev(getpid(), &evil, 1, &there, 1, 0));
	EXPECT_EQ(-1, madvise(self->p, T_PAGE, MADV_REMOVE));
#ifdef MADV_POPULATE_WRITE
	EXPECT_EQ(-1, madvise(self->p, T_PAGE, MADV_POPULATE_WRITE));
#endif
	madvise(self->p, T_PAGE, MADV_DONTNEED);
	EXPECT_TRUE(unwritten(self->region, self->rw, self->p));
	close(zero);
}

/* Rows: D3. Classes: V11. Nor does a new piece, place, or size get more. */
TEST_F(readonly, mapping_stays_so_in_pieces_and_copies)
{
	const int rw = PROT_READ | PROT_WRITE;
	char *p = (char *)self->p, *copy;

	EXPECT_EQ(0, munmap(p + T_PAGE, T_PAGE));
	EXPECT_EQ(-1, mprotect(p, T_PAGE, rw));
	EXPECT_EQ(-1, mprotect(p + 2 * T_PAGE, T_PAGE, rw));
	EXPECT_EQ(-1, mprotect(p + 2 * T_PAGE, T_PAGE, PROT_WRITE));
	EXPECT_EQ(0, mprotect(p + 2 * T_PAGE, T_PAGE, PROT_NONE));
	EXPECT_EQ(-1, mprotect(p + 2 * T_PAGE, T_PAGE, rw));
	copy = mremap(p + 3 * T_PAGE, T_PAGE, T_PAGE,
		      MREMAP_MAYMOVE | MREMAP_FIXED, room(T_PAGE));
	ASSERT_NE(MAP_FAILED, copy);
	EXPECT_EQ(-1, mprotect(copy, T_PAGE, rw));
	munmap(copy, T_PAGE);
	copy = mremap(p, 0, T_PAGE, MREMAP_MAYMOVE);
	if (copy != MAP_FAILED) {
		EXPECT_EQ(-1, mprotect(copy, T_PAGE, rw));
		munmap(copy, T_PAGE);
	}
	EXPECT_TRUE(unwritten(self->region, self->rw, self->p));
}

/* A debugger, root, that tries to write into a child that has the grant. */
static int poke(pid_t pid, uint32_t *at)
{
	struct iovec evil = { &(uint32_t) { 666 }, 4 }, there = { at, 4 };
	char path[64];
	int mem, wrong = 0;

	if (ptrace(PTRACE_ATTACH, pid, 0, 0))
		return -errno;
	if (waitpid(pid, NULL, __WALL) != pid)
		return -ECHILD;
	wrong |= ptrace(PTRACE_POKEDATA, pid, at, 666L) != -1;
	wrong |= (process_vm_writev(pid, &evil, 1, &there, 1, 0) != -1) << 1;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR | O_CLOEXEC);
	wrong |= (mem < 0) << 2;
	wrong |= (pwrite(mem, evil.iov_base, 4, (uintptr_t)at) != -1) << 3;
	close(mem);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return wrong;
}

/* Rows: D3. Classes: V11. Not even by who may write anything else in there. */
TEST_F(readonly, mapping_is_not_written_by_a_debugger)
{
	pid_t pid = t_fork();

	ASSERT_LE(0, pid);
	if (!pid)
		for (;;)
			pause();
	EXPECT_EQ(0, poke(pid, self->p));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_TRUE(unwritten(self->region, self->rw, self->p));
}

/* Rows: D2 D3. Classes: V11. Nor what was sealed, by whom it was mapped. */
TEST_F(readonly, sealed_region_is_not_written_by_a_debugger)
{
	uint32_t *p;
	pid_t pid;

	munmap((void *)self->rw, PAGES * T_PAGE);
	EXPECT_EQ(0, t_region_seal(self->region, IPCX_SEAL_WRITE));
	p = t_map(self->region, PAGES * T_PAGE, PROT_READ);
	ASSERT_NE(NULL, p);
	pid = t_fork();
	ASSERT_LE(0, pid);
	if (!pid)
		for (;;)
			pause();
	EXPECT_EQ(0, poke(pid, self->p));
	EXPECT_EQ(0, poke(pid, p));
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
	EXPECT_EQ(5, *p);
	EXPECT_EQ(0, writable_maps(self->region));
}

/* Rows: D3 I4. Classes: V11. A look at /proc is no new descriptor. */
TEST_F(readonly, descriptor_is_not_reopened_by_others)
{
	const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR };
	pid_t pid = t_fork();
	char path[64];

	ASSERT_LE(0, pid);
	if (!pid)
		for (;;)
			pause();
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, self->ro);
		EXPECT_EQ(-1, open(path, flags[i] | O_CLOEXEC));
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid,
			 self->region);
		EXPECT_EQ(-1, open(path, flags[i] | O_CLOEXEC));
	}
	EXPECT_EQ(-EACCES, t_reduce(self->ro, T_RIGHTS_RW));
	/* What pidfd_getfd() gives is the same handle. */
#ifdef SYS_pidfd_getfd
	{
		int pidfd = syscall(SYS_pidfd_open, pid, 0);
		int fd = syscall(SYS_pidfd_getfd, pidfd, self->ro, 0);

		EXPECT_LE(0, fd);
		EXPECT_EQ(EACCES,
			  t_map_error(fd, T_PAGE, PROT_READ | PROT_WRITE,
				      MAP_SHARED));
		close(fd);
		close(pidfd);
	}
#endif
	EXPECT_EQ(128 + SIGKILL, t_kill(pid));
}

/* Rows: D3. Classes: V11. Who answers faults would write into the page. */
TEST_F(readonly, mapping_has_no_pages_from_userfaultfd)
{
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)self->p, PAGES * T_PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0)
		SKIP(return, "this kernel has no userfaultfd: %d", -errno);
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	EXPECT_EQ(-1, ioctl(fd, UFFDIO_REGISTER, &reg));
	close(fd);
}

TEST_HARNESS_MAIN
