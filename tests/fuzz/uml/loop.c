// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only process of a user-mode Linux that fuzzes a driver (device.c): changes inputs
 * that reached something new, keeps those that do so again, saves those that brought a
 * fault. What it is to do stands in /job (run.sh), what it finds goes to /corpus and
 * /faults on the host, and the inputs at work are in /current, should the kernel die of one.
 * What has been reached is in /map, so that the next boot need not run its corpus again.
 * Long because the choice of inputs, what is kept and the modes share one table.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>
#include "shared.h"

#define KCOV_INIT_TRACE _IOR('c', 1, unsigned long)
#define KCOV_ENABLE _IO('c', 100)
#define INPUT_MAX 600
#define BATCH 64 /* inputs of a write: each costs what a system call of user-mode Linux does */
#define INPUTS_MAX 20000
#define AGAIN_MAX 3000 /* of a corpus without its map, so many inputs run again */
#define MAP FUZZ_EDGES
#define EPOCH 2000 /* executions in one way of the driver's */

static struct {
	char driver[32]; /* virtio_mmio, virtio_pci, vmmio or vmmio_pci */
	/*
	 * fuzz; replay: each input once in each way, with the faults it brings; shrink:
	 * inputs that together reach all that the corpus does, to /kept
	 */
	char mode[16];
	unsigned int seed;
	unsigned long runs;
	int fast;
	int until; /* end at the first fault that /known has not */
} job = {.mode = "fuzz", .seed = 1};

static struct input {
	uint8_t *bytes;
	unsigned int len;
} corpus[INPUTS_MAX];
static unsigned int ninputs;
static unsigned int best[INPUTS_MAX]; /* those that reached an edge first */
static unsigned int nbest;

static int is_ours(void)
{
	return !strncmp(job.driver, "vmmio", 5);
}

static int is_pci(void)
{
	return !!strstr(job.driver, "pci");
}

static int run_fd, current_fd;
static unsigned long *cover;
static struct shared *shared;
static unsigned long executions, nfaults;
static uint64_t *pcs; /* open hash of those seen */
static unsigned long npcs;

static void die(const char *what)
{
	printf("loop: %s: %s\n", what, strerror(errno));
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("loop: %s: %s\n", path, strerror(errno));
	close(fd);
}

/*
 * What vmmio.ko tells of devices that are gone: that it can be read is all that matters. A
 * read gets a page at most, and the first few have all slots but those kept for good.
 */
static void read_files(int whole)
{
	static const char *const paths[] = {"/sys/kernel/vmmio/slots", "/sys/kernel/vmmio/counters",
					    "/sys/kernel/vmmio/regs"};
	char bytes[4096];
	unsigned int i, pages;
	int fd;

	for (i = 0; i < 3 && is_ours(); i++) {
		fd = open(paths[i], O_RDONLY);
		if (fd < 0)
			die(paths[i]);
		for (pages = 0; (whole || pages < 3) && read(fd, bytes, sizeof(bytes)) > 0; pages++)
			;
		close(fd);
	}
}

static void load(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		die(path);
	close(fd);
}

static uint64_t state;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

static void seen_pc(uint64_t pc)
{
	uint64_t h = (pc * 0x9e3779b97f4a7c15ull) >> 46;

	for (; pcs[h & (MAP - 1)]; h++)
		if (pcs[h & (MAP - 1)] == pc)
			return;
	pcs[h & (MAP - 1)] = pc;
	npcs++;
}

/* Where the last input came by. */
static void see_pcs(void)
{
	unsigned long n = __atomic_load_n(&cover[0], __ATOMIC_RELAXED), i;

	if (n > FUZZ_COVER - 1)
		n = FUZZ_COVER - 1;
	for (i = 1; i <= n; i++)
		seen_pc(cover[i]);
}

