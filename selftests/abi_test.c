// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout of the interface, as numbers that must never change, and the same
 * for 32-bit programs.  What breaks it does not compile; running it asks the
 * kernel whether it means the same.
 *
 * Rows: L4 L5. Classes: V16 V17 (no holes: the sizes of the fields add up).
 */
#include "ipcx_test.h"

#define SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size), "size of " #type)
#define FIELD(type, field, offset, size)                                    \
	_Static_assert(offsetof(struct type, field) == (offset) &&          \
			       sizeof(((struct type *)0)->field) == (size), \
		       #type "." #field)
#define VALUE(name, value) _Static_assert((name) == (value), #name)

SIZE(ipcx_info, 32);
FIELD(ipcx_info, flags, 0, 4);
FIELD(ipcx_info, out_abi_version, 4, 4);
FIELD(ipcx_info, out_features, 8, 8);
FIELD(ipcx_info, out_max_region, 16, 8);
FIELD(ipcx_info, out_max_value, 24, 4);
FIELD(ipcx_info, out_name_size, 28, 4);

SIZE(ipcx_open, 88);
FIELD(ipcx_open, name, 0, 64);
FIELD(ipcx_open, type, 64, 4);
FIELD(ipcx_open, rights, 68, 4);
FIELD(ipcx_open, flags, 72, 4);
FIELD(ipcx_open, out_fd, 76, 4);
FIELD(ipcx_open, out_type, 80, 4);
FIELD(ipcx_open, out_id, 84, 4);

SIZE(ipcx_unlink, 72);
FIELD(ipcx_unlink, name, 0, 64);
FIELD(ipcx_unlink, flags, 64, 4);
FIELD(ipcx_unlink, __reserved, 68, 4);

SIZE(ipcx_reduce, 16);
FIELD(ipcx_reduce, rights, 0, 4);
FIELD(ipcx_reduce, flags, 4, 4);
FIELD(ipcx_reduce, out_fd, 8, 4);
FIELD(ipcx_reduce, __reserved, 12, 4);

SIZE(ipcx_destroy, 8);
FIELD(ipcx_destroy, flags, 0, 4);
FIELD(ipcx_destroy, __reserved, 4, 4);

SIZE(ipcx_stat, 136);
FIELD(ipcx_stat, flags, 0, 4);
FIELD(ipcx_stat, out_type, 4, 4);
FIELD(ipcx_stat, out_id, 8, 4);
FIELD(ipcx_stat, out_rights, 12, 4);
FIELD(ipcx_stat, out_mode, 16, 4);
FIELD(ipcx_stat, out_uid, 20, 4);
FIELD(ipcx_stat, out_gid, 24, 4);
FIELD(ipcx_stat, out_flags, 28, 4);
FIELD(ipcx_stat, out_handles, 32, 4);
FIELD(ipcx_stat, out_holders, 36, 4);
FIELD(ipcx_stat, out_waiters, 40, 4);
FIELD(ipcx_stat, __reserved, 44, 4);
FIELD(ipcx_stat, out_bytes, 48, 8);
FIELD(ipcx_stat, out_age_ns, 56, 8);
FIELD(ipcx_stat, out_lease_ns, 64, 8);
FIELD(ipcx_stat, out_name, 72, 64);

SIZE(ipcx_set, 24);
FIELD(ipcx_set, flags, 0, 4);
FIELD(ipcx_set, mode, 4, 4);
FIELD(ipcx_set, uid, 8, 4);
FIELD(ipcx_set, gid, 12, 4);
FIELD(ipcx_set, lease_ns, 16, 8);

SIZE(ipcx_quota, 248);
FIELD(ipcx_quota, flags, 0, 4);
FIELD(ipcx_quota, __reserved, 4, 4);
FIELD(ipcx_quota, out_used, 8, 40);
FIELD(ipcx_quota, out_limit, 48, 40);
FIELD(ipcx_quota, out_denied, 88, 40);
FIELD(ipcx_quota, out_total_used, 128, 40);
FIELD(ipcx_quota, out_total_limit, 168, 40);
FIELD(ipcx_quota, out_total_denied, 208, 40);

SIZE(ipcx_sem_create, 120);
FIELD(ipcx_sem_create, name, 0, 64);
FIELD(ipcx_sem_create, flags, 64, 4);
FIELD(ipcx_sem_create, mode, 68, 4);
FIELD(ipcx_sem_create, rights, 72, 4);
FIELD(ipcx_sem_create, kind, 76, 4);
FIELD(ipcx_sem_create, initial, 80, 4);
FIELD(ipcx_sem_create, max, 84, 4);
FIELD(ipcx_sem_create, order, 88, 4);
FIELD(ipcx_sem_create, on_death, 92, 4);
FIELD(ipcx_sem_create, lease_ns, 96, 8);
FIELD(ipcx_sem_create, out_fd, 104, 4);
FIELD(ipcx_sem_create, out_flags, 108, 4);
FIELD(ipcx_sem_create, out_id, 112, 4);
FIELD(ipcx_sem_create, __reserved, 116, 4);

SIZE(ipcx_sem_wait, 32);
FIELD(ipcx_sem_wait, units, 0, 4);
FIELD(ipcx_sem_wait, clockid, 4, 4);
FIELD(ipcx_sem_wait, deadline, 8, 8);
FIELD(ipcx_sem_wait, flags, 16, 4);
FIELD(ipcx_sem_wait, out_dead_pid, 20, 4);
FIELD(ipcx_sem_wait, out_dead_units, 24, 4);
FIELD(ipcx_sem_wait, __reserved, 28, 4);

SIZE(ipcx_sem_post, 8);
FIELD(ipcx_sem_post, units, 0, 4);
FIELD(ipcx_sem_post, flags, 4, 4);

SIZE(ipcx_sem_handoff, 40);
FIELD(ipcx_sem_handoff, wait_fd, 0, 4);
FIELD(ipcx_sem_handoff, post_units, 4, 4);
FIELD(ipcx_sem_handoff, wait_units, 8, 4);
FIELD(ipcx_sem_handoff, clockid, 12, 4);
FIELD(ipcx_sem_handoff, deadline, 16, 8);
FIELD(ipcx_sem_handoff, flags, 24, 4);
FIELD(ipcx_sem_handoff, out_dead_pid, 28, 4);
FIELD(ipcx_sem_handoff, out_dead_units, 32, 4);
FIELD(ipcx_sem_handoff, __reserved, 36, 4);

SIZE(ipcx_sem_stat, 40);
FIELD(ipcx_sem_stat, flags, 0, 4);
FIELD(ipcx_sem_stat, out_value, 4, 4);
FIELD(ipcx_sem_stat, out_max, 8, 4);
FIELD(ipcx_sem_stat, out_held, 12, 4);
FIELD(ipcx_sem_stat, out_kind, 16, 4);
FIELD(ipcx_sem_stat, out_order, 20, 4);
FIELD(ipcx_sem_stat, out_on_death, 24, 4);
FIELD(ipcx_sem_stat, out_flags, 28, 4);
FIELD(ipcx_sem_stat, out_waiters, 32, 4);
FIELD(ipcx_sem_stat, out_deaths, 36, 4);

SIZE(ipcx_sem_attach, 8);
FIELD(ipcx_sem_attach, flags, 0, 4);
FIELD(ipcx_sem_attach, out_holder_id, 4, 4);

SIZE(ipcx_sem_consistent, 8);
FIELD(ipcx_sem_consistent, flags, 0, 4);
FIELD(ipcx_sem_consistent, __reserved, 4, 4);

SIZE(ipcx_region_create, 112);
FIELD(ipcx_region_create, name, 0, 64);
FIELD(ipcx_region_create, flags, 64, 4);
FIELD(ipcx_region_create, mode, 68, 4);
FIELD(ipcx_region_create, rights, 72, 4);
FIELD(ipcx_region_create, order, 76, 4);
FIELD(ipcx_region_create, size, 80, 8);
FIELD(ipcx_region_create, lease_ns, 88, 8);
FIELD(ipcx_region_create, out_fd, 96, 4);
FIELD(ipcx_region_create, out_flags, 100, 4);
FIELD(ipcx_region_create, out_id, 104, 4);
FIELD(ipcx_region_create, __reserved, 108, 4);

SIZE(ipcx_region_seal, 8);
FIELD(ipcx_region_seal, seals, 0, 4);
FIELD(ipcx_region_seal, flags, 4, 4);

SIZE(ipcx_region_lock, 24);
FIELD(ipcx_region_lock, mode, 0, 4);
FIELD(ipcx_region_lock, clockid, 4, 4);
FIELD(ipcx_region_lock, deadline, 8, 8);
FIELD(ipcx_region_lock, flags, 16, 4);
FIELD(ipcx_region_lock, out_dead_pid, 20, 4);

SIZE(ipcx_region_unlock, 8);
FIELD(ipcx_region_unlock, flags, 0, 4);
FIELD(ipcx_region_unlock, __reserved, 4, 4);

SIZE(ipcx_region_consistent, 8);
FIELD(ipcx_region_consistent, flags, 0, 4);
FIELD(ipcx_region_consistent, __reserved, 4, 4);

SIZE(ipcx_region_ring, 16);
FIELD(ipcx_region_ring, flags, 0, 4);
FIELD(ipcx_region_ring, __reserved, 4, 4);
FIELD(ipcx_region_ring, out_count, 8, 8);

SIZE(ipcx_region_wait, 32);
FIELD(ipcx_region_wait, since, 0, 8);
FIELD(ipcx_region_wait, deadline, 8, 8);
FIELD(ipcx_region_wait, clockid, 16, 4);
FIELD(ipcx_region_wait, flags, 20, 4);
FIELD(ipcx_region_wait, out_count, 24, 8);

SIZE(ipcx_region_stat, 56);
FIELD(ipcx_region_stat, flags, 0, 4);
FIELD(ipcx_region_stat, out_flags, 4, 4);
FIELD(ipcx_region_stat, out_size, 8, 8);
FIELD(ipcx_region_stat, out_resident, 16, 8);
FIELD(ipcx_region_stat, out_rings, 24, 8);
FIELD(ipcx_region_stat, out_seals, 32, 4);
FIELD(ipcx_region_stat, out_writable_maps, 36, 4);
FIELD(ipcx_region_stat, out_readers, 40, 4);
FIELD(ipcx_region_stat, out_writer, 44, 4);
FIELD(ipcx_region_stat, out_order, 48, 4);
FIELD(ipcx_region_stat, out_inconsistent, 52, 4);

SIZE(ipcx_mailbox_create, 128);
FIELD(ipcx_mailbox_create, name, 0, 64);
FIELD(ipcx_mailbox_create, flags, 64, 4);
FIELD(ipcx_mailbox_create, mode, 68, 4);
FIELD(ipcx_mailbox_create, rights, 72, 4);
FIELD(ipcx_mailbox_create, order, 76, 4);
FIELD(ipcx_mailbox_create, when_full, 80, 4);
FIELD(ipcx_mailbox_create, max_messages, 84, 4);
FIELD(ipcx_mailbox_create, max_size, 88, 4);
FIELD(ipcx_mailbox_create, __reserved, 92, 4);
FIELD(ipcx_mailbox_create, max_bytes, 96, 8);
FIELD(ipcx_mailbox_create, lease_ns, 104, 8);
FIELD(ipcx_mailbox_create, out_fd, 112, 4);
FIELD(ipcx_mailbox_create, out_flags, 116, 4);
FIELD(ipcx_mailbox_create, out_id, 120, 4);
FIELD(ipcx_mailbox_create, __reserved2, 124, 4);

SIZE(ipcx_send_message, 48);
FIELD(ipcx_send_message, data, 0, 8);
FIELD(ipcx_send_message, size, 8, 4);
FIELD(ipcx_send_message, flags, 12, 4);
FIELD(ipcx_send_message, tag, 16, 8);
FIELD(ipcx_send_message, priority, 24, 4);
FIELD(ipcx_send_message, nr_fds, 28, 4);
FIELD(ipcx_send_message, lifetime_ns, 32, 8);
FIELD(ipcx_send_message, fds, 40, 8);

SIZE(ipcx_mailbox_send, 32);
FIELD(ipcx_mailbox_send, messages, 0, 8);
FIELD(ipcx_mailbox_send, count, 8, 4);
FIELD(ipcx_mailbox_send, when_full, 12, 4);
FIELD(ipcx_mailbox_send, deadline, 16, 8);
FIELD(ipcx_mailbox_send, clockid, 24, 4);
FIELD(ipcx_mailbox_send, flags, 28, 4);

SIZE(ipcx_recv_message, 96);
FIELD(ipcx_recv_message, data, 0, 8);
FIELD(ipcx_recv_message, size, 8, 4);
FIELD(ipcx_recv_message, flags, 12, 4);
FIELD(ipcx_recv_message, fds, 16, 8);
FIELD(ipcx_recv_message, nr_fds, 24, 4);
FIELD(ipcx_recv_message, __reserved, 28, 4);
FIELD(ipcx_recv_message, out_data, 32, 8);
FIELD(ipcx_recv_message, out_id, 40, 8);
FIELD(ipcx_recv_message, out_tag, 48, 8);
FIELD(ipcx_recv_message, out_sent_ns, 56, 8);
FIELD(ipcx_recv_message, out_size, 64, 4);
FIELD(ipcx_recv_message, out_nr_fds, 68, 4);
FIELD(ipcx_recv_message, out_priority, 72, 4);
FIELD(ipcx_recv_message, out_pid, 76, 4);
FIELD(ipcx_recv_message, out_uid, 80, 4);
FIELD(ipcx_recv_message, out_gid, 84, 4);
FIELD(ipcx_recv_message, out_flags, 88, 4);
FIELD(ipcx_recv_message, __reserved2, 92, 4);

SIZE(ipcx_mailbox_recv, 56);
FIELD(ipcx_mailbox_recv, messages, 0, 8);
FIELD(ipcx_mailbox_recv, count, 8, 4);
FIELD(ipcx_mailbox_recv, flags, 12, 4);
FIELD(ipcx_mailbox_recv, deadline, 16, 8);
FIELD(ipcx_mailbox_recv, clockid, 24, 4);
FIELD(ipcx_mailbox_recv, match, 28, 4);
FIELD(ipcx_mailbox_recv, tag, 32, 8);
FIELD(ipcx_mailbox_recv, tag_arg, 40, 8);
FIELD(ipcx_mailbox_recv, index, 48, 4);
FIELD(ipcx_mailbox_recv, __reserved, 52, 4);

SIZE(ipcx_inbox_find, 16);
FIELD(ipcx_inbox_find, pid, 0, 4);
FIELD(ipcx_inbox_find, flags, 4, 4);
FIELD(ipcx_inbox_find, out_fd, 8, 4);
FIELD(ipcx_inbox_find, out_id, 12, 4);
SIZE(ipcx_mailbox_send_all, 48);
FIELD(ipcx_mailbox_send_all, message, 0, 8);
FIELD(ipcx_mailbox_send_all, mailboxes, 8, 8);
FIELD(ipcx_mailbox_send_all, count, 16, 4);
FIELD(ipcx_mailbox_send_all, when_full, 20, 4);
FIELD(ipcx_mailbox_send_all, deadline, 24, 8);
FIELD(ipcx_mailbox_send_all, clockid, 32, 4);
FIELD(ipcx_mailbox_send_all, flags, 36, 4);
FIELD(ipcx_mailbox_send_all, out_index, 40, 4);
FIELD(ipcx_mailbox_send_all, __reserved, 44, 4);

SIZE(ipcx_mailbox_stat, 136);
FIELD(ipcx_mailbox_stat, flags, 0, 4);
FIELD(ipcx_mailbox_stat, out_flags, 4, 4);
FIELD(ipcx_mailbox_stat, out_order, 8, 4);
FIELD(ipcx_mailbox_stat, out_when_full, 12, 4);
FIELD(ipcx_mailbox_stat, out_max_messages, 16, 4);
FIELD(ipcx_mailbox_stat, out_max_size, 20, 4);
FIELD(ipcx_mailbox_stat, out_max_bytes, 24, 8);
FIELD(ipcx_mailbox_stat, out_messages, 32, 4);
FIELD(ipcx_mailbox_stat, out_next_size, 36, 4);
FIELD(ipcx_mailbox_stat, out_bytes, 40, 8);
FIELD(ipcx_mailbox_stat, out_oldest_ns, 48, 8);
FIELD(ipcx_mailbox_stat, out_senders, 56, 4);
FIELD(ipcx_mailbox_stat, out_receivers, 60, 4);
FIELD(ipcx_mailbox_stat, out_readers, 64, 4);
FIELD(ipcx_mailbox_stat, out_share_messages, 68, 4);
FIELD(ipcx_mailbox_stat, out_share_bytes, 72, 8);
FIELD(ipcx_mailbox_stat, out_share_limit_bytes, 80, 8);
FIELD(ipcx_mailbox_stat, out_share_limit_messages, 88, 4);
FIELD(ipcx_mailbox_stat, out_share_denied, 92, 4);
FIELD(ipcx_mailbox_stat, out_sent, 96, 8);
FIELD(ipcx_mailbox_stat, out_received, 104, 8);
FIELD(ipcx_mailbox_stat, out_dropped, 112, 8);
FIELD(ipcx_mailbox_stat, out_expired, 120, 8);
FIELD(ipcx_mailbox_stat, out_refused, 128, 8);

SIZE(ipcx_channel_create, 112);
FIELD(ipcx_channel_create, name, 0, 64);
FIELD(ipcx_channel_create, flags, 64, 4);
FIELD(ipcx_channel_create, mode, 68, 4);
FIELD(ipcx_channel_create, rights, 72, 4);
FIELD(ipcx_channel_create, capacity, 76, 4);
FIELD(ipcx_channel_create, read_mark, 80, 4);
FIELD(ipcx_channel_create, write_mark, 84, 4);
FIELD(ipcx_channel_create, lease_ns, 88, 8);
FIELD(ipcx_channel_create, out_fd, 96, 4);
FIELD(ipcx_channel_create, out_flags, 100, 4);
FIELD(ipcx_channel_create, out_id, 104, 4);
FIELD(ipcx_channel_create, __reserved, 108, 4);

SIZE(ipcx_channel_open, 96);
FIELD(ipcx_channel_open, name, 0, 64);
FIELD(ipcx_channel_open, end, 64, 4);
FIELD(ipcx_channel_open, rights, 68, 4);
FIELD(ipcx_channel_open, flags, 72, 4);
FIELD(ipcx_channel_open, clockid, 76, 4);
FIELD(ipcx_channel_open, deadline, 80, 8);
FIELD(ipcx_channel_open, out_fd, 88, 4);
FIELD(ipcx_channel_open, out_id, 92, 4);

SIZE(ipcx_channel_write, 32);
FIELD(ipcx_channel_write, data, 0, 8);
FIELD(ipcx_channel_write, size, 8, 8);
FIELD(ipcx_channel_write, flags, 16, 4);
FIELD(ipcx_channel_write, clockid, 20, 4);
FIELD(ipcx_channel_write, deadline, 24, 8);

SIZE(ipcx_channel_read, 40);
FIELD(ipcx_channel_read, data, 0, 8);
FIELD(ipcx_channel_read, size, 8, 8);
FIELD(ipcx_channel_read, flags, 16, 4);
FIELD(ipcx_channel_read, clockid, 20, 4);
FIELD(ipcx_channel_read, deadline, 24, 8);
FIELD(ipcx_channel_read, out_size, 32, 4);
FIELD(ipcx_channel_read, __reserved, 36, 4);

SIZE(ipcx_channel_turn, 24);
FIELD(ipcx_channel_turn, op, 0, 4);
FIELD(ipcx_channel_turn, clockid, 4, 4);
FIELD(ipcx_channel_turn, deadline, 8, 8);
FIELD(ipcx_channel_turn, flags, 16, 4);
FIELD(ipcx_channel_turn, out_dead_pid, 20, 4);

SIZE(ipcx_channel_flush, 8);
FIELD(ipcx_channel_flush, flags, 0, 4);
FIELD(ipcx_channel_flush, __reserved, 4, 4);

SIZE(ipcx_channel_set, 16);
FIELD(ipcx_channel_set, flags, 0, 4);
FIELD(ipcx_channel_set, capacity, 4, 4);
FIELD(ipcx_channel_set, read_mark, 8, 4);
FIELD(ipcx_channel_set, write_mark, 12, 4);

SIZE(ipcx_channel_stat, 96);
FIELD(ipcx_channel_stat, flags, 0, 4);
FIELD(ipcx_channel_stat, out_end, 4, 4);
FIELD(ipcx_channel_stat, out_flags, 8, 4);
FIELD(ipcx_channel_stat, out_state, 12, 4);
FIELD(ipcx_channel_stat, out_capacity, 16, 4);
FIELD(ipcx_channel_stat, out_queued, 20, 4);
FIELD(ipcx_channel_stat, out_staged, 24, 4);
FIELD(ipcx_channel_stat, out_read_mark, 28, 4);
FIELD(ipcx_channel_stat, out_write_mark, 32, 4);
FIELD(ipcx_channel_stat, out_turn, 36, 4);
FIELD(ipcx_channel_stat, out_writer_handles, 40, 4);
FIELD(ipcx_channel_stat, out_reader_handles, 44, 4);
FIELD(ipcx_channel_stat, out_writers, 48, 4);
FIELD(ipcx_channel_stat, out_readers, 52, 4);
FIELD(ipcx_channel_stat, out_writer_pid, 56, 4);
FIELD(ipcx_channel_stat, out_reader_pid, 60, 4);
FIELD(ipcx_channel_stat, out_turns, 64, 8);
FIELD(ipcx_channel_stat, out_batches, 72, 8);
FIELD(ipcx_channel_stat, out_written, 80, 8);
FIELD(ipcx_channel_stat, out_read, 88, 8);

SIZE(ipcx_channel_words, 64);
FIELD(ipcx_channel_words, pos, 0, 4);
FIELD(ipcx_channel_words, next, 4, 4);
FIELD(ipcx_channel_words, passes, 8, 4);
FIELD(ipcx_channel_words, sleeps, 12, 4);
FIELD(ipcx_channel_words, gone, 16, 4);
FIELD(ipcx_channel_words, left, 20, 4);
FIELD(ipcx_channel_words, __reserved, 24, 40);

SIZE(ipcx_channel_wait, 24);
FIELD(ipcx_channel_wait, need, 0, 4);
FIELD(ipcx_channel_wait, clockid, 4, 4);
FIELD(ipcx_channel_wait, deadline, 8, 8);
FIELD(ipcx_channel_wait, flags, 16, 4);
FIELD(ipcx_channel_wait, __reserved, 20, 4);

SIZE(ipcx_channel_wake, 8);
FIELD(ipcx_channel_wake, flags, 0, 4);
FIELD(ipcx_channel_wake, __reserved, 4, 4);

VALUE(IPCX_IOC_INFO, 0xc020bb00U);
VALUE(IPCX_IOC_OPEN, 0xc058bb01U);
VALUE(IPCX_IOC_UNLINK, 0xc048bb02U);
VALUE(IPCX_IOC_REDUCE, 0xc010bb03U);
VALUE(IPCX_IOC_DESTROY, 0xc008bb04U);
VALUE(IPCX_IOC_STAT, 0xc088bb05U);
VALUE(IPCX_IOC_SET, 0xc018bb06U);
VALUE(IPCX_IOC_QUOTA, 0xc0f8bb07U);
VALUE(IPCX_IOC_SEM_CREATE, 0xc078bb10U);
VALUE(IPCX_IOC_SEM_WAIT, 0xc020bb11U);
VALUE(IPCX_IOC_SEM_POST, 0xc008bb12U);
VALUE(IPCX_IOC_SEM_HANDOFF, 0xc028bb13U);
VALUE(IPCX_IOC_SEM_STAT, 0xc028bb14U);
VALUE(IPCX_IOC_SEM_ATTACH, 0xc008bb15U);
VALUE(IPCX_IOC_SEM_CONSISTENT, 0xc008bb16U);
VALUE(IPCX_IOC_REGION_CREATE, 0xc070bb20U);
VALUE(IPCX_IOC_REGION_SEAL, 0xc008bb21U);
VALUE(IPCX_IOC_REGION_LOCK, 0xc018bb22U);
VALUE(IPCX_IOC_REGION_UNLOCK, 0xc008bb23U);
VALUE(IPCX_IOC_REGION_CONSISTENT, 0xc008bb24U);
VALUE(IPCX_IOC_REGION_RING, 0xc010bb25U);
VALUE(IPCX_IOC_REGION_WAIT, 0xc020bb26U);
VALUE(IPCX_IOC_REGION_STAT, 0xc038bb27U);
VALUE(IPCX_IOC_MAILBOX_CREATE, 0xc080bb30U);
VALUE(IPCX_IOC_MAILBOX_SEND, 0xc020bb31U);
VALUE(IPCX_IOC_MAILBOX_RECV, 0xc038bb32U);
VALUE(IPCX_IOC_MAILBOX_STAT, 0xc088bb33U);
VALUE(IPCX_IOC_INBOX_FIND, 0xc010bb34U);
VALUE(IPCX_IOC_MAILBOX_SEND_ALL, 0xc030bb35U);
VALUE(IPCX_IOC_CHANNEL_CREATE, 0xc070bb40U);
VALUE(IPCX_IOC_CHANNEL_OPEN, 0xc060bb41U);
VALUE(IPCX_IOC_CHANNEL_WRITE, 0xc020bb42U);
VALUE(IPCX_IOC_CHANNEL_READ, 0xc028bb43U);
VALUE(IPCX_IOC_CHANNEL_TURN, 0xc018bb44U);
VALUE(IPCX_IOC_CHANNEL_FLUSH, 0xc008bb45U);
VALUE(IPCX_IOC_CHANNEL_SET, 0xc010bb46U);
VALUE(IPCX_IOC_CHANNEL_STAT, 0xc060bb47U);
VALUE(IPCX_IOC_CHANNEL_WAIT, 0xc018bb48U);
VALUE(IPCX_IOC_CHANNEL_WAKE, 0xc008bb49U);

VALUE(IPCX_ABI_VERSION, 1);
VALUE(IPCX_NAME_SIZE, 64);
VALUE(IPCX_FOREVER, 0xffffffffffffffffULL);
VALUE(IPCX_SEM_VALUE_MAX, 0x3fffffffU);
VALUE(IPCX_SEM_WORD_SLEEPERS, 0x80000000U);
VALUE(IPCX_SEM_WORD_NOTIFY, 0x40000000U);
VALUE(IPCX_SEM_WORD_VALUE, 0x3fffffffU);
VALUE(IPCX_LOCK_WORD_SLEEPERS, 0x80000000U);
VALUE(IPCX_LOCK_WORD_NOTIFY, 0x40000000U);
VALUE(IPCX_LOCK_WORD_HOLDER_DEAD, 0x20000000U);
VALUE(IPCX_LOCK_WORD_HOLDER, 0x1fffffffU);
VALUE(IPCX_GENL_VERSION, 1);

VALUE(IPCX_TYPE_ANY, 0);
VALUE(IPCX_TYPE_SEM, 1);
VALUE(IPCX_TYPE_REGION, 2);
VALUE(IPCX_TYPE_MAILBOX, 3);
VALUE(IPCX_TYPE_CHANNEL, 4);

VALUE(IPCX_RIGHT_READ, 1);
VALUE(IPCX_RIGHT_WRITE, 2);
VALUE(IPCX_RIGHT_CONTROL, 4);
VALUE(IPCX_RIGHTS_MASK, 7);

VALUE(IPCX_CREATE_F_EXCL, 1);
VALUE(IPCX_CREATE_F_PERSISTENT, 2);
VALUE(IPCX_CREATE_F_MASK, 3);

VALUE(IPCX_CREATE_OUT_CREATED, 1);

VALUE(IPCX_FEATURE_SEM, 1);
VALUE(IPCX_FEATURE_REGION, 2);
VALUE(IPCX_FEATURE_HUGE, 4);
VALUE(IPCX_FEATURE_EXEC_DEATH, 8);
VALUE(IPCX_FEATURE_MAILBOX, 16);
VALUE(IPCX_FEATURE_CHANNEL, 32);

VALUE(IPCX_STAT_F_PERSISTENT, 1);
VALUE(IPCX_STAT_F_DEAD, 2);
VALUE(IPCX_STAT_F_NAMED, 4);

VALUE(IPCX_SET_F_MODE, 1);
VALUE(IPCX_SET_F_UID, 2);
VALUE(IPCX_SET_F_GID, 4);
VALUE(IPCX_SET_F_LEASE, 8);
VALUE(IPCX_SET_F_MASK, 15);

VALUE(IPCX_RESOURCE_OBJECTS, 0);
VALUE(IPCX_RESOURCE_HANDLES, 1);
VALUE(IPCX_RESOURCE_BYTES, 2);
VALUE(IPCX_RESOURCE_WAITERS, 3);
VALUE(IPCX_RESOURCE_FDS, 4);
VALUE(IPCX_RESOURCE_COUNT, 5);

VALUE(IPCX_SEM_PLAIN, 0);
VALUE(IPCX_SEM_OWNED, 1);
VALUE(IPCX_SEM_LOCK, 2);

VALUE(IPCX_ORDER_FIFO, 0);
VALUE(IPCX_ORDER_PRIO, 1);

VALUE(IPCX_DEATH_RETURN, 0);
VALUE(IPCX_DEATH_REPORT, 1);
VALUE(IPCX_DEATH_KEEP, 2);

VALUE(IPCX_SEM_F_BARGING, 65536);

VALUE(IPCX_REGION_F_RESERVE, 65536);
VALUE(IPCX_REGION_F_HUGE, 131072);
VALUE(IPCX_CHANNEL_F_TURN, 65536);
VALUE(IPCX_CHANNEL_F_STRICT, 131072);
VALUE(IPCX_CHANNEL_F_PACKET, 262144);
VALUE(IPCX_CHANNEL_NO_END, 0);
VALUE(IPCX_CHANNEL_WRITER, 1);
VALUE(IPCX_CHANNEL_READER, 2);
VALUE(IPCX_CHANNEL_FIRST, 1);
VALUE(IPCX_CHANNEL_SECOND, 2);
VALUE(IPCX_CHANNEL_OPEN_F_WAIT, 1);
VALUE(IPCX_CHANNEL_OPEN_F_SIGPIPE, 2);
VALUE(IPCX_CHANNEL_OPEN_F_DEATH, 4);
VALUE(IPCX_CHANNEL_WRITE_F_FLUSH, 1);
VALUE(IPCX_CHANNEL_WRITE_F_PASS, 2);
VALUE(IPCX_CHANNEL_WRITE_F_SIGPIPE, 4);
VALUE(IPCX_CHANNEL_READ_F_PEEK, 1);
VALUE(IPCX_CHANNEL_TURN_PASS, 0);
VALUE(IPCX_CHANNEL_TURN_TAKE, 1);
VALUE(IPCX_CHANNEL_SET_F_CAPACITY, 1);
VALUE(IPCX_CHANNEL_SET_F_READ_MARK, 2);
VALUE(IPCX_CHANNEL_SET_F_WRITE_MARK, 4);
VALUE(IPCX_CHANNEL_STAT_F_ASKED, 1);
VALUE(IPCX_CHANNEL_STAT_F_PASSED, 2);
VALUE(IPCX_CHANNEL_STAT_F_BATCH, 4);
VALUE(IPCX_CHANNEL_STAT_F_WRITER_KILLED, 8);
VALUE(IPCX_CHANNEL_STAT_F_READER_KILLED, 16);
VALUE(IPCX_CHANNEL_STAT_F_WRITER_MAPPED, 32);
VALUE(IPCX_CHANNEL_STAT_F_READER_MAPPED, 64);

VALUE(IPCX_CHANNEL_MAP_FIRST, 0);
VALUE(IPCX_CHANNEL_MAP_SECOND, 1);
VALUE(IPCX_CHANNEL_MAP_DATA, 2);
VALUE(IPCX_CHANNEL_CAPACITY_MAX, 1073741824);
VALUE(IPCX_CHANNEL_CAPACITY_DEFAULT, 65536);
VALUE(IPCX_CHANNEL_PACKET_HEAD, 8);
VALUE(IPCX_MAILBOX_F_NEED_RECEIVER, 65536);
VALUE(IPCX_MAILBOX_F_INBOX, 131072);
VALUE(IPCX_MAILBOX_F_FDS, 262144);
VALUE(IPCX_PRIORITY_MAX, 32767);
VALUE(IPCX_MAILBOX_MESSAGES_MAX, 65536);
VALUE(IPCX_BATCH_MAX, 1024);
VALUE(IPCX_MESSAGE_SIZE_MAX, 1073741824);
VALUE(IPCX_PARTS_MAX, 1024);
VALUE(IPCX_MESSAGE_FDS_MAX, 253);
VALUE(IPCX_SEND_ALL_MAX, 64);
VALUE(IPCX_FULL_DEFAULT, 0);
VALUE(IPCX_FULL_WAIT, 1);
VALUE(IPCX_FULL_FAIL, 2);
VALUE(IPCX_FULL_DROP, 3);
VALUE(IPCX_MESSAGE_F_PARTS, 1);
VALUE(IPCX_MESSAGE_F_MAP, 2);
VALUE(IPCX_MESSAGE_OUT_SENDER_GONE, 1);
VALUE(IPCX_MESSAGE_OUT_MAPPED, 2);
VALUE(IPCX_MATCH_ANY, 0);
VALUE(IPCX_MATCH_TAG, 1);
VALUE(IPCX_MATCH_MASK, 2);
VALUE(IPCX_MATCH_RANGE, 3);
VALUE(IPCX_MATCH_ID, 4);
VALUE(IPCX_RECV_F_PEEK, 1);

VALUE(IPCX_SEAL_WRITE, 1);
VALUE(IPCX_SEALS_MASK, 1);

VALUE(IPCX_LOCK_READ, 0);
VALUE(IPCX_LOCK_WRITE, 1);

VALUE(IPCX_CMD_UNSPEC, 0);
VALUE(IPCX_CMD_GET_OBJECT, 1);
VALUE(IPCX_CMD_GET_HOLDER, 2);
VALUE(IPCX_CMD_GET_WAITER, 3);

VALUE(IPCX_A_UNSPEC, 0);
VALUE(IPCX_A_PAD, 1);
VALUE(IPCX_A_ID, 2);
VALUE(IPCX_A_TYPE, 3);
VALUE(IPCX_A_NAME, 4);
VALUE(IPCX_A_UID, 5);
VALUE(IPCX_A_GID, 6);
VALUE(IPCX_A_MODE, 7);
VALUE(IPCX_A_FLAGS, 8);
VALUE(IPCX_A_HANDLES, 9);
VALUE(IPCX_A_HOLDERS, 10);
VALUE(IPCX_A_WAITERS, 11);
VALUE(IPCX_A_BYTES, 12);
VALUE(IPCX_A_AGE_NS, 13);
VALUE(IPCX_A_LEASE_NS, 14);
VALUE(IPCX_A_PID, 15);
VALUE(IPCX_A_TID, 16);
VALUE(IPCX_A_UNITS, 17);
VALUE(IPCX_A_PRIO, 18);
VALUE(IPCX_A_QUEUE, 19);
VALUE(IPCX_A_SEM_VALUE, 32);
VALUE(IPCX_A_SEM_MAX, 33);
VALUE(IPCX_A_SEM_HELD, 34);
VALUE(IPCX_A_SEM_KIND, 35);
VALUE(IPCX_A_SEM_ORDER, 36);
VALUE(IPCX_A_SEM_ON_DEATH, 37);
VALUE(IPCX_A_SEM_FLAGS, 38);
VALUE(IPCX_A_SEM_DEATHS, 39);
VALUE(IPCX_A_REGION_SIZE, 48);
VALUE(IPCX_A_REGION_RESIDENT, 49);
VALUE(IPCX_A_REGION_RINGS, 50);
VALUE(IPCX_A_REGION_SEALS, 51);
VALUE(IPCX_A_REGION_FLAGS, 52);
VALUE(IPCX_A_REGION_WRITABLE_MAPS, 53);
VALUE(IPCX_A_REGION_READERS, 54);
VALUE(IPCX_A_REGION_WRITER, 55);
VALUE(IPCX_A_REGION_INCONSISTENT, 56);
VALUE(IPCX_A_MAILBOX_MESSAGES, 64);
VALUE(IPCX_A_MAILBOX_BYTES, 65);
VALUE(IPCX_A_MAILBOX_MAX_MESSAGES, 66);
VALUE(IPCX_A_MAILBOX_MAX_BYTES, 67);
VALUE(IPCX_A_MAILBOX_MAX_SIZE, 68);
VALUE(IPCX_A_MAILBOX_OLDEST_NS, 69);
VALUE(IPCX_A_MAILBOX_SENT, 70);
VALUE(IPCX_A_MAILBOX_RECEIVED, 71);
VALUE(IPCX_A_MAILBOX_DROPPED, 72);
VALUE(IPCX_A_MAILBOX_EXPIRED, 73);
VALUE(IPCX_A_MAILBOX_REFUSED, 74);
VALUE(IPCX_A_MAILBOX_FLAGS, 75);
VALUE(IPCX_A_CHANNEL_CAPACITY, 80);
VALUE(IPCX_A_CHANNEL_QUEUED, 81);
VALUE(IPCX_A_CHANNEL_STAGED, 82);
VALUE(IPCX_A_CHANNEL_TURNS, 84);
VALUE(IPCX_A_CHANNEL_TURN, 83);
VALUE(IPCX_A_CHANNEL_BATCHES, 85);
VALUE(IPCX_A_CHANNEL_WRITTEN, 86);
VALUE(IPCX_A_CHANNEL_WRITER_HANDLES, 88);
VALUE(IPCX_A_CHANNEL_READ, 87);
VALUE(IPCX_A_CHANNEL_READER_HANDLES, 89);
VALUE(IPCX_A_CHANNEL_STATE, 90);
VALUE(IPCX_A_CHANNEL_FLAGS, 91);

/* 1 in a 32-bit program, whose twin is the 64-bit one, and the reverse. */
#define IS_32 (sizeof(long) == 4)

/* What the twin does: takes 2 units from one semaphore, gives 3 to another. */
static int be_peer(const char *ask, const char *answer)
{
	int dev = t_device();
	int from = t_open(dev, ask, IPCX_TYPE_SEM, IPCX_RIGHT_READ);
	int to = t_open(dev, answer, IPCX_TYPE_SEM, IPCX_RIGHT_WRITE);

	if (t_sem_p(from, 2, t_soon()))
		return 1;
	return t_sem_v(to, 3) ? 2 : 0;
}

static void __attribute__((constructor)) peer_main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "peer"))
		_exit(be_peer(argv[2], argv[3]));
}

