// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Channels: three programs that know nothing of ipcx, with channels between them
 * in place of pipes; the same with a strict channel; two processes that talk in
 * turn about a file; and a second reader, who is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipcx-demo.h"

#define PROGRAMS 3
#define CAPACITY (256 * 1024)
#define SHOWN	 2
/* So many writes fill the strict channel. */
#define BATCH 4
#define STEPS 32

/* From one program to the next one. */
struct link {
	struct ipcx_channel *out; /* or a pipe, */
	struct ipcx_channel *in; /* when these are NULL */
	int fd[2]; /* in, out */
};

/* ---- Three programs ------------------------------------------------------ */

static int link_open(struct demo *demo, struct link *link, bool channel,
		     uint32_t flags, struct ipcx_channel **ret_channel)
{
	struct ipcx_channel_config config = { .flags = flags,
					      .capacity = CAPACITY };
	struct ipcx_channel *base;
	int ret;

	memset(link, 0, sizeof(*link));
	if (!channel)
		return pipe2(link->fd, O_CLOEXEC) ? -errno : 0;
	ret = ipcx_channel_create(demo->ipcx, NULL, &config, &base);
	if (ret)
		return ret;
	ret = ipcx_channel_open_end(base, IPCX_CHANNEL_WRITER, 0, NULL,
				    &link->out);
	if (!ret)
		ret = ipcx_channel_open_end(base, IPCX_CHANNEL_READER, 0, NULL,
					    &link->in);
	if (!ret && ret_channel) {
		*ret_channel = base;
		base = NULL;
	}
	ipcx_channel_free(base);
	if (ret)
		return ret;
	link->fd[0] = ipcx_channel_fd(link->in);
	link->fd[1] = ipcx_channel_fd(link->out);
	return 0;
}

/* The programs have theirs. */
static void link_close(struct link *link)
{
	if (link->out || link->in) {
		ipcx_channel_free(link->in);
		ipcx_channel_free(link->out);
	} else if (link->fd[1]) {
		close(link->fd[0]);
		close(link->fd[1]);
	}
}

/* cat FILE... | tr a-z A-Z | sha256sum; or with channels for the bars. */
static int run_filter(struct demo *demo, bool channels,
		      struct ipcx_channel **strict, char *ret_hex)
{
	static const char *const sum[] = { "sha256sum", NULL };
	static const char *const tr[] = { "tr", "a-z", "A-Z", NULL };
	const char *cat[DEMO_INPUTS_MAX + 2] = { "cat" };
	struct link a = { 0 }, b = { 0 };
	pid_t pids[PROGRAMS];
	int answer[2];
	ssize_t len;
	int ret;

	memcpy(cat + 1, demo->inputs, demo->n_inputs * sizeof(cat[0]));
	if (pipe2(answer, O_CLOEXEC))
		return -errno;
	ret = link_open(demo, &a, channels, strict ? IPCX_CHANNEL_F_STRICT : 0,
			strict);
	if (!ret)
		ret = link_open(demo, &b, channels, 0, NULL);
	if (!ret) {
		pids[0] = demo_start(cat, -1, a.fd[1]);
		pids[1] = demo_start(tr, a.fd[0], b.fd[1]);
		pids[2] = demo_start(sum, b.fd[0], answer[1]);
	}
	link_close(&a);
	link_close(&b);
	close(answer[1]);
	len = ret ? 0 : demo_read_all(answer[0], ret_hex, DEMO_SHA256_LEN);
	close(answer[0]);
	if (ret)
		return ret;
	ret_hex[DEMO_SHA256_LEN] = '\0';
	return demo_join(pids, PROGRAMS) || len != DEMO_SHA256_LEN ? -EIO : 0;
}

static int filter(struct demo *demo, char *hex)
{
	char piped[DEMO_SHA256_LEN + 1];
	uint64_t since = demo_now();
	double pipes, channels;
	int ret;

	ret = run_filter(demo, false, NULL, piped);
	pipes = demo_seconds(since);
	since = demo_now();
	if (!ret)
		ret = run_filter(demo, true, NULL, hex);
	channels = demo_seconds(since);
	if (ret)
		return demo_error("the three programs", ret);
	demo_say("by pipes     %.2f s  SHA-256 %.48s...", pipes, piped);
	demo_say("by channels  %.2f s  SHA-256 %.48s...", channels, hex);
	return strcmp(piped, hex) ? demo_fail("these are not the same") : 0;
}

static int filter_strictly(struct demo *demo, const char *hex)
{
	char strict[DEMO_SHA256_LEN + 1];
	struct ipcx_channel_stat stat;
	struct ipcx_channel *channel = NULL;
	uint64_t batches;
	int ret;

	ret = run_filter(demo, true, &channel, strict);
	if (!ret)
		ret = ipcx_channel_stat(channel, &stat);
	ipcx_channel_free(channel);
	if (ret)
		return demo_error("the three programs", ret);
	batches = (stat.out_written + CAPACITY - 1) / CAPACITY;
	demo_say("strictly             SHA-256 %.48s...", strict);
	demo_say("The last time cat filled %d KiB while tr slept, then tr "
		 "drained them while",
		 CAPACITY >> 10);
	demo_say("cat slept, and so on: %u times.",
		 (unsigned int)stat.out_batches);
	if (strcmp(strict, hex) || stat.out_batches != batches)
		return demo_fail("that is not what went in, in full batches");
	return 0;
}