/* Its name there is a hash of it, which is returned; @what is put before it. */
static uint64_t save(const char *folder, const char *what, const uint8_t *bytes, unsigned int len)
{
	uint64_t h = 0xcbf29ce484222325ull;
	char path[64];
	unsigned int i;
	int fd;

	for (i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 0x100000001b3ull;
	snprintf(path, sizeof(path), "/%s/%s%016llx", folder, what, (unsigned long long)h);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		printf("loop: %s: %s\n", path, strerror(errno));
	close(fd);
	return h;
}

static void keep(const uint8_t *bytes, unsigned int len, int reached)
{
	struct input *in = &corpus[ninputs];

	if (ninputs == INPUTS_MAX)
		return;
	if (reached == 2)
		best[nbest++] = ninputs;
	in->bytes = malloc(INPUT_MAX);
	memcpy(in->bytes, bytes, len);
	in->len = len;
	ninputs++;
}

/* What has been found wrong so far, a line each: how often, and what. */
static void read_faults(char *text, size_t size)
{
	int fd = open("/sys/kernel/debug/fuzz/faults", O_RDONLY);
	ssize_t n = read(fd, text, size - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
}

static int found; /* a fault that /known has not, a line each */

static int is_known(const char *what)
{
	char line[128];
	FILE *f = fopen("/known", "r");
	int yes = 0;

	if (!f)
		die("/known");
	while (!yes && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		yes = !strcmp(line, what);
	}
	fclose(f);
	return yes;
}

/* Which of them are new: the kernel adds at the end. */
static void print_new_faults(uint64_t input)
{
	static unsigned int known;
	char text[8192], *line, *rest = text;
	unsigned int i = 0;

	read_faults(text, sizeof(text));
	while ((line = strsep(&rest, "\n")) && *line) {
		if (i++ < known)
			continue;
		line = strchr(line, ' ') + 1;
		found |= !is_known(line);
		printf("fault: %016llx %s\n", (unsigned long long)input, line);
	}
	known = i;
}

static void print_faults(void)
{
	char text[8192];

	read_faults(text, sizeof(text));
	printf("faults:\n%s", text);
}

/* Inputs that wait, as a write takes them; those of the batch are in /current before it. */
static struct {
	uint32_t nth, len; /* executions before it, bytes */
	uint8_t bytes[BATCH * (2 + INPUT_MAX)];
} batch;
_Static_assert(sizeof(batch.bytes) <= FUZZ_BATCH_MAX, "a batch is a write");

static void add(const uint8_t *bytes, unsigned int len)
{
	batch.bytes[batch.len++] = len & 0xff;
	batch.bytes[batch.len++] = len >> 8;
	memcpy(batch.bytes + batch.len, bytes, len);
	batch.len += len;
}

/*
 * Executes what waits. @kept gets each that reached something new, with what it reached
 * as in shared.h, and may add nothing.
 */
static void execute(void (*kept)(const uint8_t *bytes, unsigned int len, int reached))
{
	unsigned int at = 0, end, len = 0;
	ssize_t n;

	batch.nth = (uint32_t)executions;
	if (pwrite(current_fd, &batch, batch.len + 8, 0) < 0)
		die("/current");
	while (at < batch.len) {
		n = write(run_fd, batch.bytes + at, batch.len - at);
		if (n <= 0)
			die("an execution");
		executions += shared->executed;
		for (end = at + (unsigned int)n; at < end; at += 2 + len)
			len = batch.bytes[at] | batch.bytes[at + 1] << 8;
		if (shared->faulted) {
			nfaults++;
			print_new_faults(save("faults", "", batch.bytes + at - len, len));
		}
		if (shared->reached)
			see_pcs();
		if (shared->reached && kept)
			kept(batch.bytes + at - len, len, (int)shared->reached);
	}
	batch.len = 0;
}

static void execute_one(const uint8_t *bytes, unsigned int len)
{
	add(bytes, len);
	execute(NULL);
}

static unsigned int change(uint8_t *b, unsigned int len)
{
	unsigned int n = 1 + rnd() % 6, at, k;

	while (n--) {
		at = rnd() % len;
		switch (rnd() % 9) {
		case 0:
			b[at] = rnd();
			break;
		case 1:
		case 2:
			b[at] = 0xe0 | (rnd() & 7);
			break;
		case 3:
			b[at] = 0;
			break;
		case 4:
			b[at] = 0xf0 | (rnd() & 15);
			break;
		case 5:
			b[at] ^= 1u << (rnd() & 7);
			break;
		case 6: /* one more byte, so that what follows is decided later */
			if (len < INPUT_MAX) {
				memmove(b + at + 1, b + at, len - at);
				b[at] = rnd();
				len++;
			}
			break;
		case 7:
			if (len > 8) {
				memmove(b + at, b + at + 1, len - at - 1);
				len--;
			}
			break;
		default: /* a stretch of another input */
			if (ninputs) {
				const struct input *o = &corpus[rnd() % ninputs];
				unsigned int from = rnd() % o->len;

				k = 1 + rnd() % 32;
				if (k > o->len - from)
					k = o->len - from;
				if (k > len - at)
					k = len - at;
				memcpy(b + at, o->bytes + from, k);
			}
			break;
		}
	}
	return len;
}

static void set_options(const char *options)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %s", is_pci() ? "0000:10:00.0" : "virtio-mmio.0", options);
	write_file("/sys/kernel/vmmio/options", line);
}

/* vmmio.ko's ways: plain, traced, two other handlers of its line, small rings. */
static void way(unsigned long epoch)
{
	static const char *const options[] = {
		"",
		"",
		"reread_status=1",
		"lazy_status=1",
		"queue_size=8 withhold=event_idx",
		"queue_size=1 force=1",
	};
	static const char *const options_pci[] = {
		"",
		"",
		"irq=shared",
		"irq=intx",
		"queue_size=8 withhold=event_idx",
		"affinity=0:0 queue_size=1 force=1",
	};
	unsigned int i = epoch % 6;

	if (!is_ours())
		return;
	write_file("/sys/module/device/parameters/level", i == 3 ? "1" : "0");
	set_options(is_pci() ? options_pci[i] : options[i]);
	write_file("/sys/kernel/tracing/events/vmmio/enable", i == 1 || epoch & 8 ? "1" : "0");
}

/* What is seldom: odd devices, and settings that a device of this kind is refused for. */
static void odd_ways(void)
{
	static const struct {
		const char *level, *options;
	} ways[] = {
		{"1", "irq=intx"},	{"1", "affinity=0:0"},
		{"0", "lazy_status=1"}, {"1", "lazy_status=1 reread_status=1"},
		{"0", "queue_size=1"},	{"0", "queue_size=64 withhold=ring_reset,packed"},
	};
	uint8_t b[INPUT_MAX];
	unsigned int i, k, len;

	/* devices as few are, see device.c */
	for (k = 0; k < 64 && ninputs; k++) {
		const struct input *in = &corpus[rnd() % ninputs];

		len = in->len < INPUT_MAX - 2 ? in->len : INPUT_MAX - 2;
		b[0] = 0xff;
		b[1] = (uint8_t)k;
		memcpy(b + 2, in->bytes, len);
		execute_one(b, 2 + len);
		/* and drivers that do not get all they ask for */
		b[0] = 0xfe;
		b[1] = (uint8_t)(k | (rnd() & 0x40));
		execute_one(b, 2 + len);
	}
	if (!is_ours() || !ninputs)
		return;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		write_file("/sys/module/device/parameters/level", ways[i].level);
		set_options(ways[i].options);
		for (k = 0; k < 8; k++) {
			const struct input *in = &corpus[rnd() % ninputs];

			execute_one(in->bytes, in->len);
		}
	}
	if (is_pci())
		return;
	/* a disk, which needs a larger ring than it is to get */
	write_file("/sys/module/device/parameters/disk", "1");
	set_options("queue_size=1");
	for (k = 0; k < 16; k++) {
		const struct input *in = &corpus[rnd() % ninputs];

		memcpy(b, in->bytes, in->len);
		b[0] = (uint8_t)((k & 1 ? 64 : 0) | (k & 2 ? 4 : 0) | (k & 4 ? 2 : 0));
		execute_one(b, in->len);
	}
	write_file("/sys/module/device/parameters/disk", "0");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_corpus(void)
{
	DIR *d = opendir("/corpus");
	struct dirent *e;
	char path[300];

	while (d && (e = readdir(d))) {
		uint8_t b[INPUT_MAX];
		ssize_t n;
		int fd;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/corpus/%s", e->d_name);
		fd = open(path, O_RDONLY);
		n = read(fd, b, sizeof(b));
		close(fd);
		if (n > 0)
			keep(b, (unsigned int)n, e->d_name[0] == 'e' ? 2 : 1);
	}
	if (d)
		closedir(d);
}

/* The map fits the modules at the addresses that they have now, and no others. */
static unsigned long text_of(const char *module)
{
	char path[96], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.text", module);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	close(fd);
	return strtoul(text, NULL, 16);
}

static int read_map(void)
{
	unsigned long base = 0, i;
	uint8_t *map = shared->edges;
	int fd = open("/map", O_RDONLY), ok;

	ok = fd >= 0 && read(fd, &base, sizeof(base)) == sizeof(base) &&
	     base == text_of(is_ours() ? "vmmio" : job.driver) && read(fd, map, MAP) == MAP &&
	     read(fd, pcs, MAP * sizeof(*pcs)) == MAP * sizeof(*pcs);
	if (fd >= 0)
		close(fd);
	if (!ok) {
		memset(map, 0, MAP);
		memset(pcs, 0, MAP * sizeof(*pcs));
	}
	for (i = 0; i < MAP; i++)
		npcs += !!pcs[i];
	return ok;
}

static void write_map(void)
{
	unsigned long base = text_of(is_ours() ? "vmmio" : job.driver);
	int fd = open("/map", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, &base, sizeof(base)) != sizeof(base) ||
	    write(fd, shared->edges, MAP) != MAP ||
	    write(fd, pcs, MAP * sizeof(*pcs)) != MAP * sizeof(*pcs))
		die("/map");
	close(fd);
}

