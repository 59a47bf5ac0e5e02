/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that sleep, as rows of a table, and the processes that sleep in them.
 *
 * A row says how to make the object, how to make it so that the call has to
 * sleep, how to end the sleep, and what follows a death. What all rows have to
 * live through stands in sleep_matrix.h; a new call is one row more.
 */
#ifndef IPCX_SLEEP_CALLS_H
#define IPCX_SLEEP_CALLS_H

#include "ipcx_fd.h"

/* In place of a result: the sleeper is not served by that. */
#define SLEEP_STAYS 1

/**
 * struct sleep_obj - What is slept on
 * @dev: Device handle
 * @fd: The object; its name is @name
 * @other: A second object, or -1
 * @lib: What the library made of @fd, or NULL
 * @name: Name of the object
 * @since: What a listener has heard
 * @calls: How often the call was made, by anybody; shared
 */
struct sleep_obj {
	int dev;
	int fd;
	int other;
	void *lib;
	char name[IPCX_NAME_SIZE];
	uint64_t since;
	int *calls;
};

/**
 * struct sleep_call - A call that sleeps
 * @create: Make the object with that name: 0 or the error
 * @open: Make something of a descriptor of the object; may be NULL
 * @close: Close it again; NULL: close()
 * @hold: Called by a peer, before anybody sleeps; may be NULL
 * @block: The call: 0, or the negative errno
 * @give: Called by the peer, once: one sleeper has what it wants
 * @back: Called by who was served, with the result: the next one can be
 * @whole: Nothing is missing, and nothing held, after @give and all @back
 * @type: &enum ipcx_type_id of the object
 * @on_death: What the death of the peer that holds does to a sleeper
 * @after_taker: What the death of a taker does to the next sleeper
 * @no_deadline: Only a signal ends it early
 * @ledger: The kernel knows what a process has taken
 * @shared: One @give serves all who sleep
 * @barging: Who is given something tries for itself
 */
struct sleep_call {
	int (*create)(struct sleep_obj *o);
	int (*open)(struct sleep_obj *o);
	void (*close)(struct sleep_obj *o);
	int (*hold)(struct sleep_obj *o);
	int (*block)(struct sleep_obj *o, unsigned int clock,
		     unsigned long long deadline);
	int (*give)(struct sleep_obj *o);
	int (*back)(struct sleep_obj *o, int result);
	bool (*whole)(struct sleep_obj *o);
	unsigned int type;
	int on_death;
	int after_taker;
	bool no_deadline;
	bool ledger;
	bool shared;
	bool barging;
};

static inline void sleep_close(const struct sleep_call *call,
			       struct sleep_obj *o)
{
	if (call->close)
		call->close(o);
	else
		close(o->fd);
	o->fd = -1;
}

static inline int sleep_open(const struct sleep_call *call, struct sleep_obj *o)
{
	o->fd = t_open(o->dev, o->name, call->type, IPCX_RIGHTS_MASK);
	if (o->fd < 0)
		return o->fd;
	return call->open ? call->open(o) : 0;
}

static inline bool sleep_served(int result)
{
	return !result || result == -EOWNERDEAD;
}

static inline bool sleep_pin(pid_t pid)
{
	cpu_set_t first = { { 1 } };

	return !sched_setaffinity(pid, sizeof(first), &first);
}

/* ---- The peer: holds, gives, dies --------------------------------------- */

enum peer_order {
	PEER_HOLD,
	PEER_GIVE,
	PEER_GIVE_AND_KILL, /* before the one who is given it can run */
	PEER_CLOSE,
	PEER_OPEN,
	PEER_EXEC
};

struct peer_words {
	enum peer_order order;
	pid_t whom;
};

struct peer {
	pid_t pid;
	int ask, answer;
};

static inline int peer_give_and_kill(const struct sleep_call *call,
				     struct sleep_obj *o, pid_t whom)
{
	int r;

	if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param) { 50 }))
		return -errno;
	r = call->give(o);
	kill(whom, SIGKILL);
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param) { 0 });
	return r;
}

static inline int peer_obey(const struct sleep_call *call, struct sleep_obj *o,
			    const struct peer_words *words)
{
	switch (words->order) {
	case PEER_HOLD:
		return call->hold ? call->hold(o) : 0;
	case PEER_GIVE:
		return call->give(o);
	case PEER_GIVE_AND_KILL:
		return peer_give_and_kill(call, o, words->whom);
	case PEER_CLOSE:
		sleep_close(call, o);
		return 0;
	case PEER_OPEN:
		return sleep_open(call, o);
	case PEER_EXEC:
		/* Sleeps for a time that only a bug can reach. */
		execl("/bin/sleep", "sleep", "1000", NULL);
		return -errno;
	}
	return -EINVAL;
}

