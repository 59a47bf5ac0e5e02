// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mailboxes: files in messages.
 *
 * No cycle. A message keeps its files, a mailbox its messages, and a handle its
 * mailbox. If a file could keep a handle of the mailbox in which it lies, nobody
 * might ever close the last one. So no file is taken that keeps files which user
 * space gives it: those of objects that carry files, sockets of AF_UNIX,
 * io_uring, binder; and none that waits for others, which is epoll. What is left
 * keeps no handle, so whatever lies in mailboxes keeps none either.
 */
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "handle.h"
#include "mailbox.h"

static bool file_is_unix_socket(struct file *file)
{
	struct socket *sock = sock_from_file(file);

	return sock && READ_ONCE(sock->ops)->family == PF_UNIX;
}

/*
 * Files of the kernel's own that have no inode of their own are told apart by
 * their name, which nobody can give to another file: it has no directory.
 */
static bool file_is_anonymous(const struct file *file, const char *name)
{
	return file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !strcmp(file->f_path.dentry->d_name.name, name);
}

static bool file_carries(const struct ipcx_handle *handle, struct file *file)
{
	return ipcx_handle_carries(handle, file) || file_is_unix_socket(file) ||
	       file_is_anonymous(file, "[io_uring]") ||
	       file_is_anonymous(file, "[eventpoll]") ||
	       file_inode(file)->i_sb->s_magic == BINDERFS_SUPER_MAGIC;
}

/* A file that may travel, with a reference, or an ERR_PTR. */
static struct file *file_to_send(const struct ipcx_handle *handle,
				 const s32 __user *ufd)
{
	struct file *file;
	s32 fd;

	if (get_user(fd, ufd))
		return ERR_PTR(-EFAULT);
	file = fget_raw(fd);
	if (!file)
		return ERR_PTR(-EBADF);
	if (!file_carries(handle, file))
		return file;
	fput(file);
	return ERR_PTR(-ELOOP);
}

/**
 * ipcx_mailbox_attach_files() - Give files to a message
 * @handle: Through which it is sent
 * @msg: The message, which nobody else has seen yet
 * @fds: Pointer to their descriptors
 * @nr: How many, not 0
 *
 * Context: Sleeps. Touches user memory.
 * Return: 0, -EFAULT, -EBADF, -ELOOP, -ENOMEM, -EDQUOT, -ENOSPC.
 */
int ipcx_mailbox_attach_files(const struct ipcx_handle *handle,
			      struct ipcx_msg *msg, u64 fds, u32 nr)
{
	const s32 __user *ufds = u64_to_user_ptr(fds);
	struct file **files, *file;
	u32 done;
	int r = 0;

	files = kmalloc_array(nr, sizeof(*files), GFP_KERNEL_ACCOUNT);
	if (!files)
		return -ENOMEM;
	for (done = 0; done < nr; done++) {
		file = file_to_send(handle, ufds + done);
		if (IS_ERR(file)) {
			r = PTR_ERR(file);
			goto err;
		}
		files[done] = file;
	}
	r = ipcx_msg_keep_files(msg, files, nr);
	if (!r)
		return 0;
err:
	while (done--)
		fput(files[done]);
	kfree(files);
	return r;
}

/**
 * ipcx_mailbox_take_back_files() - Close what was installed in vain
 * @msg: The message
 * @installed: Descriptors of the first of its files
 * @nr: How many
 *
 * Only those that still are what was installed: another thread may have closed
 * one that it could not know, and have got the number anew for something else.
 *
 * Context: Sleeps.
 */
void ipcx_mailbox_take_back_files(const struct ipcx_msg *msg,
				  const int *installed, u32 nr)
{
	struct file *file;
	u32 i;

	for (i = 0; i < nr; i++) {
		file = fget_raw(installed[i]);
		if (!file)
			continue;
		if (file == msg->files[i])
			close_fd(installed[i]);
		fput(file);
	}
}

/**
 * ipcx_mailbox_install_files() - Give the calling process the files of a message
 * @msg: The message, to which the caller has a reference
 * @fds: Pointer to an array with room for their descriptors
 * @installed: Gets the same, to be freed by kfree()
 *
 * Security modules are asked for each.
 *
 * Context: Sleeps. Touches user memory.
 * Return: 0; -EMFILE, -EFAULT, -ENOMEM, or an error of a security module: then
 * none is installed.
 */
int ipcx_mailbox_install_files(const struct ipcx_msg *msg, u64 fds,
			       int **installed)
{
	s32 __user *ufds = u64_to_user_ptr(fds);
	int *numbers;
	int r = 0;
	u32 i;

	numbers = kmalloc_array(msg->nr_files, sizeof(*numbers),
				GFP_KERNEL_ACCOUNT);
	if (!numbers)
		return -ENOMEM;
	for (i = 0; i < msg->nr_files; i++) {
		r = compat_receive_fd(msg->files[i], ufds + i, O_CLOEXEC);
		if (r < 0)
			goto err;
		numbers[i] = r;
	}
	*installed = numbers;
	return 0;

err:
	ipcx_mailbox_take_back_files(msg, numbers, i);
	kfree(numbers);
	return r;
}
