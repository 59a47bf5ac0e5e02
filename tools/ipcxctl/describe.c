// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects in words: a cell of a table, JSON, or a page. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "describe.h"

const char *const type_words[] = { "any",     "sem",	 "region",
				   "mailbox", "channel", NULL };
const char *const kind_words[] = { "plain", "owned", "lock", NULL };
const char *const order_words[] = { "fifo", "prio", NULL };
const char *const on_death_words[] = { "return", "report", "keep", NULL };

static const char *word(const char *const *words, uint64_t index)
{
	uint64_t i;

	for (i = 0; words[i]; i++)
		if (i == index)
			return words[i];
	return "unknown";
}

static const char *sem_kind(const struct record *object)
{
	return word(kind_words, object->value[IPCX_A_SEM_KIND]);
}

static const char *sem_order(const struct record *object)
{
	return word(order_words, object->value[IPCX_A_SEM_ORDER]);
}

static const char *sem_on_death(const struct record *object)
{
	return word(on_death_words, object->value[IPCX_A_SEM_ON_DEATH]);
}

static bool sem_barging(const struct record *object)
{
	return object->value[IPCX_A_SEM_FLAGS] & IPCX_SEM_F_BARGING;
}

static bool is_dead(const struct record *object)
{
	return object->value[IPCX_A_FLAGS] & IPCX_STAT_F_DEAD;
}

static bool is_persistent(const struct record *object)
{
	return object->value[IPCX_A_FLAGS] & IPCX_STAT_F_PERSISTENT;
}

static bool is_sealed(const struct record *object)
{
	return object->value[IPCX_A_REGION_SEALS] & IPCX_SEAL_WRITE;
}

static bool region_flag(const struct record *object, uint64_t flag)
{
	return object->value[IPCX_A_REGION_FLAGS] & flag;
}

static void sem_state(const struct record *object, char buffer[STATE_SIZE])
{
	const uint64_t *value = object->value;
	char max[48] = "", held[48] = "", deaths[48] = "";

	/* Where no maximum was asked for, there is none to tell. */
	if (value[IPCX_A_SEM_MAX] != IPCX_SEM_VALUE_MAX)
		snprintf(max, sizeof(max), "/%" PRIu64, value[IPCX_A_SEM_MAX]);
	if (value[IPCX_A_SEM_HELD])
		snprintf(held, sizeof(held), ", %" PRIu64 " held",
			 value[IPCX_A_SEM_HELD]);
	if (value[IPCX_A_SEM_DEATHS])
		snprintf(deaths, sizeof(deaths), ", %" PRIu64 " died",
			 value[IPCX_A_SEM_DEATHS]);
	snprintf(buffer, STATE_SIZE, "%" PRIu64 "%s%s%s",
		 value[IPCX_A_SEM_VALUE], max, held, deaths);
}

static void region_state(const struct record *object, char buffer[STATE_SIZE])
{
	const uint64_t *value = object->value;
	char size[HUMAN_SIZE], readers[48] = "";

	if (value[IPCX_A_REGION_READERS])
		snprintf(readers, sizeof(readers), ", %" PRIu64 " reading",
			 value[IPCX_A_REGION_READERS]);
	snprintf(buffer, STATE_SIZE, "%s%s%s%s%s",
		 human_bytes(value[IPCX_A_REGION_SIZE], size), readers,
		 value[IPCX_A_REGION_WRITER] ? ", writing" : "",
		 value[IPCX_A_REGION_INCONSISTENT] ? ", inconsistent" : "",
		 is_sealed(object) ? ", sealed" : "");
}

