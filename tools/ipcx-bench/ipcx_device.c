// SPDX-License-Identifier: GPL-2.0-or-later
/* The device of ipcx, if there is one. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "ipcx_bench.h"

struct ipcx *bench_ipcx(void)
{
	static struct ipcx *ipcx;
	int err;

	if (ipcx)
		return ipcx;
	err = ipcx_open(NULL, &ipcx);
	if (err) {
		fprintf(stderr, "ipcx-bench: %s: %s\n", IPCX_DEVICE,
			strerror(-err));
		exit(EXIT_FAILURE);
	}
	return ipcx;
}

const char *bench_ipcx_missing(void)
{
	static const char *missing;
	static bool asked;
	struct ipcx *ipcx;

	if (!asked) {
		asked = true;
		switch (-ipcx_open(NULL, &ipcx)) {
		case 0:
			ipcx_close(ipcx);
			break;
		case EACCES:
		case EPERM:
			missing = "no permission to open /dev/ipcx";
			break;
		default:
			missing = "no /dev/ipcx (the module is not loaded)";
		}
	}
	return missing;
}
