// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only process of a user-mode Linux that fuzzes a driver (device.c): changes inputs
 * that reached something new, keeps those that do so again, saves those that brought a
 * fault. What it is to do stands in /job (run.sh), what it finds goes to /corpus and
 * /faults on the host, and the input at work is in /current, should the kernel die of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
#include <time.h>
#include <unistd.h>

#define KCOV_INIT_TRACE _IOR('c', 1, unsigned long)
#define KCOV_ENABLE _IO('c', 100)
#define COVER (256u << 10) /* words */
#define INPUT_MAX 600
#define INPUTS_MAX 20000
#define MAP (1u << 18)
#define EPOCH 2000 /* executions in one way of the driver's */

static struct {
	char driver[32]; /* virtio_mmio or vmmio */
	char mode[16];	 /* fuzz; or replay: each input once, with the faults it brings */
	unsigned int seed;
	unsigned long runs;
	int fast;
} job = {.mode = "fuzz", .seed = 1};

static struct input {
	uint8_t *bytes;
	unsigned int len;
} corpus[INPUTS_MAX];
static unsigned int ninputs;

static int run_fd, current_fd;
static unsigned long *cover;
static uint8_t map[MAP]; /* counts seen of an edge, as bits */
static unsigned long edges, executions, nfaults;
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

/* Has the last run reached an edge, or a count of one, that none has? */
static int is_new(void)
{
	static uint8_t counts[MAP];
	static uint32_t touched[COVER];
	unsigned long n = __atomic_load_n(&cover[0], __ATOMIC_RELAXED), i, k = 0;
	uint64_t last = 0;
	int fresh = 0;

	if (n > COVER - 1)
		n = COVER - 1;
	for (i = 1; i <= n; i++) {
		uint64_t pc = cover[i];
		uint32_t e = (uint32_t)(((pc ^ last >> 1) * 0x9e3779b97f4a7c15ull) >> 46);

		last = pc;
		if (!counts[e])
			touched[k++] = e;
		if (counts[e] < 255)
			counts[e]++;
	}
	for (i = 0; i < k; i++) {
		uint8_t c = counts[touched[i]];
		uint8_t bit = 1u << (c < 4     ? c - 1
				     : c < 8   ? 3
				     : c < 16  ? 4
				     : c < 32  ? 5
				     : c < 128 ? 6
					       : 7);

		counts[touched[i]] = 0;
		if (map[touched[i]] & bit)
			continue;
		edges += !map[touched[i]];
		map[touched[i]] |= bit;
		fresh = 1;
	}
	if (fresh)
		for (i = 1; i <= n; i++)
			seen_pc(cover[i]);
	return fresh;
}

