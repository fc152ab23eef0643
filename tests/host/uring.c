// SPDX-License-Identifier: GPL-2.0-only
/*
 * A write that a worker thread of the kernel does in this process's name, by
 * io_uring: such threads are no kernel threads and make no system calls, like
 * vhost's since Linux 6.4.
 */
#include "uring.h"

#include <errno.h>
#include <linux/io_uring.h>
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