/* A device that does not let go keeps its rings: memory has an end, and then a boot. */
static int memory_is_short(void)
{
	struct sysinfo s;

	return !sysinfo(&s) && s.freeram < s.totalram / 4;
}

/* Half the time one that reached an edge first, a quarter one of the newest. */
static unsigned int choose(void)
{
	switch (rnd() & 3) {
	case 0:
		return rnd() % ninputs;
	case 1:
		return ninputs - 1 - rnd() % (ninputs < 32 ? ninputs : 32);
	default:
		return nbest ? best[rnd() % nbest] : rnd() % ninputs;
	}
}

static void keep_and_save(const uint8_t *bytes, unsigned int len, int reached)
{
	keep(bytes, len, reached);
	save("corpus", reached == 2 ? "e" : "", bytes, len);
}

static void fuzz(void)
{
	uint8_t b[INPUT_MAX] = {0x0c};
	unsigned int i, k, len, given = ninputs < AGAIN_MAX ? ninputs : AGAIN_MAX;
	unsigned long next_way = 0, rounds;

	way(job.seed);
	if (!read_map())
		for (i = 0; i < given && executions < job.runs && !memory_is_short(); i++)
			execute_one(corpus[i].bytes, corpus[i].len);
	if (!ninputs) {
		execute_one(b, 128);
		keep(b, 128, 2);
	}
	odd_ways();
	for (rounds = 0; executions < job.runs && !(job.until && found); rounds++) {
		if (executions >= next_way) {
			way(job.seed + executions / EPOCH);
			next_way = (executions / EPOCH + 1) * EPOCH;
			read_files(1);
		}
		read_files(0);
		if (rounds % 4 == 0 && memory_is_short())
			break;
		for (k = 0; k < BATCH && executions + k < job.runs; k++) {
			i = choose();
			len = corpus[i].len;
			memcpy(b, corpus[i].bytes, len);
			add(b, change(b, len));
		}
		execute(keep_and_save);
	}
	write_map();
}