static void save(const char *folder, const uint8_t *bytes, unsigned int len)
{
	uint64_t h = 0xcbf29ce484222325ull;
	char path[64];
	unsigned int i;
	int fd;

	for (i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 0x100000001b3ull;
	snprintf(path, sizeof(path), "/%s/%016llx", folder, (unsigned long long)h);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		printf("loop: %s: %s\n", path, strerror(errno));
	close(fd);
}

static void keep(const uint8_t *bytes, unsigned int len)
{
	struct input *in = &corpus[ninputs];

	if (ninputs == INPUTS_MAX)
		return;
	in->bytes = malloc(INPUT_MAX);
	memcpy(in->bytes, bytes, len);
	in->len = len;
	ninputs++;
}

/* What has been found wrong so far, and how often. */
static void print_faults(void)
{
	char text[8192];
	int fd = open("/sys/kernel/debug/fuzz/faults", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
	printf("faults:\n%s", text);
}

static int execute(const uint8_t *bytes, unsigned int len)
{
	uint8_t record[INPUT_MAX + 4] = {len & 0xff, len >> 8};

	memcpy(record + 4, bytes, len);
	if (pwrite(current_fd, record, len + 4, 0) < 0)
		die("/current");
	__atomic_store_n(&cover[0], 0, __ATOMIC_RELAXED);
	executions++;
	if (write(run_fd, bytes, len) >= 0)
		return is_new();
	if (errno != EUCLEAN)
		die("an execution");
	nfaults++;
	save("faults", bytes, len);
	print_faults();
	return is_new();
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

/* vmmio.ko's ways: plain, traced, and two other handlers of its line. */
static void way(unsigned long epoch)
{
	static const char *const options[] = {"virtio-mmio.0", "virtio-mmio.0",
					      "virtio-mmio.0 reread_status=1",
					      "virtio-mmio.0 lazy_status=1"};
	unsigned int i = epoch & 3;

	if (strcmp(job.driver, "vmmio"))
		return;
	write_file("/sys/module/device/parameters/level", i == 3 ? "1" : "0");
	write_file("/sys/kernel/vmmio/options", options[i]);
	write_file("/sys/kernel/tracing/events/vmmio/enable", i == 1 || epoch & 4 ? "1" : "0");
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
			keep(b, (unsigned int)n);
	}
	if (d)
		closedir(d);
}

static void fuzz(void)
{
	uint8_t b[INPUT_MAX] = {0x0c};
	unsigned int i, len, given = ninputs;

	/* what is known already */
	way(job.seed);
	for (i = 0; i < given; i++)
		execute(corpus[i].bytes, corpus[i].len);
	if (!ninputs) {
		execute(b, 128);
		keep(b, 128);
	}
	while (executions < job.runs) {
		/* the newest half the time: they are what has not been tried */
		i = rnd() & 1 ? rnd() % ninputs
			      : ninputs - 1 - rnd() % (ninputs < 32 ? ninputs : 32);
		if (executions % EPOCH == 0)
			way(job.seed + executions / EPOCH);
		len = corpus[i].len;
		memcpy(b, corpus[i].bytes, len);
		len = change(b, len);
		if (execute(b, len)) {
			keep(b, len);
			save("corpus", b, len);
		}
	}
}

static void replay(void)
{
	unsigned int i;
	unsigned long k;

	for (k = 0; k < 8; k++) {
		way(k);
		for (i = 0; i < ninputs; i++)
			execute(corpus[i].bytes, corpus[i].len);
	}
}

/* The places reached: the module's by offset in its text, the kernel's as they are. */
static void report(void)
{
	char path[96], text[32] = "0";
	unsigned long base, i;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.text", job.driver);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	base = strtoul(text, NULL, 16);
	f = fopen("/places", "w");
	if (!f)
		die("/places");
	fprintf(f, "text %lx\n", base);
	for (i = 0; i < MAP; i++)
		if (pcs[i])
			fprintf(f, "%lx\n", (unsigned long)pcs[i]);
	fclose(f);
	print_faults();
}

int main(void)
{
	char line[128], module[64], parameters[64];
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
	}
	fclose(f);
	state = 0x9e3779b97f4a7c15ull * (job.seed + 1);
	pcs = calloc(MAP, sizeof(*pcs));

	snprintf(module, sizeof(module), "/%s.ko", job.driver);
	load(module, "");
	snprintf(parameters, sizeof(parameters), "driver=%s fast=%d",
		 strcmp(job.driver, "vmmio") ? "virtio-mmio" : "vmmio-mmio", job.fast);
	load("/device.ko", parameters);
	run_fd = open("/sys/kernel/debug/fuzz/run", O_WRONLY);
	current_fd = open("/current", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	kcov = open("/sys/kernel/debug/kcov", O_RDWR);
	if (run_fd < 0 || current_fd < 0 || kcov < 0 ||
	    ioctl(kcov, KCOV_INIT_TRACE, (unsigned long)COVER))
		die("set-up");
	cover = mmap(NULL, COVER * sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED, kcov, 0);
	if (cover == MAP_FAILED || ioctl(kcov, KCOV_ENABLE, 0))
		die("kcov");
	read_corpus();
	begin = now();
	if (!strcmp(job.mode, "replay"))
		replay();
	else
		fuzz();
	report();
	printf("loop: end: %lu executions, %lu edges, %lu places, %u inputs, %lu faults, %.1f s of "
	       "its own\n",
	       executions, edges, npcs, ninputs, nfaults, now() - begin);
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
