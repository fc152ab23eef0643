// SPDX-License-Identifier: GPL-2.0-only
/*
 * A write that a worker thread of the kernel does in this process's name, by
 * io_uring: such threads are no kernel threads and make no system calls, like
 * vhost's since Linux 6.4. And a read whose end a disk's interrupt tells to an
 * eventfd, as VFIO does with its devices' interrupts.
 */
#define _GNU_SOURCE
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int uring_write(int fd, uint64_t value)
{
	struct io_uring_params p = {0};
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	uint32_t *tail, *head;
	uint8_t *ring;
	size_t size;
	int r, err = 0;

	r = syscall(SYS_io_uring_setup, 1, &p);
	if (r < 0)
		return -errno;
	size = p.cq_off.cqes + p.cq_entries * sizeof(*cqe);
	if (size < p.sq_off.array + p.sq_entries * sizeof(uint32_t))
		size = p.sq_off.array + p.sq_entries * sizeof(uint32_t);
	if (!(p.features & IORING_FEAT_SINGLE_MMAP)) {
		close(r);
		return -EOPNOTSUPP;
	}
	ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, r,
		   IORING_OFF_SQES);
	if (ring == MAP_FAILED || sqe == MAP_FAILED) {
		close(r);
		return -ENOMEM;
	}
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_WRITE;
	sqe->flags = IOSQE_ASYNC; /* never on the spot: by a worker */
	sqe->fd = fd;
	sqe->addr = (uintptr_t)&value;
	sqe->len = sizeof(value);
	((uint32_t *)(ring + p.sq_off.array))[0] = 0;
	tail = (uint32_t *)(ring + p.sq_off.tail);
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1) {
		err = -errno;
	} else {
		head = (uint32_t *)(ring + p.cq_off.head);
		cqe = (struct io_uring_cqe *)(ring + p.cq_off.cqes) + (*head & (p.cq_entries - 1));
		err = cqe->res == sizeof(value) ? 0 : cqe->res < 0 ? cqe->res : -EIO;
	}
	munmap(sqe, p.sq_entries * sizeof(*sqe));
	munmap(ring, size);
	close(r);
	return err;
}

int disk_signal(int efd, const char *file)
{
	struct iocb cb = {.aio_lio_opcode = IOCB_CMD_PREAD,
			  .aio_nbytes = 4096,
			  .aio_flags = IOCB_FLAG_RESFD,
			  .aio_resfd = efd};
	int fd = open(file, O_RDONLY | O_DIRECT | O_CLOEXEC), err = 0;
	struct iocb *list = &cb;
	aio_context_t ctx = 0;
	struct io_event ev;
	void *page = NULL;

	if (fd < 0)
		return -errno;
	if (posix_memalign(&page, 4096, 4096) || syscall(SYS_io_setup, 1, &ctx)) {
		close(fd);
		free(page);
		return -ENOMEM;
	}
	cb.aio_fildes = fd;
	cb.aio_buf = (uintptr_t)page;
	if (syscall(SYS_io_submit, ctx, 1, &list) != 1 ||
	    syscall(SYS_io_getevents, ctx, 1, 1, &ev, NULL) != 1)
		err = -errno;
	else if (ev.res != 4096)
		err = (int64_t)ev.res < 0 ? (int)ev.res : -EIO;
	syscall(SYS_io_destroy, ctx);
	free(page);
	close(fd);
	return err;
}