static void mailbox_state(const struct record *object, char buffer[STATE_SIZE])
{
	const uint64_t *value = object->value;
	char bytes[HUMAN_SIZE], age[HUMAN_SIZE];

	snprintf(buffer, STATE_SIZE, "%s%" PRIu64 "/%" PRIu64 " messages",
		 value[IPCX_A_MAILBOX_FLAGS] & IPCX_MAILBOX_F_INBOX ?
			 "inbox, " :
			 "",
		 value[IPCX_A_MAILBOX_MESSAGES],
		 value[IPCX_A_MAILBOX_MAX_MESSAGES]);
	if (!value[IPCX_A_MAILBOX_MESSAGES])
		return;
	snprintf(buffer + strlen(buffer), STATE_SIZE - strlen(buffer),
		 ", %s bytes, oldest %s",
		 human_bytes(value[IPCX_A_MAILBOX_BYTES], bytes),
		 human_ns(value[IPCX_A_MAILBOX_OLDEST_NS], age));
}

static bool channel_flag(const struct record *object, uint64_t flag)
{
	return object->value[IPCX_A_CHANNEL_FLAGS] & flag;
}

/* Who writes: an end of a channel with turns has no better name. */
static const char *channel_turn(const struct record *object)
{
	return object->value[IPCX_A_CHANNEL_TURN] == IPCX_CHANNEL_FIRST ?
		       "first" :
		       "second";
}

static void channel_state(const struct record *object, char buffer[STATE_SIZE])
{
	const uint64_t *value = object->value;
	char queued[HUMAN_SIZE], capacity[HUMAN_SIZE], staged[64] = "";

	if (value[IPCX_A_CHANNEL_STAGED])
		snprintf(staged, sizeof(staged), ", %" PRIu64 " staged",
			 value[IPCX_A_CHANNEL_STAGED]);
	snprintf(buffer, STATE_SIZE, "%s/%s%s%s%s",
		 human_bytes(value[IPCX_A_CHANNEL_QUEUED], queued),
		 human_bytes(value[IPCX_A_CHANNEL_CAPACITY], capacity), staged,
		 channel_flag(object, IPCX_CHANNEL_F_TURN) ? ", turn: " : "",
		 channel_flag(object, IPCX_CHANNEL_F_TURN) ?
			 channel_turn(object) :
			 "");
}

const char *describe_state(const struct record *object, char buffer[STATE_SIZE])
{
	size_t length;

	buffer[0] = '\0';
	if (object->value[IPCX_A_TYPE] == IPCX_TYPE_SEM)
		sem_state(object, buffer);
	else if (object->value[IPCX_A_TYPE] == IPCX_TYPE_REGION)
		region_state(object, buffer);
	else if (object->value[IPCX_A_TYPE] == IPCX_TYPE_MAILBOX)
		mailbox_state(object, buffer);
	else if (object->value[IPCX_A_TYPE] == IPCX_TYPE_CHANNEL)
		channel_state(object, buffer);
	length = strlen(buffer);
	if (is_dead(object))
		snprintf(buffer + length, STATE_SIZE - length, "%sdestroyed",
			 length ? ", " : "");
	return buffer;
}

const char *describe_type(const struct record *object, char buffer[HUMAN_SIZE])
{
	uint64_t type = object->value[IPCX_A_TYPE];

	if (type >= IPCX_TYPE_SEM && type <= IPCX_TYPE_CHANNEL)
		snprintf(buffer, HUMAN_SIZE, "%s", type_words[type]);
	else
		snprintf(buffer, HUMAN_SIZE, "type %" PRIu64, type);
	return buffer;
}

const char *describe_kind(const struct record *object, char buffer[HUMAN_SIZE])
{
	if (object->value[IPCX_A_TYPE] != IPCX_TYPE_SEM)
		return describe_type(object, buffer);
	snprintf(buffer, HUMAN_SIZE, "%s", sem_kind(object));
	return buffer;
}

static void sem_json(const struct record *object)
{
	const uint64_t *value = object->value;

	json_open("sem", '{');
	json_string("kind", sem_kind(object));
	json_u64("value", value[IPCX_A_SEM_VALUE]);
	json_u64("max", value[IPCX_A_SEM_MAX]);
	json_u64("held", value[IPCX_A_SEM_HELD]);
	json_string("order", sem_order(object));
	json_string("on_death", sem_on_death(object));
	json_bool("barging", sem_barging(object));
	json_u64("deaths", value[IPCX_A_SEM_DEATHS]);
	json_close('}');
}