/* Those of a batch that a kernel died of, one at a time: the last in /current is it. */
static void again(void)
{
	static uint8_t bytes[sizeof(batch)];
	uint32_t len, end;
	ssize_t n;
	int fd = open("/again", O_RDONLY), at;

	n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	if (n < 8)
		die("/again");
	memcpy(&end, bytes + 4, sizeof(end));
	end = end + 8 < (uint32_t)n ? end + 8 : (uint32_t)n;
	way(job.seed);
	for (at = 8; at + 2u < end; at += 2 + (int)len) {
		len = bytes[at] | bytes[at + 1] << 8;
		if (!len || len > INPUT_MAX || at + 2 + len > end)
			break;
		execute_one(bytes + at + 2, len);
	}
}

static int shorter(const void *a, const void *b)
{
	const struct input *x = a, *y = b;

	return (x->len > y->len) - (x->len < y->len);
}

static void shrink(void)
{
	unsigned long k, had;
	unsigned int i;

	qsort(corpus, ninputs, sizeof(*corpus), shorter);
	for (k = 0; k < 6; k++) {
		way(k);
		for (i = 0; i < ninputs && !memory_is_short(); i++) {
			had = npcs;
			execute_one(corpus[i].bytes, corpus[i].len);
			if (npcs != had)
				save("kept", "", corpus[i].bytes, corpus[i].len);
		}
	}
}

static void replay(void)
{
	unsigned int i;
	unsigned long k;

	for (k = 0; k < 8; k++)
		odd_ways();
	for (k = 0; k < 12; k++) {
		way(k);
		for (i = 0; i < ninputs; i++)
			execute_one(corpus[i].bytes, corpus[i].len);
	}
	if (!is_ours())
		return;
	/* without devices of version 1 */
	if (syscall(SYS_delete_module, "vmmio", 0))
		die("vmmio");
	load("/vmmio.ko", "legacy=0");
	way(0);
	for (i = 0; i < ninputs; i++)
		execute_one(corpus[i].bytes, corpus[i].len);
}