static bool twin_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 4);

	if (n < 0)
		return false;
	path[n] = '\0';
	if (IS_32 && n > 3)
		path[n - 3] = '\0';
	else
		strcpy(path + n, "_32");
	return !access(path, X_OK);
}

FIXTURE(abi)
{
	int dev;
};

FIXTURE_SETUP(abi)
{
	self->dev = t_device();
	ASSERT_LE(0, self->dev);
}

FIXTURE_TEARDOWN(abi)
{
	close(self->dev);
}

/* Rows: L4. Classes: V17. */
TEST_F(abi, info_tells_the_version_and_limits_of_this_header)
{
	struct ipcx_info i;

	memset(&i, T_POISON, sizeof(i));
	i.flags = 0;
	ASSERT_EQ(0, t_ioctl(self->dev, IPCX_IOC_INFO, &i));
	EXPECT_EQ(IPCX_ABI_VERSION, i.out_abi_version);
	EXPECT_EQ(IPCX_SEM_VALUE_MAX, i.out_max_value);
	EXPECT_EQ(IPCX_NAME_SIZE, i.out_name_size);
	EXPECT_LT(0, i.out_max_region);
	EXPECT_GT(1ULL << 63, i.out_max_region);
	EXPECT_EQ(IPCX_FEATURE_SEM | IPCX_FEATURE_REGION |
			  IPCX_FEATURE_MAILBOX | IPCX_FEATURE_CHANNEL,
		  i.out_features &
			  (IPCX_FEATURE_SEM | IPCX_FEATURE_REGION |
			   IPCX_FEATURE_MAILBOX | IPCX_FEATURE_CHANNEL));
	EXPECT_EQ(0, i.out_features & ~(uint64_t)(IPCX_FEATURE_SEM |
						  IPCX_FEATURE_REGION |
						  IPCX_FEATURE_HUGE |
						  IPCX_FEATURE_EXEC_DEATH |
						  IPCX_FEATURE_MAILBOX |
						  IPCX_FEATURE_CHANNEL));
}