static void region_json(const struct record *object)
{
	const uint64_t *value = object->value;

	json_open("region", '{');
	json_u64("size", value[IPCX_A_REGION_SIZE]);
	json_u64("resident", value[IPCX_A_REGION_RESIDENT]);
	json_u64("rings", value[IPCX_A_REGION_RINGS]);
	json_bool("sealed", is_sealed(object));
	json_bool("reserved", region_flag(object, IPCX_REGION_F_RESERVE));
	json_bool("huge", region_flag(object, IPCX_REGION_F_HUGE));
	json_u64("writable_maps", value[IPCX_A_REGION_WRITABLE_MAPS]);
	json_u64("readers", value[IPCX_A_REGION_READERS]);
	json_bool("writer", value[IPCX_A_REGION_WRITER]);
	json_bool("inconsistent", value[IPCX_A_REGION_INCONSISTENT]);
	json_close('}');
}

static void mailbox_json(const struct record *object)
{
	const uint64_t *value = object->value;

	json_open("mailbox", '{');
	json_u64("messages", value[IPCX_A_MAILBOX_MESSAGES]);
	json_u64("payload_bytes", value[IPCX_A_MAILBOX_BYTES]);
	json_u64("max_messages", value[IPCX_A_MAILBOX_MAX_MESSAGES]);
	json_u64("max_bytes", value[IPCX_A_MAILBOX_MAX_BYTES]);
	json_u64("max_size", value[IPCX_A_MAILBOX_MAX_SIZE]);
	json_u64("oldest_ns", value[IPCX_A_MAILBOX_OLDEST_NS]);
	json_bool("need_receiver",
		  value[IPCX_A_MAILBOX_FLAGS] & IPCX_MAILBOX_F_NEED_RECEIVER);
	json_u64("sent", value[IPCX_A_MAILBOX_SENT]);
	json_u64("received", value[IPCX_A_MAILBOX_RECEIVED]);
	json_u64("dropped", value[IPCX_A_MAILBOX_DROPPED]);
	json_u64("expired", value[IPCX_A_MAILBOX_EXPIRED]);
	json_u64("refused", value[IPCX_A_MAILBOX_REFUSED]);
	json_close('}');
}

static void channel_json(const struct record *object)
{
	const uint64_t *value = object->value;

	json_open("channel", '{');
	json_u64("capacity", value[IPCX_A_CHANNEL_CAPACITY]);
	json_u64("queued", value[IPCX_A_CHANNEL_QUEUED]);
	json_u64("staged", value[IPCX_A_CHANNEL_STAGED]);
	json_bool("turns", channel_flag(object, IPCX_CHANNEL_F_TURN));
	json_bool("strict", channel_flag(object, IPCX_CHANNEL_F_STRICT));
	json_bool("packets", channel_flag(object, IPCX_CHANNEL_F_PACKET));
	json_u64("turn", value[IPCX_A_CHANNEL_TURN]);
	json_u64("turn_count", value[IPCX_A_CHANNEL_TURNS]);
	json_u64("batch_count", value[IPCX_A_CHANNEL_BATCHES]);
	json_u64("written", value[IPCX_A_CHANNEL_WRITTEN]);
	json_u64("read", value[IPCX_A_CHANNEL_READ]);
	json_u64("writer_handles", value[IPCX_A_CHANNEL_WRITER_HANDLES]);
	json_u64("reader_handles", value[IPCX_A_CHANNEL_READER_HANDLES]);
	json_close('}');
}