/* The places reached: the module's by offset in its text, the kernel's as they are. */
static void report(void)
{
	unsigned long i;
	FILE *f;

	f = fopen("/places", "w");
	if (!f)
		die("/places");
	fprintf(f, "text %lx\n", text_of(is_ours() ? "vmmio" : job.driver));
	for (i = 0; i < MAP; i++)
		if (pcs[i])
			fprintf(f, "%lx\n", (unsigned long)pcs[i]);
	fclose(f);
	print_faults();
}

static int copy_counts(const char *path, const struct stat *st, int type, struct FTW *at)
{
	char to[512] = "/gcda/", bytes[4096];
	ssize_t n;
	int a, b;

	(void)st;
	(void)at;
	if (type != FTW_F || !strstr(path, ".gcda"))
		return 0;
	strncat(to, path + strlen("/sys/kernel/debug/gcov"), sizeof(to) - 8);
	for (char *c = to + 6; *c; c++)
		*c = *c == '/' ? '#' : *c;
	a = open(path, O_RDONLY);
	b = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	while ((n = read(a, bytes, sizeof(bytes))) > 0)
		if (write(b, bytes, (size_t)n) != n)
			die(to);
	if (a < 0 || b < 0 || n < 0)
		die(path);
	close(a);
	close(b);
	return 0;
}

int main(void)
{
	char line[128], parameters[64];
	unsigned long edges = 0, i;
	double begin;
	FILE *f;
	int kcov;

	/* the console is for the kernel */
	if (!freopen("/out", "a", stdout))
		return 1;
	setvbuf(stdout, NULL, _IONBF, 0);
	mount("proc", "/proc", "proc", 0, "");
	mount("sysfs", "/sys", "sysfs", 0, "");
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, "");
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, "");
	f = fopen("/job", "r");
	if (!f)
		die("/job");
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "driver %31s", job.driver);
		sscanf(line, "mode %15s", job.mode);
		sscanf(line, "seed %u", &job.seed);
		sscanf(line, "runs %lu", &job.runs);
		sscanf(line, "fast %d", &job.fast);
		sscanf(line, "until %d", &job.until);
	}
	fclose(f);
	state = 0x9e3779b97f4a7c15ull * (job.seed + 1);
	pcs = calloc(MAP, sizeof(*pcs));

	snprintf(parameters, sizeof(parameters), "driver=%s-%s fast=%d pci=%d",
		 is_ours() ? "vmmio" : "virtio", is_pci() ? "pci" : "mmio", job.fast, is_pci());
	load("/device.ko", parameters); /* first: the driver calls it */
	if (is_ours()) {
		load("/vmmio.ko", job.seed % 8 == 7 ? "legacy=0" : "legacy=1");
	} else if (is_pci()) {
		load("/virtio_pci_legacy_dev.ko", "");
		load("/virtio_pci_modern_dev.ko", "");
		load("/virtio_pci.ko", "");
	} else {
		load("/virtio_mmio.ko", "");
	}
	run_fd = open("/sys/kernel/debug/fuzz/run", O_RDWR);
	current_fd = open("/current", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	kcov = open("/sys/kernel/debug/kcov", O_RDWR);
	if (run_fd < 0 || current_fd < 0 || kcov < 0 ||
	    ioctl(kcov, KCOV_INIT_TRACE, (unsigned long)FUZZ_COVER))
		die("set-up");
	cover = mmap(NULL, FUZZ_COVER * sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED, kcov,
		     0);
	if (cover == MAP_FAILED || ioctl(kcov, KCOV_ENABLE, 0))
		die("kcov");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, run_fd, 0);
	if (shared == MAP_FAILED)
		die("fuzz/run");
	read_corpus();
	begin = now();
	if (!strcmp(job.mode, "replay"))
		replay();
	else if (!strcmp(job.mode, "shrink"))
		shrink();
	else if (!strcmp(job.mode, "again"))
		again();
	else
		fuzz();
	report();
	/* what gcov counts, where the module is built for it */
	if (!access("/gcda", W_OK))
		nftw("/sys/kernel/debug/gcov", copy_counts, 16, FTW_PHYS);
	for (i = 0; i < MAP; i++)
		edges += !!shared->edges[i];
	printf("loop: end: %lu executions, %lu edges, %lu places, %u inputs, %lu faults, %.1f s of "
	       "its own\n",
	       executions, edges, npcs, ninputs, nfaults, now() - begin);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
