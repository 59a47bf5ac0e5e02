// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and removing the module, while each allocation and each user copy
 * inside of it fails in its turn; and what is made only once after loading.
 * At the end it is loaded as it was.
 *
 * Rows: H9. Classes: V8 V22.
 */
#include "fault.h"

/* More chances than a load has. */
#define COUNT 1000000

/* How many of the last ones, which are those of the module's own, are tried. */
#define OWN 120

/* Of those before, which are the kernel's, about so many. */
#define OTHERS 40

static const char *module_file(void)
{
	const char *file = getenv("IPCX_MODULE");

	return file ? file : "/lib/modules/ipcx/ipcx.ko";
}

static bool is_loaded(void)
{
	return !access("/sys/module/ipcx", F_OK);
}

/* 0 or the negative errno. */
static int load(const char *parameters)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(module_file(), O_RDONLY | O_CLOEXEC);
	return syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
}

/* What a descriptor that was closed had pinned may need a moment. */
static bool unload(void)
{
	return T_UNTIL(!syscall(SYS_delete_module, "ipcx", O_NONBLOCK) ||
		       errno == ENOENT) &&
	       !is_loaded();
}

/* As they stand there, for load(). */
static void parameters_read(char *text, size_t size)
{
	DIR *dir = opendir(T_PARAMETERS);
	struct dirent *entry;
	size_t used = 0;
	char name[64];

	text[0] = '\0';
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || used >= size)
			continue;
		snprintf(name, sizeof(name), "%.63s", entry->d_name);
		used += snprintf(text + used, size - used, "%s=%lld ", name,
				 t_param(name));
	}
	if (dir)
		closedir(dir);
}

/* Probes that were left behind would be called by these. */
static bool exits_are_harmless(void)
{
	pid_t pid = t_fork();

	if (!pid)
		_exit(0);
	return t_reap(pid) == 0;
}

static bool is_gone(void)
{
	return !is_loaded() && access(T_DEVICE, F_OK) &&
	       access("/sys/class/misc/ipcx", F_OK) && exits_are_harmless();
}

static bool works(void)
{
	int dev = t_device(), fd = t_sem(dev, IPCX_SEM_OWNED, 1, 1);
	bool ok = t_sem_p(fd, 1, 0) == 0 && exits_are_harmless() &&
		  t_sem_v(fd, 1) == 0;

	close(fd);
	close(dev);
	return ok;
}

FIXTURE(fail_nth_module)
{
	char parameters[1024];
};

FIXTURE_SETUP(fail_nth_module)
{
	const char *reason = fault_begin();

	if (reason)
		SKIP(return, "%s", reason);
	if (access(module_file(), R_OK))
		SKIP(return, "no ipcx.ko; say where by IPCX_MODULE");
	ASSERT_TRUE(is_loaded());
	parameters_read(self->parameters, sizeof(self->parameters));
}

FIXTURE_TEARDOWN(fail_nth_module)
{
	fault_end();
	if (self->parameters[0] && !is_loaded())
		EXPECT_EQ(0, load(self->parameters));
}

/* One load, in which the @nth fails; false when something is wrong. */
static bool try_load(int nth, const char *parameters, bool *hit)
{
	int ret;

	fault_arm(nth);
	ret = load(parameters);
	*hit = fault_disarm();
	if (!ret && works() && unload())
		return true;
	if ((ret == -ENOMEM || ret == -EFAULT) && *hit && is_gone())
		return true;
	printf("# load, fault %d: returned %d\n", nth, ret);
	return false;
}

TEST_F_TIMEOUT(fail_nth_module, loads_whole_or_not_at_all, 300)
{
	unsigned int faults = 0;
	int chances, stride, nth;
	bool hit;

	ASSERT_TRUE(unload());
	fault_arm(COUNT);
	ASSERT_EQ(0, load(self->parameters));
	chances = COUNT - fault_left();
	fault_disarm();
	ASSERT_TRUE(unload());
	printf("# load: %d chances\n", chances);

	stride = (chances - OWN) / OTHERS + 1;
	for (nth = 1, hit = true; hit;
	     nth += nth < chances - OWN ? stride : 1) {
		ASSERT_LT(nth, chances + 100);
		ASSERT_TRUE(try_load(nth, self->parameters, &hit));
		faults += hit;
	}
	fault_count(1, faults);
	EXPECT_LT(OWN / 2, (int)faults);
}

TEST_F_TIMEOUT(fail_nth_module, unloads_whatever_fails, 100)
{
	unsigned int faults = 0;
	bool hit = true;
	int nth, ret;

	for (nth = 1; hit; nth++) {
		ASSERT_LT(nth, 100);
		ASSERT_TRUE(works());
		fault_arm(nth);
		ret = syscall(SYS_delete_module, "ipcx", O_NONBLOCK) ? -errno :
								       0;
		hit = fault_disarm();
		faults += hit;
		/* Its name could not be read. */
		if (ret) {
			EXPECT_EQ(-EFAULT, ret);
			EXPECT_TRUE(hit && works());
			continue;
		}
		EXPECT_TRUE(is_gone());
		ASSERT_EQ(0, load(self->parameters));
	}
	fault_count(1, faults);
}

static int prepare_huge(struct fault_world *w)
{
	struct ipcx_region_create *c = (struct ipcx_region_create *)w->arg;

	memset(w->arg, 0, sizeof(w->arg));
	t_region_args(c, NULL, T_PAGE);
	c->flags = IPCX_REGION_F_HUGE;
	w->on = w->dev;
	return 0;
}

static void clean_huge(struct fault_world *w)
{
	struct ipcx_region_create *c = (struct ipcx_region_create *)w->reply;

	if (c->out_fd >= 0)
		close(c->out_fd);
}

/* The first one mounts a file system for them, and the mount stays. */
TEST_F_TIMEOUT(fail_nth_module, the_first_huge_region_fails_cleanly, 100)
{
	static const struct fault_op op = {
		.name = "the first huge region",
		.cmd = IPCX_IOC_REGION_CREATE,
		.prepare = prepare_huge,
		.run = fault_ioctl,
		.clean = clean_huge,
	};
	unsigned int operations, before, after;

	ASSERT_TRUE(unload());
	ASSERT_EQ(0, load(self->parameters));
	fault_totals(&operations, &before);
	EXPECT_EQ(0, fault_sweep(&op));
	fault_totals(&operations, &after);
	EXPECT_LT(before + 10, after);
}

/* Last: what all of the above has left behind. */
TEST_F_TIMEOUT(fail_nth_module, nothing_has_leaked, 120)
{
	unsigned int operations, faults;
	int leaks = fault_leaks();

	fault_totals(&operations, &faults);
	printf("# fail-nth: %u operations, %u failures injected\n", operations,
	       faults);
	if (leaks == -ENOENT)
		SKIP(return, "this kernel has no kmemleak");
	EXPECT_EQ(0, leaks);
}

TEST_HARNESS_MAIN