void describe_json(const struct record *object)
{
	const uint64_t *value = object->value;
	char type[HUMAN_SIZE], mode[HUMAN_SIZE];

	snprintf(mode, sizeof(mode), "%04" PRIo64, value[IPCX_A_MODE]);
	json_u64("id", value[IPCX_A_ID]);
	json_string("type", describe_type(object, type));
	json_string("name", object->name[0] ? object->name : NULL);
	json_u64("uid", value[IPCX_A_UID]);
	json_u64("gid", value[IPCX_A_GID]);
	json_string("mode", mode);
	json_bool("persistent", is_persistent(object));
	json_bool("destroyed", is_dead(object));
	json_u64("handle_count", value[IPCX_A_HANDLES]);
	json_u64("holder_count", value[IPCX_A_HOLDERS]);
	json_u64("waiter_count", value[IPCX_A_WAITERS]);
	json_u64("bytes", value[IPCX_A_BYTES]);
	json_u64("age_ns", value[IPCX_A_AGE_NS]);
	json_u64("lease_ns", value[IPCX_A_LEASE_NS]);
	if (value[IPCX_A_TYPE] == IPCX_TYPE_SEM)
		sem_json(object);
	else if (value[IPCX_A_TYPE] == IPCX_TYPE_REGION)
		region_json(object);
	else if (value[IPCX_A_TYPE] == IPCX_TYPE_MAILBOX)
		mailbox_json(object);
	else if (value[IPCX_A_TYPE] == IPCX_TYPE_CHANNEL)
		channel_json(object);
}

static void text_u64(const char *key, uint64_t value)
{
	printf("%-12s%" PRIu64 "\n", key, value);
}

static void sem_text(const struct record *object)
{
	const uint64_t *value = object->value;

	printf("%-12s%s%s, order %s\n", "kind", sem_kind(object),
	       sem_barging(object) ? ", barging" : "", sem_order(object));
	printf("%-12s%" PRIu64 " of %" PRIu64 "\n", "value",
	       value[IPCX_A_SEM_VALUE], value[IPCX_A_SEM_MAX]);
	if (value[IPCX_A_SEM_KIND] == IPCX_SEM_PLAIN)
		return;
	text_u64("held", value[IPCX_A_SEM_HELD]);
	printf("%-12s%s; %" PRIu64 " not reported yet\n", "on death",
	       sem_on_death(object), value[IPCX_A_SEM_DEATHS]);
}

static void region_text(const struct record *object)
{
	const uint64_t *value = object->value;

	printf("%-12s%" PRIu64 " bytes, %" PRIu64 " resident%s%s%s\n", "size",
	       value[IPCX_A_REGION_SIZE], value[IPCX_A_REGION_RESIDENT],
	       region_flag(object, IPCX_REGION_F_RESERVE) ? ", reserved" : "",
	       region_flag(object, IPCX_REGION_F_HUGE) ? ", huge pages" : "",
	       is_sealed(object) ? ", sealed" : "");
	text_u64("rings", value[IPCX_A_REGION_RINGS]);
	text_u64("writable", value[IPCX_A_REGION_WRITABLE_MAPS]);
	printf("%-12s%" PRIu64 " reading, %s%s\n", "lock",
	       value[IPCX_A_REGION_READERS],
	       value[IPCX_A_REGION_WRITER] ? "one writing" : "nobody writing",
	       value[IPCX_A_REGION_INCONSISTENT] ? "; inconsistent" : "");
}

static void mailbox_text(const struct record *object)
{
	const uint64_t *value = object->value;
	char text[HUMAN_SIZE];

	printf("%-12s%" PRIu64 " of %" PRIu64 "%s\n", "messages",
	       value[IPCX_A_MAILBOX_MESSAGES],
	       value[IPCX_A_MAILBOX_MAX_MESSAGES],
	       value[IPCX_A_MAILBOX_FLAGS] & IPCX_MAILBOX_F_NEED_RECEIVER ?
		       ", needs a receiver" :
		       "");
	printf("%-12s%" PRIu64 " of %" PRIu64 ", %" PRIu64 " in one message\n",
	       "payload", value[IPCX_A_MAILBOX_BYTES],
	       value[IPCX_A_MAILBOX_MAX_BYTES], value[IPCX_A_MAILBOX_MAX_SIZE]);
	if (value[IPCX_A_MAILBOX_MESSAGES])
		printf("%-12s%s\n", "oldest",
		       human_ns(value[IPCX_A_MAILBOX_OLDEST_NS], text));
	printf("%-12s%" PRIu64 " sent, %" PRIu64 " received, %" PRIu64
	       " dropped, %" PRIu64 " expired, %" PRIu64 " refused\n",
	       "so far", value[IPCX_A_MAILBOX_SENT],
	       value[IPCX_A_MAILBOX_RECEIVED], value[IPCX_A_MAILBOX_DROPPED],
	       value[IPCX_A_MAILBOX_EXPIRED], value[IPCX_A_MAILBOX_REFUSED]);
}

