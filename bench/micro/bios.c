// SPDX-License-Identifier: GPL-2.0-only
/*
 * The firmware rows of `vmmio-bench micro`: a boot sector that reads
 * virtio-blk through SeaBIOS, in QEMU under KVM. It runs where a KVM cannot
 * boot Linux, and each read is one kick and one status read, polled: so it
 * shows what a userspace or in-kernel doorbell is worth to a whole request.
 * Times are taken by this program, at the boot sector's two marks.
 */
#define _GNU_SOURCE
#include "micro.h"
#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QEMU "qemu-system-x86_64"
#define LIMIT_MS 30000

struct variant {
	struct micro_row row;
	bool mmio;
	bool ioeventfd;
};

#define ROW(k, t, b, p)                                                                      \
	{                                                                                    \
		.key = k, .title = t, .kind = MICRO_FIRMWARE, .bus = b, .direction = "read", \
		.path = p, .width = 0                                                        \
	}

static const struct variant variants[] = {
	{ROW("bios_mmio_user", "virtio-mmio, kick to userspace", "mmio", "userspace"), true, false},
	{ROW("bios_mmio_ioeventfd", "virtio-mmio, kick by ioeventfd", "mmio", "ioeventfd"), true,
	 true},
	{ROW("bios_pci_user", "virtio-pci, kick to userspace", "pci", "userspace"), false, false},
	{ROW("bios_pci_ioeventfd", "virtio-pci, kick by ioeventfd", "pci", "ioeventfd"), false,
	 true},
};

#define NR_VARIANTS (sizeof(variants) / sizeof(variants[0]))

void micro_keys_firmware(FILE *f)
{
	size_t i;

	for (i = 0; i < NR_VARIANTS; i++)
		fprintf(f, "%-28s %s\n", variants[i].row.key, variants[i].row.title);
}

#if defined(__x86_64__)

extern const uint8_t vmmio_micro_boot[], vmmio_micro_boot_count[];

/* The disk: its first sector the boot sector. Firmware refuses tiny disks. */
static int make_disk(char *path, uint32_t reads)
{
	uint8_t page[4096] = {0};
	const off_t size = 1 << 20;
	int fd, err = 0;

	memcpy(page, vmmio_micro_boot, 512);
	memcpy(page + (vmmio_micro_boot_count - vmmio_micro_boot), &reads, sizeof(reads));
	fd = mkstemp(path);
	if (fd < 0)
		return -errno;
	if (write(fd, page, sizeof(page)) != sizeof(page) || ftruncate(fd, size))
		err = -EIO;
	close(fd);
	return err;
}

static void exec_qemu(const struct variant *v, const char *disk, int out)
{
	const char *machine = v->mmio ? "microvm,x-option-roms=off,rtc=on" : "q35";
	const char *ev = v->ioeventfd ? "on" : "off";
	char drive[512], device[128];
	const char *args[40];
	int n = 0, null;

	snprintf(drive, sizeof(drive), "file,node-name=d0,filename=%s", disk);
	if (v->mmio)
		snprintf(device, sizeof(device), "virtio-mmio.ioeventfd=%s", ev);
	else
		snprintf(device, sizeof(device),
			 "virtio-blk-pci,drive=d0,disable-legacy=on,ioeventfd=%s", ev);
	args[n++] = QEMU;
	args[n++] = "-nodefaults";
	args[n++] = "-no-user-config";
	args[n++] = "-no-reboot";
	args[n++] = "-display";
	args[n++] = "none";
	args[n++] = "-machine";
	args[n++] = machine;
	args[n++] = "-accel";
	args[n++] = "kvm";
	args[n++] = "-m";
	args[n++] = "64";
	if (v->mmio) {
		/* QEMU's own file of that name is another firmware. */
		args[n++] = "-L";
		args[n++] = "/usr/share/seabios";
		args[n++] = "-bios";
		args[n++] = "bios-microvm.bin";
		args[n++] = "-global";
		args[n++] = "virtio-mmio.force-legacy=false";
		args[n++] = "-global";
		args[n++] = device;
	}
	args[n++] = "-blockdev";
	args[n++] = drive;
	args[n++] = "-device";
	args[n++] = v->mmio ? "virtio-blk-device,drive=d0" : device;
	args[n++] = "-chardev";
	args[n++] = "stdio,id=mark";
	args[n++] = "-device";
	args[n++] = "isa-debugcon,iobase=0xe9,chardev=mark";
	args[n++] = "-device";
	args[n++] = "isa-debug-exit,iobase=0x501,iosize=0x01";
	args[n] = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(out, 1);
	dup2(null, 2);
	execvp(QEMU, (char **)args);
	_exit(127);
}