/* ---- Who does something, and when ---------------------------------------- */

struct steps {
	_Atomic uint32_t n;
	char log[2 * STEPS + 1];
	struct ipcx_channel *out;
	struct ipcx_channel *in;
};

/* Waits until it can be done, notes that, and does it. */
static int step(struct steps *s, char who, struct ipcx_channel *end)
{
	struct pollfd fd = {
		.fd = ipcx_channel_fd(end),
		.events = who == 'w' ? POLLOUT : POLLIN,
	};
	char piece[CAPACITY / BATCH] = "";
	size_t len;

	if (poll(&fd, 1, DEMO_PATIENCE_S * 1000) != 1)
		return -ETIMEDOUT;
	s->log[s->n++ % (2 * STEPS)] = who;
	if (who == 'w')
		return ipcx_channel_write(end, piece, sizeof(piece), NULL,
					  NULL);
	return ipcx_channel_read(end, piece, sizeof(piece), NULL, &len);
}

static int read_steps(void *arg)
{
	struct steps *s = arg;
	int ret = 0;
	int i;

	for (i = 0; i < STEPS && !ret; i++)
		ret = step(s, 'r', s->in);
	return ret ? demo_error("reading", ret) : 0;
}

static int alternate(struct demo *demo, struct steps *s)
{
	struct ipcx_channel_config config = { .flags = IPCX_CHANNEL_F_STRICT,
					      .capacity = CAPACITY };
	pid_t pid;
	int ret;
	int i;

	ret = ipcx_channel_pair(demo->ipcx, &config, &s->out, &s->in);
	if (ret)
		return demo_error("creating a strict channel", ret);
	pid = demo_fork(read_steps, s);
	for (i = 0; i < STEPS && !ret; i++)
		ret = step(s, 'w', s->out);
	if (demo_join(&pid, 1))
		ret = -EPROTO;
	ipcx_channel_free(s->out);
	ipcx_channel_free(s->in);
	if (ret)
		return demo_error("step by step", ret);
	demo_say(
		"Step by step, %d KiB each, in the order in which it happened:",
		CAPACITY / BATCH >> 10);
	demo_say("%s", s->log);
	for (i = 0; i < 2 * STEPS; i++)
		if (s->log[i] != (i / BATCH % 2 ? 'r' : 'w'))
			return demo_fail("they did not alternate");
	return 0;
}

static int step_by_step(struct demo *demo)
{
	struct steps *s;
	int ret;

	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return demo_error("mmap", -errno);
	ret = alternate(demo, s);
	munmap(s, sizeof(*s));
	return ret;
}

/* ---- Two who talk -------------------------------------------------------- */

struct talk {
	struct demo *demo;
	struct ipcx_channel *first;
	struct ipcx_channel *second;
	uint32_t asked;
	uint64_t sum; /* of all answers */
	uint64_t expected;
};

static uint64_t sum_up(const unsigned char *data, size_t len)
{
	uint64_t sum = len;

	while (len--)
		sum += data[len];
	return sum;
}

/* Says one sentence and hands over the turn. */
static int say(struct ipcx_channel *end, const char *text)
{
	struct ipcx_deadline deadline =
		ipcx_deadline_in(DEMO_PATIENCE_S * DEMO_NS_PER_S);

	return ipcx_channel_send(end, text, strlen(text),
				 IPCX_CHANNEL_WRITE_F_PASS, &deadline, NULL);
}

static int hear(struct ipcx_channel *end, char *text, size_t size)
{
	struct ipcx_deadline deadline =
		ipcx_deadline_in(DEMO_PATIENCE_S * DEMO_NS_PER_S);
	size_t len = 0;
	int ret;

	ret = ipcx_channel_read(end, text, size - 1, &deadline, &len);
	text[len] = '\0';
	return ret;
}

