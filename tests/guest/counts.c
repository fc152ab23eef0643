// SPDX-License-Identifier: GPL-2.0-only
/*
 * counts: what the driver itself counted (sysfs, slots.h), as text for a shell
 * test, without BPF or any library: it is built for guests of any
 * architecture. After printing it reads each device's status 20 times in a
 * row: in the device side's trace that marks how far the counts reach.
 *
 *   dev virtio0 PARENT TRANSPORT irq=48 irqs=502 none=0 config=0 early=0 kicks=501 features=0x...
 *   reg virtio0 0x050 QueueNotify reads=0 writes=501
 *   queue virtio0 0 req.0 size=256 max=1024 kicks=501 irqs=501
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vmmio/slots.h>

#define MARKS 20

static const struct {
	unsigned int offset;
	const char *name;
} regs[VMMIO_REG_COUNT] = {
#define REG(id, off, width, name, access, versions) {off, name},
	VMMIO_REGS(REG)};

static struct vmmio_slot_info info[VMMIO_SLOTS];
static struct vmmio_slot_counters counters[VMMIO_SLOTS];
static struct vmmio_slot_regs accesses[VMMIO_SLOTS];

static void load(const char *name, void *buf, size_t size)
{
	char path[64];
	size_t done = 0;
	ssize_t n = 1;
	int fd;

	snprintf(path, sizeof(path), VMMIO_SYSFS "/%s", name);
	fd = open(path, O_RDONLY);
	while (fd >= 0 && done < size && (n = read(fd, (char *)buf + done, size - done)) > 0)
		done += n;
	if (fd < 0 || n < 0) {
		fprintf(stderr, "counts: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
}

static void device(const struct vmmio_slot_info *s)
{
	static const char *const transports[] = {"unknown", "mmio", "pci", "amba"};
	const struct vmmio_slot_counters *c = &counters[s->slot];
	const struct vmmio_slot_regs *a = &accesses[s->slot];
	__u64 kicks = 0;
	int i;

	for (i = 0; i < VMMIO_SLOTS; i++)
		if (info[i].kind == VMMIO_SLOT_QUEUE && info[i].dev_slot == s->slot) {
			kicks += counters[i].kicks;
			printf("queue %s %u %s size=%u max=%u kicks=%" PRIu64 " irqs=%" PRIu64 "\n",
			       s->device, info[i].queue, info[i].queue_name, info[i].ring_size,
			       info[i].ring_max, (uint64_t)counters[i].kicks,
			       (uint64_t)counters[i].irqs);
		}
	printf("dev %s %s %s irq=%u irqs=%" PRIu64 " none=%" PRIu64 " config=%" PRIu64
	       " early=%" PRIu64 " kicks=%" PRIu64 " features=0x%" PRIx64 " legacy=%d\n",
	       s->device, s->parent, s->transport < 4 ? transports[s->transport] : "?", s->irq,
	       (uint64_t)c->irqs, (uint64_t)c->irqs_none, (uint64_t)c->config_irqs,
	       (uint64_t)c->irqs_early, (uint64_t)kicks, (uint64_t)s->features,
	       !!(s->flags & VMMIO_SLOT_LEGACY));
	for (i = 0; i < VMMIO_REG_COUNT; i++)
		if (a->reads[i] || a->writes[i])
			printf("reg %s 0x%03x %s reads=%" PRIu64 " writes=%" PRIu64 "\n", s->device,
			       regs[i].offset, regs[i].name, (uint64_t)a->reads[i],
			       (uint64_t)a->writes[i]);
}

static void mark(const struct vmmio_slot_info *s)
{
	char path[96], buf[16];
	int i, fd;

	snprintf(path, sizeof(path), "/sys/bus/virtio/devices/%s/status", s->device);
	fd = open(path, O_RDONLY);
	for (i = 0; fd >= 0 && i < MARKS; i++)
		if (pread(fd, buf, sizeof(buf), 0) <= 0)
			break;
	if (fd < 0 || i < MARKS) {
		fprintf(stderr, "counts: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
}

int main(void)
{
	int i;

	load("slots", info, sizeof(info));
	load("counters", counters, sizeof(counters));
	load("regs", accesses, sizeof(accesses));
	for (i = 0; i < VMMIO_SLOTS; i++)
		if (info[i].kind == VMMIO_SLOT_DEVICE && info[i].device[0])
			device(&info[i]);
	for (i = 0; i < VMMIO_SLOTS; i++)
		if (info[i].kind == VMMIO_SLOT_DEVICE && info[i].device[0])
			mark(&info[i]);
	return 0;
}
