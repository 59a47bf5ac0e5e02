// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages: the lines of the input are jobs in a mailbox, some of them urgent.
 * Three workers take them, and report each by a direct message to the process
 * that has put them in. One worker is killed with a job in its hands.
 */
#include <errno.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipcx-demo.h"

#define JOBS	 4096
#define WORKERS	 3
#define LINE_MAX 512
#define URGENT	 9
/* Every so many jobs one is urgent. */
#define URGENT_EACH 16
/* With this one in its hands the victim stops. */
#define VICTIMS_JOBS 100

/* What a worker reports. A report without a sum: it has stopped. */
struct report {
	uint32_t job;
	uint32_t urgent_late; /* urgent ones that came behind others */
	uint64_t sum;
};

struct mail {
	struct demo *demo;
	struct ipcx_mailbox *jobs;
	struct ipcx_mailbox *inbox;
	uint32_t n;
	uint32_t left; /* not reported yet */
	uint32_t late;
	uint64_t sum;
	uint64_t expected;
	pid_t feeder;
	int victim; /* this worker is to stop */
	struct line {
		uint16_t len;
		uint8_t reported;
		unsigned char text[LINE_MAX];
	} lines[JOBS];
};

static uint64_t sum_up(const unsigned char *data, size_t len)
{
	uint64_t sum = len + 1;

	while (len--)
		sum = sum * 31 + data[len];
	return sum;
}

/* ---- The feeder ---------------------------------------------------------- */

static int send_job(struct mail *m, uint32_t job)
{
	struct ipcx_send_message message = {
		.data = (uintptr_t)m->lines[job].text,
		.size = m->lines[job].len,
		.tag = job,
		.priority = job % URGENT_EACH ? 0 : URGENT,
	};

	return ipcx_mailbox_send_messages(m->jobs, &message, 1, IPCX_FULL_FAIL,
					  NULL, NULL);
}

/* A piece of the input, cut into lines; 1 when there are enough. */
static int add_lines(void *arg, const void *buf, size_t len, uint64_t offset)
{
	const unsigned char *p = buf, *end = p + len, *next;
	struct mail *m = arg;
	struct line *line;
	size_t size;

	(void)offset;
	for (; p < end && m->n < JOBS; p = next) {
		next = memchr(p, '\n', (size_t)(end - p));
		next = next ? next + 1 : end;
		size = (size_t)(next - p);
		line = &m->lines[m->n++];
		line->len = (uint16_t)(size < LINE_MAX ? size : LINE_MAX);
		memcpy(line->text, p, line->len);
		m->expected += sum_up(line->text, line->len);
	}
	return m->n == JOBS;
}

static int fill(struct mail *m)
{
	unsigned char buf[DEMO_CHUNK];
	struct ipcx_mailbox_stat stat;
	uint32_t i;
	int ret;

	ret = demo_read_input(m->demo, buf, add_lines, m);
	for (i = 0; i < m->n && ret >= 0; i++)
		ret = send_job(m, i);
	if (ret >= 0)
		ret = ipcx_mailbox_stat(m->jobs, &stat);
	if (ret < 0)
		return demo_error("filling the mailbox", ret);
	m->left = m->n;
	demo_say(
		"%u jobs are in the mailbox, %.1f KiB, and nobody has read one",
		stat.out_messages, (double)stat.out_bytes / 1024);
	return m->n == JOBS && stat.out_messages == JOBS ?
		       0 :
		       demo_fail("that are not %d", JOBS);
}

/* What the same costs elsewhere: as an ordinary user, for root may do more. */
static int try_mqueue(void *arg)
{
	struct mq_attr attr = { .mq_maxmsg = JOBS, .mq_msgsize = LINE_MAX };
	mqd_t queue;

	(void)arg;
	if (geteuid() == 0 && setuid(65534))
		return demo_error("setuid", -errno);
	queue = mq_open("/ipcx-demo", O_CREAT | O_RDWR, 0600, &attr);
	if (queue != (mqd_t)-1) {
		mq_close(queue);
		mq_unlink("/ipcx-demo");
		demo_say("POSIX mq: this system lets users have %d messages",
			 JOBS);
		return 0;
	}
	demo_say("POSIX mq, asked by a user for %d messages: %s", JOBS,
		 strerror(errno));
	return 0;
}

/* One report. */
static int book(struct mail *m, const struct report *r)
{
	if (r->job >= m->n || m->lines[r->job].reported++)
		return demo_fail("job %u was done twice", r->job);
	m->left--;
	m->sum += r->sum;
	m->late += r->urgent_late;
	return 0;
}

/* Jobs that nobody has reported, when nobody works any more: 1, or 0 if some do. */
static int send_again(struct mail *m, pid_t victim)
{
	struct ipcx_mailbox_stat stat;
	uint32_t job = VICTIMS_JOBS;
	uint32_t i, lost = 0;
	int ret;

	ret = ipcx_mailbox_stat(m->jobs, &stat);
	if (ret || stat.out_messages)
		return ret ? demo_error("looking", ret) : 0;
	for (i = 0; i < m->n && !ret; i++) {
		if (m->lines[i].reported)
			continue;
		job = i;
		lost++;
		ret = send_job(m, i);
	}
	if (ret)
		return demo_error("sending again", ret);
	demo_say("%u job was in the hands of %d: number %u is sent again", lost,
		 (int)victim, job);
	return lost == 1 ? 1 : demo_fail("that is not one");
}

