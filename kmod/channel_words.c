// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels: what the words say, and how they are moved.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "channel.h"

/* Who has the turn, and who is ahead because of that. */
static bool turns_make_sense(struct ipcx_channel_view *view)
{
	u32 more = view->passes[CHANNEL_FIRST] - view->passes[CHANNEL_SECOND];

	if (more)
		view->turn = CHANNEL_SECOND;
	if ((s32)view->queued < 0) {
		view->from = CHANNEL_SECOND;
		view->queued = -view->queued;
	}
	return more <= 1;
}

/*
 * An end that is behind has staged nothing: when it reads it moves where it writes
 * next first, and may be anywhere between the two.
 */
static void read_staged(const struct ipcx_channel *ch,
			struct ipcx_channel_view *view)
{
	int end;

	for (end = 0; end < CHANNEL_ENDS; end++)
		if (channel_end_writes(ch, end) && !channel_readable(view, end))
			view->staged[end] =
				READ_ONCE(ch->side[end].words->next) -
				view->pos[end];
}

static bool look_closely(const struct ipcx_channel *ch,
			 struct ipcx_channel_view *view)
{
	const struct ipcx_channel_side *a = &ch->side[CHANNEL_FIRST];
	const struct ipcx_channel_side *b = &ch->side[CHANNEL_SECOND];
	bool sane = true;
	u64 used;

	*view = (struct ipcx_channel_view) {};
	/* Before the others: so what was written before a turn is seen. */
	if (channel_turns(ch)) {
		view->passes[CHANNEL_FIRST] = channel_passes(a);
		view->passes[CHANNEL_SECOND] = channel_passes(b);
	}
	view->pos[CHANNEL_FIRST] = channel_pos(a);
	view->pos[CHANNEL_SECOND] = channel_pos(b);
	view->queued = view->pos[CHANNEL_FIRST] - view->pos[CHANNEL_SECOND];
	if (channel_turns(ch))
		sane = turns_make_sense(view);
	if (ch->flags & IPCX_CHANNEL_F_STRICT)
		read_staged(ch, view);
	used = (u64)view->queued + view->staged[CHANNEL_FIRST] +
	       view->staged[CHANNEL_SECOND];
	return sane && used <= ch->ring.capacity;
}

static bool have_moved(const struct ipcx_channel *ch,
		       const struct ipcx_channel_view *view)
{
	int end;

	for (end = 0; end < CHANNEL_ENDS; end++)
		if (view->pos[end] != channel_pos(&ch->side[end]) ||
		    (channel_turns(ch) &&
		     view->passes[end] != channel_passes(&ch->side[end])))
			return true;
	return false;
}

/* So often, for who moves them all the time does it to keep us here. */
#define LOOKS 16

/*
 * Nonsense: but where both ends are moved while they are looked at, which only who
 * is at neither of them can see, that is no contradiction.
 */
static noinline int look_again(const struct ipcx_channel *ch,
			       struct ipcx_channel_view *view)
{
	int i;

	for (i = 0; i < LOOKS && have_moved(ch, view); i++)
		if (look_closely(ch, view))
			return 0;
	view->queued = 0;
	memset(view->staged, 0, sizeof(view->staged));
	return -EPROTO;
}

/**
 * ipcx_channel_look_locked() - What do the words say, whatever they are?
 * @ch: The channel
 * @view: Gets it
 *
 * Behind channel_look_locked().
 *
 * Context: Under the object's lock.
 * Return: 0, or -EPROTO when they contradict themselves; there is nothing then.
 */
int ipcx_channel_look_locked(const struct ipcx_channel *ch,
			     struct ipcx_channel_view *view)
{
	lockdep_assert_held(&ch->obj.lock);

	return look_closely(ch, view) ? 0 : look_again(ch, view);
}

/**
 * ipcx_channel_publish_locked() - Let the other end see what was written
 * @ch: The channel
 * @end: Which end wrote it
 *
 * Context: Under the object's lock.
 */
void ipcx_channel_publish_locked(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];
	u32 pos, next;

	lockdep_assert_held(&ch->obj.lock);

	if (likely(!(ch->flags & IPCX_CHANNEL_F_STRICT)))
		return;
	pos = channel_pos(side);
	next = READ_ONCE(side->words->next);
	if (next == pos)
		return;
	/* What cannot be was not written. */
	if (next - pos > ch->ring.capacity) {
		WRITE_ONCE(side->words->next, pos);
		return;
	}
	channel_move(side, next);
	ch->batches++;
	ch->news |= CHANNEL_IN;
}

/**
 * ipcx_channel_pass_locked() - Hand over the turn
 * @ch: A channel with turns
 * @end: Which end has it
 *
 * Context: Under the object's lock.
 */
void ipcx_channel_pass_locked(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_side *side = &ch->side[end];

	ipcx_channel_publish_locked(ch, end);
	side->orphaned = false;
	/* Behind what was written before. */
	smp_store_release(&side->words->passes, channel_passes(side) + 1);
	ch->news |= CHANNEL_IN | CHANNEL_OUT;
}

/**
 * ipcx_channel_turn_is_at_locked() - Has this end the turn?
 * @ch: The channel
 * @end: The end
 *
 * Context: Under the object's lock.
 * Return: True when it has, perhaps only when it has read.
 */
bool ipcx_channel_turn_is_at_locked(struct ipcx_channel *ch, int end)
{
	struct ipcx_channel_view view;

	return channel_turns(ch) && !channel_look_locked(ch, &view) &&
	       view.turn == end;
}

/**
 * ipcx_channel_inherit_locked() - An end goes: let the other one have the turn
 * @ch: The channel
 * @end: Which end goes
 * @died: Its process has died, and the other one is to be told
 *
 * Context: Under the object's lock.
 * Return: True when @end had the turn, and there is somebody to have it.
 */
bool ipcx_channel_inherit_locked(struct ipcx_channel *ch, int end, bool died)
{
	struct ipcx_channel_words *words = ch->side[end].words;

	if (!ch->side[!end].handles || !ipcx_channel_turn_is_at_locked(ch, end))
		return false;
	/* Before the turn: who sees that comes to ask about this. */
	if (died)
		WRITE_ONCE(words->left, READ_ONCE(words->passes) + 1);
	ipcx_channel_pass_locked(ch, end);
	return true;
}