/* The second end: answers until nobody asks any more. */
static int answer(void *arg)
{
	static unsigned char piece[DEMO_CHUNK];
	struct talk *t = arg;
	char text[64];
	ssize_t len;
	int fd, ret;

	ipcx_channel_free(t->first);
	ret = ipcx_channel_send(t->second, "!", 1, 0, IPCX_NOWAIT, NULL);
	demo_say("  %d speaks before it is asked: %s", (int)getpid(),
		 ret ? strerror(-ret) : "nobody minds");
	if (ret != -EAGAIN)
		return -1;
	fd = open(t->demo->inputs[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return demo_error(t->demo->inputs[0], -errno);
	for (;;) {
		ret = hear(t->second, text, sizeof(text));
		if (ret || !text[0])
			break;
		len = pread(fd, piece, sizeof(piece),
			    (off_t)strtoull(text, NULL, 10) * DEMO_CHUNK);
		snprintf(text, sizeof(text), "%llu",
			 (unsigned long long)sum_up(piece,
						    len > 0 ? (size_t)len : 0));
		ret = say(t->second, text);
		if (ret)
			break;
	}
	close(fd);
	return ret ? demo_error("answering", ret) : 0;
}

/* The first end: asks for the sum of a piece of the file, and for the next one. */
static int ask(void *arg, const void *buf, size_t len, uint64_t offset)
{
	struct talk *t = arg;
	char question[32], text[64];
	int ret;

	(void)offset;
	t->expected += sum_up(buf, len);
	snprintf(question, sizeof(question), "%u", t->asked);
	ret = say(t->first, question);
	if (!ret)
		ret = hear(t->first, text, sizeof(text));
	if (ret)
		return ret;
	t->sum += strtoull(text, NULL, 10);
	if (t->asked++ < SHOWN)
		demo_say("  first:  what is the sum of piece %s?\n"
			 "     second: %s",
			 question, text);
	return 0;
}

/* About the first file only: the questions are numbers of its pieces. */
static int ask_all(struct talk *t)
{
	static unsigned char piece[DEMO_CHUNK];
	struct demo one = { .n_inputs = 1 };

	one.inputs[0] = t->demo->inputs[0];
	return demo_read_input(&one, piece, ask, t);
}

static int talk(struct demo *demo)
{
	struct ipcx_channel_config config = { .flags = IPCX_CHANNEL_F_TURN };
	struct talk t = { .demo = demo };
	struct ipcx_channel_stat stat;
	pid_t pid;
	int ret;

	ret = ipcx_channel_pair(demo->ipcx, &config, &t.first, &t.second);
	if (ret)
		return demo_error("creating a channel with turns", ret);
	demo_say("Two processes talk in turn; %d has the first end:",
		 (int)getpid());
	pid = demo_fork(answer, &t);
	ret = ask_all(&t);
	if (!ret)
		ret = ipcx_channel_stat(t.first, &stat);
	ipcx_channel_free(t.first);
	ipcx_channel_free(t.second);
	if (demo_join(&pid, 1))
		return -1;
	if (ret)
		return demo_error("asking", ret);
	demo_say("  ... %u questions; the turn was handed over %u times; the "
		 "sums are %s",
		 t.asked, (unsigned int)stat.out_turns,
		 t.sum == t.expected ? "right" : "WRONG");
	return t.sum == t.expected && stat.out_turns == 2 * t.asked ?
		       0 :
		       demo_fail("that is not what was asked for");
}

/* ---- A second reader ----------------------------------------------------- */

static int read_too(void *arg)
{
	struct ipcx_channel *in = *(struct ipcx_channel **)arg;
	size_t len;
	char byte;
	int ret;

	ret = ipcx_channel_read(in, &byte, 1, IPCX_NOWAIT, &len);
	demo_say("process %d wants to read where %d reads: %s", (int)getpid(),
		 (int)getppid(), ret ? strerror(-ret) : "and takes some");
	return ret == -EBUSY ? 0 : -1;
}

static int read_alone(struct demo *demo)
{
	struct ipcx_channel *out, *in;
	char text[16] = "";
	size_t len;
	pid_t pid;
	int ret;

	ret = ipcx_channel_pair(demo->ipcx, NULL, &out, &in);
	if (ret)
		return demo_error("creating a channel", ret);
	ret = ipcx_channel_write(out, "all of it", 9, NULL, NULL);
	if (!ret)
		ret = ipcx_channel_read(in, text, 4, NULL, &len);
	pid = demo_fork(read_too, &in);
	if (demo_join(&pid, 1))
		ret = -EPROTO;
	if (!ret)
		ret = ipcx_channel_read(in, text + 4, 8, NULL, &len);
	ipcx_channel_free(out);
	ipcx_channel_free(in);
	if (ret)
		return demo_error("reading alone", ret);
	return strcmp(text, "all of it") ? demo_fail("got '%s'", text) : 0;
}

int demo_filter(struct demo *demo, struct demo_result *res)
{
	char hex[DEMO_SHA256_LEN + 1];
	uint64_t since;
	double took;
	int ret;

	demo_say("cat FILE... | tr a-z A-Z | sha256sum, with pipes, then with "
		 "channels for the");
	demo_say("bars. The programs know nothing of ipcx.");
	since = demo_now();
	ret = filter(demo, hex);
	if (!ret)
		ret = filter_strictly(demo, hex);
	took = demo_seconds(since);
	if (!ret)
		ret = step_by_step(demo);
	if (!ret)
		ret = talk(demo);
	if (!ret)
		ret = read_alone(demo);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "not as promised" : "same SHA-256 as by pipes; in turn");
	snprintf(res->figure, sizeof(res->figure), "%.1f MiB in %.2f s",
		 3 * (double)demo->input_bytes / (1 << 20), took);
	return ret;
}
