/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer: libFuzzer is the engine, an input is a program of operations on
 * /dev/ipcx, and what the module runs (KCOV) is the feedback.
 *
 * An input is a header and records of the same size. The header says who runs
 * the records: one thread; two, which share them; or a child process, which
 * gets the second half of them and may be killed at any time. Every record is
 * one operation. It is never wrong: what does not fit is taken modulo.
 *
 *   mutate.c   makes new programs of old ones
 *   program.c  runs a program, with its threads, children and timers
 *   calls.c    the ioctls, by a table of the fields of their structures
 *   files.c    the file operations;  memory.c  mappings and what is in them
 *   harness.c  what libFuzzer calls; that nothing is left behind
 *   cover.c    KCOV
 */
#ifndef IPCX_FUZZ_H
#define IPCX_FUZZ_H

#include <linux/ipcx.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define RECORDS_MAX 64

/* Modes of a program; what is larger than the last one is FUZZ_ALONE. */
enum fuzz_mode {
	FUZZ_ALONE,
	FUZZ_THREADS,
	FUZZ_CHILD,
	FUZZ_MODES,
};

/* Objects that are there when a program starts. */
#define PRESET_SEM     0x01
#define PRESET_OWNED   0x02
#define PRESET_LOCK    0x04
#define PRESET_REGION  0x08
#define PRESET_EPOLL   0x10
#define PRESET_MAPS    0x20
#define PRESET_MAILBOX 0x40
#define PRESET_CHANNEL 0x80

/* A descriptor that takes the slot of another one closes that. */
#define HEADER_REPLACE 0x01

#define ROUNDS_MAX 16

struct fuzz_header {
	uint8_t mode; /* enum fuzz_mode */
	uint8_t presets;
	uint8_t end; /* what becomes of a child: see program.c */
	uint8_t rounds; /* how many times the records are run, less one */
	uint8_t flags; /* HEADER_... */
	uint8_t unused[11];
};

struct fuzz_record {
	uint8_t op; /* enum fuzz_op */
	uint8_t a, b, c; /* slots, and which of several calls */
	uint8_t p[12];
};

struct fuzz_program {
	struct fuzz_header header;
	struct fuzz_record record[RECORDS_MAX];
};

#define INPUT_MAX sizeof(struct fuzz_program)

/* ----------------------------------------------------------- operations */

enum fuzz_op {
	OP_IOCTL,
	OP_RAW_IOCTL,
	OP_OPEN,
	OP_REOPEN,
	OP_CLOSE,
	OP_DUP,
	OP_PASS,
	OP_READ,
	OP_WRITE,
	OP_POLL,
	OP_EPOLL_CTL,
	OP_EPOLL_WAIT,
	OP_FCNTL,
	OP_FDINFO,
	OP_NETLINK,
	OP_SPLICE,
	OP_FILE,
	OP_MMAP,
	OP_MUNMAP,
	OP_MPROTECT,
	OP_MREMAP,
	OP_MADVISE,
	OP_STORE,
	OP_LOCK_WORD,
	OP_MEM,
	OP_STORM,
	OP_SIGNAL,
	OP_SCHED,
	OP_YIELD,
	OP_EXEC,
	OP_DROP,
	OPS,
};

/* Returns what the system call has: 0 or more, or -1 with errno. */
typedef long (*fuzz_fn)(const struct fuzz_record *r);

long op_ioctl(const struct fuzz_record *r);
long op_raw_ioctl(const struct fuzz_record *r);
long op_open(const struct fuzz_record *r);
long op_reopen(const struct fuzz_record *r);
long op_close(const struct fuzz_record *r);
long op_dup(const struct fuzz_record *r);
long op_pass(const struct fuzz_record *r);
long op_read(const struct fuzz_record *r);
long op_write(const struct fuzz_record *r);
long op_poll(const struct fuzz_record *r);
long op_epoll_ctl(const struct fuzz_record *r);
long op_epoll_wait(const struct fuzz_record *r);
long op_fcntl(const struct fuzz_record *r);
long op_fdinfo(const struct fuzz_record *r);
long op_netlink(const struct fuzz_record *r);
long op_splice(const struct fuzz_record *r);
long op_file(const struct fuzz_record *r);
long op_mmap(const struct fuzz_record *r);
long op_munmap(const struct fuzz_record *r);
long op_mprotect(const struct fuzz_record *r);
long op_mremap(const struct fuzz_record *r);
long op_madvise(const struct fuzz_record *r);
long op_store(const struct fuzz_record *r);
long op_lock_word(const struct fuzz_record *r);
long op_mem(const struct fuzz_record *r);
long op_storm(const struct fuzz_record *r);
long op_signal(const struct fuzz_record *r);
long op_sched(const struct fuzz_record *r);
long op_yield(const struct fuzz_record *r);
long op_exec(const struct fuzz_record *r);
long op_drop(const struct fuzz_record *r);

/* ---------------------------------------------------------------- slots */

#define SLOTS 16

enum slot_kind {
	SLOT_EMPTY,
	SLOT_DEVICE,
	SLOT_SEM,
	SLOT_REGION,
	SLOT_MAILBOX,
	SLOT_CHANNEL,
	SLOT_OTHER,
	SLOT_ANY,
};