static void channel_text(const struct record *object)
{
	const uint64_t *value = object->value;
	bool turns = channel_flag(object, IPCX_CHANNEL_F_TURN);

	printf("%-12s%s%s%s\n", "kind", turns ? "turns" : "simplex",
	       channel_flag(object, IPCX_CHANNEL_F_STRICT) ? ", strict" : "",
	       channel_flag(object, IPCX_CHANNEL_F_PACKET) ? ", packets" : "");
	printf("%-12s%" PRIu64 " of %" PRIu64 " bytes to read, %" PRIu64
	       " staged\n",
	       "queued", value[IPCX_A_CHANNEL_QUEUED],
	       value[IPCX_A_CHANNEL_CAPACITY], value[IPCX_A_CHANNEL_STAGED]);
	printf("%-12s%" PRIu64 " for %s end, %" PRIu64 " for %s\n", "open",
	       value[IPCX_A_CHANNEL_WRITER_HANDLES],
	       turns ? "the first" : "the writer's",
	       value[IPCX_A_CHANNEL_READER_HANDLES],
	       turns ? "the second" : "the reader's");
	if (turns)
		printf("%-12s%s end; handed over %" PRIu64 " times\n", "turn",
		       channel_turn(object), value[IPCX_A_CHANNEL_TURNS]);
	printf("%-12s%" PRIu64 " written, %" PRIu64 " read, %" PRIu64
	       " batches\n",
	       "so far", value[IPCX_A_CHANNEL_WRITTEN],
	       value[IPCX_A_CHANNEL_READ], value[IPCX_A_CHANNEL_BATCHES]);
}

void describe_text(const struct record *object)
{
	const uint64_t *value = object->value;
	char text[HUMAN_SIZE], group[HUMAN_SIZE];

	text_u64("id", value[IPCX_A_ID]);
	printf("%-12s%s\n", "type", describe_type(object, text));
	printf("%-12s%s%s\n", "name", object->name[0] ? object->name : "-",
	       is_dead(object) ? " (destroyed)" : "");
	printf("%-12s%s:%s %04" PRIo64 "\n", "owner",
	       human_user((uint32_t)value[IPCX_A_UID], text),
	       human_group((uint32_t)value[IPCX_A_GID], group),
	       value[IPCX_A_MODE]);
	printf("%-12s%s", "life",
	       is_persistent(object) ? "persistent" : "as long as handles");
	if (value[IPCX_A_LEASE_NS])
		printf(", lease %s", human_ns(value[IPCX_A_LEASE_NS], text));
	putchar('\n');
	text_u64("handles", value[IPCX_A_HANDLES]);
	text_u64("bytes", value[IPCX_A_BYTES]);
	printf("%-12s%s\n", "age", human_ns(value[IPCX_A_AGE_NS], text));
	if (value[IPCX_A_TYPE] == IPCX_TYPE_SEM)
		sem_text(object);
	else if (value[IPCX_A_TYPE] == IPCX_TYPE_REGION)
		region_text(object);
	else if (value[IPCX_A_TYPE] == IPCX_TYPE_MAILBOX)
		mailbox_text(object);
	else if (value[IPCX_A_TYPE] == IPCX_TYPE_CHANNEL)
		channel_text(object);
}

const char *process_name(uint64_t pid, char buffer[COMM_SIZE])
{
	char path[64];
	FILE *file;

	snprintf(buffer, COMM_SIZE, "-");
	if (!pid)
		return buffer;
	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return buffer;
	if (fgets(buffer, COMM_SIZE, file))
		buffer[strcspn(buffer, "\n")] = '\0';
	else
		snprintf(buffer, COMM_SIZE, "-");
	fclose(file);
	return buffer;
}
