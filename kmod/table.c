// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of objects. What they promise is in table.h.
 */
#include "table.h"

#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/rhashtable.h>
#include <linux/string.h>

static const struct rhashtable_params names_params = {
	.key_len = sizeof(struct ipcx_name),
	.key_offset = offsetof(struct ipcx_entry, name),
	.head_offset = offsetof(struct ipcx_entry, name_node),
	.automatic_shrinking = true,
};

static struct rhashtable names;

/* So that they come round while somebody looks on. */
static unsigned int max_id = INT_MAX;
module_param(max_id, uint, 0644);
MODULE_PARM_DESC(max_id, "Highest number that an object may get");

static struct ipcx_entry *node_to_entry(struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcx_entry, id_node);
}

/* The first entry with this number or a higher one. */
static struct ipcx_entry *ns_at_or_above_locked(struct ipcx_ns *ns, u32 id)
{
	struct rb_node *node = ns->objects.rb_node;
	struct ipcx_entry *entry, *found = NULL;

	lockdep_assert_held(&ns->lock);

	while (node) {
		entry = node_to_entry(node);
		if (entry->id >= id)
			found = entry;
		node = entry->id >= id ? node->rb_left : node->rb_right;
	}
	return found;
}

/*
 * The next number that is free, or 0 when all are taken. While there are fewer
 * objects than numbers one is free, so the search ends.
 */
static u32 ns_new_id_locked(struct ipcx_ns *ns)
{
	u32 max = clamp_t(u32, READ_ONCE(max_id), 1, INT_MAX);
	struct ipcx_entry *entry = NULL;
	u32 id = ns->last_id;

	lockdep_assert_held(&ns->lock);

	if (ns->nr >= max)
		return 0;
	do {
		if (id >= max) {
			id = 0;
			entry = NULL;
		}
		id++;
		entry = entry ? node_to_entry(rb_next(&entry->id_node)) :
				ns_at_or_above_locked(ns, id);
	} while (entry && entry->id == id);
	ns->last_id = id;
	return id;
}

static bool id_node_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct ipcx_entry, id_node)->id <
	       rb_entry(b, struct ipcx_entry, id_node)->id;
}

/**
 * ipcx_table_add() - Give an object its number
 * @entry: The entry, whole: others may find it from here on
 *
 * Context: Takes the lock of the namespace.
 * Return: 0, or -ENOSPC when all numbers are taken.
 */
int ipcx_table_add(struct ipcx_entry *entry)
{
	struct ipcx_ns *ns = entry->name.ns;
	int r = -ENOSPC;

	spin_lock(&ns->lock);
	entry->id = ns_new_id_locked(ns);
	if (entry->id) {
		kref_get(&entry->ref); /* The table's. */
		rb_add(&entry->id_node, &ns->objects, id_node_before);
		ns->nr++;
		r = 0;
	}
	spin_unlock(&ns->lock);
	return r;
}

/**
 * ipcx_table_del() - Take an object out of the table of numbers
 * @entry: The entry, which is in it; the table's reference is the caller's now
 *
 * Context: Takes the lock of the namespace.
 */
void ipcx_table_del(struct ipcx_entry *entry)
{
	struct ipcx_ns *ns = entry->name.ns;

	spin_lock(&ns->lock);
	rb_erase(&entry->id_node, &ns->objects);
	ns->nr--;
	spin_unlock(&ns->lock);
}

/**
 * ipcx_table_next() - Walk through the objects by number
 * @ns: In which namespace
 * @id: The first number to look at
 *
 * Context: Takes the lock of the namespace.
 * Return: A reference to an entry that may be dying, or NULL at the end.
 */
struct ipcx_entry *ipcx_table_next(struct ipcx_ns *ns, u32 id)
{
	struct ipcx_entry *entry;

	spin_lock(&ns->lock);
	entry = ns_at_or_above_locked(ns, id);
	if (entry)
		kref_get(&entry->ref);
	spin_unlock(&ns->lock);
	return entry;
}

/*
 * About the two data_race() below. The functions of rhashtable, inline here,
 * read a bucket plainly while they hold it (rcu_dereference_protected()), which
 * is done by bit 0 of that bucket. Who wants to hold it too, one of us or the
 * table's worker, tries to set that bit, which is set: the word does not change,
 * so every read is whole and right. Entries of ours are touched under rules of
 * their own and outside of here; lookups read what is marked.
 */

/**
 * ipcx_table_add_name() - Let others find an object by its name
 * @entry: The entry
 *
 * Context: Sleeps.
 * Return: 0, -EEXIST, or -ENOMEM.
 */
int ipcx_table_add_name(struct ipcx_entry *entry)
{
	/* Under the bucket's bit: see above. */
	return data_race(rhashtable_lookup_insert_fast(
		&names, &entry->name_node, names_params));
}

/**
 * ipcx_table_del_name() - Take a name out of the table
 * @entry: The entry, whose name is in it
 *
 * Context: Any.
 */
void ipcx_table_del_name(struct ipcx_entry *entry)
{
	/* Under the bucket's bit: see above. */
	data_race(rhashtable_remove_fast(&names, &entry->name_node,
					 names_params));
}

/**
 * ipcx_table_find_name() - An object by its name
 * @ns: In which namespace
 * @name: The name, filled up with NULs
 *
 * Context: Any.
 * Return: A reference to an entry that may be dying, or NULL.
 */
struct ipcx_entry *ipcx_table_find_name(struct ipcx_ns *ns, const char *name)
{
	struct ipcx_entry *entry;
	struct ipcx_name key;

	memset(&key, 0, sizeof(key));
	key.ns = ns;
	memcpy(key.name, name, IPCX_NAME_SIZE);
	rcu_read_lock();
	entry = rhashtable_lookup(&names, &key, names_params);
	if (entry && !kref_get_unless_zero(&entry->ref))
		entry = NULL;
	rcu_read_unlock();
	return entry;
}

/**
 * ipcx_ns_init() - Make an empty table of numbers
 * @ns: The namespace's record
 * @net: The namespace
 *
 * Context: Before the namespace is used.
 */
void ipcx_ns_init(struct ipcx_ns *ns, struct net *net)
{
	ns->net = net;
	spin_lock_init(&ns->lock);
	ns->objects = RB_ROOT;
	ns->nr = 0;
	ns->last_id = 0;
}

/**
 * ipcx_table_init() - Make the table of names
 *
 * Context: Module init.
 * Return: 0 or -ENOMEM.
 */
int ipcx_table_init(void)
{
	return rhashtable_init(&names, &names_params);
}

/**
 * ipcx_table_exit() - Free the table of names
 *
 * Context: Module exit; no object is left.
 */
void ipcx_table_exit(void)
{
	rhashtable_destroy(&names);
}