/* Slot 0 always is a device handle. */
int slot_fd(unsigned int slot);
int slot_pick(unsigned int choice, enum slot_kind kind);
enum slot_kind slot_kind(unsigned int slot);
/* Descriptors that are not a program's, as one of garbage, are not taken. */
void slot_put(unsigned int slot, int fd, enum slot_kind kind);
void slot_close(unsigned int slot);
void slots_forget(void);

/* ---------------------------------------------------------------- lanes */

struct cover;

/* A thread, or a process, that runs records. */
struct fuzz_lane {
	struct cover *cover;
	int fail_fd; /* /proc/thread-self/fail-nth */
	unsigned int place; /* of its structures in places.good */
	unsigned int nth; /* what shall fail in this operation; 0: nothing */
	bool is_child;
	bool in_haste; /* nothing is waited for */
	bool in_company; /* others use the same files */
	bool has_timers;
	timer_t timer[2]; /* without and with SA_RESTART */
	volatile int storm_left;
	uint8_t stormy; /* which timers may be running */
	volatile bool guarded;
	sigjmp_buf guard;
	uint32_t holder_id; /* of the lock's word */
};

extern __thread struct fuzz_lane *lane;

/*
 * Signals at short intervals, until lane_quiet(); @restart: SA_RESTART. Who is
 * in company gets a few always: others may make a file block at any time.
 */
void lane_storm(long interval_ns, bool restart);
void lane_quiet(void);

/*
 * Between these the allocation, or the user copy, that the record says fails.
 * No signal comes meanwhile: where its frame cannot be copied, it kills. So
 * what may sleep for ever, or may fault, must not be in there.
 */
void lane_fail_begin(void);
void lane_fail_end(void);

/*
 * Does to memory what may fault: fuzz_guard(...) is true when it went well.
 * What stands in there is not repeated.
 */
#define fuzz_guard(...)                           \
	({                                        \
		bool well_ = false;               \
		if (!sigsetjmp(lane->guard, 0)) { \
			lane->guarded = true;     \
			__VA_ARGS__;              \
			well_ = true;             \
		}                                 \
		lane->guarded = false;            \
		well_;                            \
	})

/* --------------------------------------------------------------- memory */

#define WINDOWS	    8
#define WINDOW_SIZE (4UL << 20)

/* Where user pointers point to. */
struct fuzz_places {
	char *good; /* a page to read and write... */
	char *good_end; /* ...behind which there is nothing */
	char *read_only; /* the same page */
	char *nothing; /* faults */
	char *windows; /* where operations map things */
};

extern struct fuzz_places places;

void memory_init(void);
void memory_reset(void);
char *memory_window(unsigned int window);

/* ------------------------------------------------------------- the world */

/* What a worker opens once, for all programs. */
struct fuzz_world {
	int device;
	int pair[2]; /* sockets, to pass descriptors */
	int pipe[2];
	int netlink;
	int netlink_family;
	int mem; /* /proc/self/mem */
	int kmsg;
	int first_fd; /* descriptors of programs begin here */
	unsigned int uid;
};

extern struct fuzz_world world;

void calls_unlink_all(int device);
/* Makes the objects of the preset PRESET_*; @maps: such that can be mapped. */
void calls_preset(unsigned int preset, bool maps);
/* What the worker's user uses; -1 when it cannot be told. */
int calls_use(uint64_t use[4]);
uint64_t now_on(uint32_t clock);
void files_drain(void);
int netlink_open(void);

/* ------------------------------------------------------------- programs */

/* One thread more, which waits for programs that want it. */
void program_init(void);
/* Leaves nothing running; descriptors and mappings are the caller's to end. */
void program_run(const struct fuzz_program *program, unsigned int nr);
unsigned int calls_count(void);
const char *calls_name(unsigned int call);
/* Of the last operation of this lane: -1 when it was no ioctl. */
extern __thread int last_call;

/* ------------------------------------------------------------- coverage */

struct cover *cover_new(void);
void cover_init(void);
void cover_enable(struct cover *cover);
void cover_start(struct cover *cover);
/* Enters what was run since cover_start(). */
void cover_fold(struct cover *cover);
void cover_result(unsigned int op, unsigned int call, int error);

/* ------------------------------------------------------- shared with report */

#define EDGES	    65536
#define RING	    16
#define SHARED_PATH "/dev/shm/ipcx-fuzz."
#define CALLS_MAX   48
#define NAMED_MAX   512

struct fuzz_tally {
	uint64_t runs, good, ns;
};

/* A file, for who looks from outside, and after this process has died. */
struct fuzz_shared {
	uint64_t executions;
	uint64_t operations;
	uint64_t children;
	uint64_t threads;
	uint64_t killed;
	uint64_t ns, run_ns; /* in all, and for the operations */
	bool in_flight; /* a process has left something in pair, pipe, netlink */
	uint32_t nr_named; /* names that any process may have given */
	char named[NAMED_MAX][IPCX_NAME_SIZE];
	char op_name[OPS][16];
	char call_name[CALLS_MAX][24];
	struct fuzz_tally op[OPS];
	struct fuzz_tally call[CALLS_MAX];
	struct {
		uint32_t size;
		uint8_t data[INPUT_MAX];
	} input[RING]; /* the last ones: [executions % RING] is running */
	uint8_t edge[EDGES];
	uint8_t point[EDGES];
};

extern struct fuzz_shared *shared;

/* What libFuzzer calls, and what it has for us. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
				 const uint8_t *data2, size_t size2,
				 uint8_t *out, size_t max_out_size,
				 unsigned int seed);

#endif /* IPCX_FUZZ_H */