/* Rows: L4. */
TEST_F(abi, info_is_the_same_on_every_kind_of_descriptor)
{
	struct ipcx_info on_dev = {}, on_sem = {}, on_region = {};
	int sem = t_sem(self->dev, IPCX_SEM_PLAIN, 0, 1);
	int region = t_region(self->dev, 4096);

	ASSERT_LE(0, sem);
	ASSERT_LE(0, region);
	EXPECT_EQ(0, t_ioctl(self->dev, IPCX_IOC_INFO, &on_dev));
	EXPECT_EQ(0, t_ioctl(sem, IPCX_IOC_INFO, &on_sem));
	EXPECT_EQ(0, t_ioctl(region, IPCX_IOC_INFO, &on_region));
	EXPECT_EQ(0, memcmp(&on_dev, &on_sem, sizeof(on_dev)));
	EXPECT_EQ(0, memcmp(&on_dev, &on_region, sizeof(on_dev)));
}

/* Rows: L5. A 32-bit and a 64-bit process meet at two named semaphores. */
TEST_F(abi, programs_of_32_and_64_bit_work_with_each_other)
{
	char path[4096], ask[IPCX_NAME_SIZE], answer[IPCX_NAME_SIZE];
	struct ipcx_sem_create c;
	int from, to;
	pid_t pid;

	if (!twin_path(path, sizeof(path)))
		SKIP(return, "no program of the other word size beside this");
	t_sem_args(&c, t_name(ask, "ask"), IPCX_SEM_PLAIN, 0, 10);
	from = t_sem_create(self->dev, &c);
	ASSERT_LE(0, from);
	t_sem_args(&c, t_name(answer, "answer"), IPCX_SEM_PLAIN, 0, 10);
	to = t_sem_create(self->dev, &c);
	ASSERT_LE(0, to);
	pid = t_fork();
	if (!pid) {
		execl(path, path, "peer", ask, answer, NULL);
		_exit(99);
	}
	EXPECT_EQ(0, t_sem_v(from, 2));
	EXPECT_EQ(0, t_sem_p(to, 3, t_soon()));
	EXPECT_EQ(0, t_reap(pid));
	EXPECT_EQ(0, t_sem_value(from));
	EXPECT_EQ(0, t_sem_value(to));
}

TEST_HARNESS_MAIN