/* The next mark, or 0 when none comes in time. */
static char next_mark(int fd, uint64_t deadline, uint64_t *when)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t now = vmmio_now_ns();
	char c;

	if (now >= deadline || poll(&p, 1, (deadline - now) / 1000000) != 1)
		return 0;
	*when = vmmio_now_ns();
	return read(fd, &c, 1) == 1 ? c : 0;
}

/* What the process @pid has spent, all its threads, ns; 0 if it is gone. */
static uint64_t cpu_of(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static int run(const struct variant *v, const char *disk, uint32_t reads, struct micro_row *row,
	       int round)
{
	uint64_t deadline = vmmio_now_ns() + LIMIT_MS * 1000000ull, a = 0, b = 0;
	uint64_t spent = 0, total = 0;
	struct micro_noise noise;
	char first, second = 0;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return -errno;
	}
	if (!pid)
		exec_qemu(v, disk, fds[1]);
	close(fds[1]);
	first = next_mark(fds[0], deadline, &a);
	if (first == 'A') {
		micro_noise_start(&noise);
		spent = cpu_of(pid);
		second = next_mark(fds[0], deadline, &b);
		total = cpu_of(pid);
		micro_noise_end(&noise);
	}
	close(fds[0]);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (first != 'A' && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	if (first == 'E' || second == 'E')
		return -EIO;
	if (first != 'A' || second != 'B')
		return -ETIMEDOUT;
	row->wall[round] = (double)(b - a) / reads;
	if (spent && total)
		row->cpu[round] = (double)(total - spent) / reads;
	row->wait[round] = noise.any;
	return 0;
}

static void explain(struct micro_row *row, int err)
{
	if (err == -ENOENT)
		snprintf(row->note, sizeof(row->note), QEMU " is not installed");
	else if (err == -EIO)
		snprintf(row->note, sizeof(row->note), "the firmware could not read the disk");
	else if (err == -ETIMEDOUT)
		snprintf(row->note, sizeof(row->note), "the firmware did not boot from it");
	else
		snprintf(row->note, sizeof(row->note), "%s", strerror(-err));
}

int micro_run_firmware(const struct micro_options *o, struct micro_result *r)
{
	char disk[] = "/tmp/vmmio-micro-XXXXXX";
	struct micro_row *rows[NR_VARIANTS] = {NULL};
	bool any = false;
	int err, round, rounds;
	size_t i;

	if (!o->bios_reads)
		return 0;
	for (i = 0; i < NR_VARIANTS; i++) {
		if (!micro_wanted(o->only, variants[i].row.key))
			continue;
		rows[i] = micro_add(r, &variants[i].row);
		if (!rows[i])
			return -ENOSPC;
		rows[i]->per_round = o->bios_reads;
		any = true;
	}
	if (!any)
		return 0;
	err = make_disk(disk, o->bios_reads);
	/* A boot is a round here, and costs seconds: a third as many. */
	rounds = (o->rounds + 2) / 3;
	for (round = 0; !err && round < rounds; round++) {
		size_t k;

		for (k = 0; k < NR_VARIANTS; k++) {
			i = round & 1 ? NR_VARIANTS - 1 - k : k;
			if (!rows[i] || rows[i]->note[0])
				continue;
			int ret = run(&variants[i], disk, o->bios_reads, rows[i], round);

			if (ret) {
				explain(rows[i], ret);
				continue;
			}
			rows[i]->rounds = round + 1;
			rows[i]->expected += o->bios_reads;
			rows[i]->seen += o->bios_reads;
		}
	}
	unlink(disk);
	return err;
}

#else

int micro_run_firmware(const struct micro_options *o, struct micro_result *r)
{
	(void)o, (void)r;
	return 0;
}

#endif