static inline bool peer_start(struct peer *peer, const struct sleep_call *call,
			      const struct sleep_obj *obj)
{
	struct sleep_obj o = *obj;
	struct peer_words words;
	int ask[2], answer[2], r;
	pid_t pid;

	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		return false;
	/* What the test has is shared with its children: they write to copies. */
	pid = t_fork();
	if (!pid) {
		while (read(ask[0], &words, sizeof(words)) == sizeof(words)) {
			r = peer_obey(call, &o, &words);
			if (write(answer[1], &r, sizeof(r)) != sizeof(r))
				break;
		}
		_exit(1);
	}
	close(ask[0]);
	close(answer[1]);
	peer->pid = pid;
	peer->ask = ask[1];
	peer->answer = answer[0];
	return pid > 0;
}

static inline bool peer_order(struct peer *peer, enum peer_order order,
			      pid_t whom)
{
	struct peer_words words = { order, whom };

	return write(peer->ask, &words, sizeof(words)) == sizeof(words);
}

static inline int peer_do(struct peer *peer, enum peer_order order, pid_t whom)
{
	int r;

	if (!peer_order(peer, order, whom))
		return -EPIPE;
	if (!(t_poll(peer->answer, POLLIN, T_LONG / T_MSEC) & POLLIN))
		return -ETIMEDOUT;
	return read(peer->answer, &r, sizeof(r)) == sizeof(r) ? r : -EPIPE;
}

static inline int peer_kill(struct peer *peer)
{
	int r = peer->pid > 0 ? t_kill(peer->pid) : 0;

	peer->pid = 0;
	close(peer->ask);
	close(peer->answer);
	return r;
}

/* ---- Those who sleep ---------------------------------------------------- */

/**
 * struct sleeper - A process that sleeps in the call
 * @pid: Who
 * @done: 1 when the call is over; shared, as what follows
 * @result: Its result
 * @back: Result of giving back
 * @ended: When it was over, on its clock
 */
struct sleeper {
	pid_t pid;
	struct sleeper_end {
		int done;
		int result;
		int back;
		unsigned long long ended;
	} * end;
};

static inline void sleeper_run(struct sleeper_end *end,
			       const struct sleep_call *call,
			       const struct sleep_obj *obj, unsigned int clock,
			       unsigned long long deadline)
{
	struct sleep_obj o = *obj;

	end->result = call->block(&o, clock, deadline);
	end->ended = t_now_on(clock);
	if (sleep_served(end->result))
		end->back = call->back(&o, end->result);
	T_STORE(&end->done, 1);
}

static inline void sleeper_start(struct sleeper *s,
				 const struct sleep_call *call,
				 struct sleep_obj *o, int sa_flags,
				 unsigned long long deadline)
{
	s->end = t_shared(sizeof(*s->end));
	s->pid = t_fork();
	if (s->pid)
		return;
	t_handle(SIGUSR1, sa_flags);
	sleeper_run(s->end, call, o, CLOCK_MONOTONIC, deadline);
	_exit(0);
}

/* Forever; true when it is the @nr-th that sleeps. */
static inline bool sleeper_sleeps(struct sleeper *s,
				  const struct sleep_call *call,
				  struct sleep_obj *o, int nr)
{
	sleeper_start(s, call, o, 0, IPCX_FOREVER);
	return T_UNTIL(t_waiters(o->fd) == nr);
}

/* Its result, when it has ended and given back; -ECANCELED: it has not. */
static inline int sleeper_end(struct sleeper *s)
{
	int r = t_reap(s->pid);

	s->pid = 0;
	if (r)
		return r < 0 ? r : -ECANCELED;
	return s->end->back ? s->end->back : s->end->result;
}

/* ---- Freezers ----------------------------------------------------------- */

#define FREEZER_ROOT "/sys/fs/cgroup/"
#define FREEZER_V1   "/tmp/ipcx-freezer/"

static inline int freezer_put(const char *dir, const char *file,
			      const char *text)
{
	char path[160];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static inline bool freezer_says(const char *dir, const char *file,
				const char *text)
{
	char path[160], content[256] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, content, sizeof(content) - 1) < 0)
		content[0] = '\0';
	close(fd);
	return strstr(content, text);
}

static inline int freezer_add(const char *dir, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return freezer_put(dir, "cgroup.procs", text);
}

#endif /* IPCX_SLEEP_CALLS_H */