/* Collects reports until all jobs are done, and kills the one that stops. */
static int collect(struct mail *m, pid_t *victim)
{
	struct ipcx_recv_message message = { 0 };
	struct ipcx_deadline deadline;
	pid_t killed = 0;
	struct report r;
	int again = 0;
	int ret = 0;

	message.data = (uintptr_t)&r;
	message.size = sizeof(r);
	while (m->left && !ret) {
		deadline = ipcx_deadline_in((again ? DEMO_PATIENCE_S : 1) *
					    DEMO_NS_PER_S);
		ret = ipcx_mailbox_receive_messages(m->inbox, &message, 1, NULL,
						    &deadline, NULL);
		if (ret == -ETIMEDOUT && killed && !again) {
			ret = send_again(m, killed);
			again = ret > 0;
			ret = ret < 0 ? ret : 0;
		} else if (ret == -ETIMEDOUT && !again) {
			ret = 0;
		} else if (ret) {
			return demo_error("waiting for reports", ret);
		} else if (r.sum) {
			ret = book(m, &r);
		} else {
			killed = message.out_pid;
			demo_kill(victim, 1);
			demo_say("process %d, with a job in its hands, got "
				 "SIGKILL",
				 (int)killed);
		}
	}
	if (!ret && (!again || *victim))
		ret = demo_fail("nobody was killed");
	return ret;
}

/* ---- The workers --------------------------------------------------------- */

/* Takes jobs, and reports them to the process that has put them in. */
static int work(void *arg)
{
	struct ipcx_recv_message message = { 0 };
	unsigned char text[LINE_MAX];
	struct mail *m = arg;
	struct ipcx_mailbox *to;
	uint32_t done = 0, others = 0;
	int ret;

	message.data = (uintptr_t)text;
	message.size = sizeof(text);
	ret = ipcx_inbox_find(m->demo->ipcx, m->feeder, &to);
	while (!ret) {
		struct report r = { 0 };

		ret = ipcx_mailbox_receive_messages(m->jobs, &message, 1, NULL,
						    NULL, NULL);
		if (ret || !message.out_size)
			break;
		done++;
		r.job = (uint32_t)message.out_tag;
		r.urgent_late = message.out_priority == URGENT && others;
		others += message.out_priority != URGENT;
		if (!m->victim || done != VICTIMS_JOBS)
			r.sum = sum_up(text, message.out_size);
		ret = ipcx_mailbox_send(to, &r, sizeof(r));
		while (!ret && !r.sum)
			pause();
	}
	if (ret)
		return demo_error("worker", ret);
	demo_say("worker %d did %u jobs", (int)getpid(), done);
	return 0;
}

static int dismiss(struct mail *m, const pid_t *pids)
{
	int ret = 0;
	int i;

	for (i = 0; i < WORKERS - 1 && !ret; i++)
		ret = ipcx_mailbox_send(m->jobs, "", 0);
	if (ret)
		return demo_error("dismissing the workers", ret);
	return demo_join(pids, WORKERS - 1);
}

static int run_processes(struct mail *m)
{
	pid_t pids[WORKERS];
	int ret;
	int i;

	pids[0] = demo_fork(try_mqueue, m);
	if (demo_join(pids, 1))
		return -1;
	for (i = 0; i < WORKERS; i++) {
		m->victim = i == WORKERS - 1;
		pids[i] = demo_fork(work, m);
	}
	ret = collect(m, &pids[WORKERS - 1]);
	if (!ret)
		ret = dismiss(m, pids);
	if (ret) {
		demo_kill(pids, WORKERS);
		return -1;
	}
	demo_say("%u jobs, each reported once; the sum is %s; %u urgent ones "
		 "came late",
		 m->n, m->sum == m->expected ? "right" : "WRONG", m->late);
	/* The one that was sent again may be urgent. */
	return m->sum == m->expected && m->late <= 1 ?
		       0 :
		       demo_fail("that is not what was to be done");
}

static int create(struct mail *m)
{
	struct ipcx_mailbox_config config = { .flags = IPCX_CREATE_F_EXCL };
	int ret;

	ret = ipcx_mailbox_create(m->demo->ipcx, "/demo.mail.jobs", &config,
				  &m->jobs);
	if (!ret)
		ret = ipcx_inbox_open(m->demo->ipcx, NULL, &m->inbox);
	if (ret)
		return demo_error("creating the mailbox and the inbox", ret);
	demo_keep(m->demo, ipcx_mailbox_fd(m->jobs));
	m->feeder = getpid();
	return fill(m);
}

int demo_mail(struct demo *demo, struct demo_result *res)
{
	static struct mail m;
	uint64_t since = demo_now();
	int ret;

	m.demo = demo;
	demo_say("Lines of the input are jobs in a mailbox with its defaults; "
		 "one of %d",
		 URGENT_EACH);
	demo_say("is urgent. %d workers report each job to process %d, by its "
		 "pid.",
		 WORKERS, (int)getpid());
	ret = create(&m);
	if (!ret)
		ret = run_processes(&m);
	ipcx_mailbox_free(m.jobs);
	ipcx_mailbox_free(m.inbox);
	snprintf(res->result, sizeof(res->result), "%s",
		 ret ? "not as promised" : "each once, urgent ones first");
	snprintf(res->figure, sizeof(res->figure), "%u jobs in %.2f s", m.n,
		 demo_seconds(since));
	return ret;
}
