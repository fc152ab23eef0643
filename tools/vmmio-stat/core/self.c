// SPDX-License-Identifier: GPL-2.0-only
/* See self.h. fdinfo of our descriptors describes BPF programs and maps. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "self.h"
#include "lib/clock.h"

static __u64 value_of(const char *text, const char *key, bool *found)
{
	const char *p = strstr(text, key);

	*found = p && (p == text || p[-1] == '\n');
	return *found ? strtoull(p + strlen(key), NULL, 10) : 0;
}

void vmmio_self_fdinfo(struct vmmio_self *s, const char *text)
{
	bool found;
	__u64 v;

	value_of(text, "map_id:", &found);
	if (found) {
		s->maps++;
		s->map_bytes += value_of(text, "memlock:", &found);
		return;
	}
	value_of(text, "prog_id:", &found);
	if (!found || strstr(text, "link_id:"))
		return; /* a link names its program, which has a descriptor of its own */
	s->programs++;
	s->bpf_ns += value_of(text, "run_time_ns:", &found);
	v = value_of(text, "run_cnt:", &found);
	s->bpf_runs += v;
	s->have_bpf_time |= v > 0;
}

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static __u64 start_ns;

static void __attribute__((constructor)) note_start(void)
{
	start_ns = vmmio_now_ns();
}

void vmmio_self_read(struct vmmio_self *s)
{
	char path[300], text[4096];
	struct rusage u;
	struct dirent *e;
	long pages = 0;
	DIR *dir;

	memset(s, 0, sizeof(*s));
	s->elapsed_ns = vmmio_now_ns() - start_ns;
	if (!getrusage(RUSAGE_SELF, &u))
		s->cpu_ns = (__u64)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000 +
			    (__u64)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
	read_file("/proc/self/statm", text, sizeof(text));
	if (sscanf(text, "%*d %ld", &pages) == 1)
		s->rss_bytes = (__u64)pages * (__u64)sysconf(_SC_PAGESIZE);
	dir = opendir("/proc/self/fdinfo");
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", e->d_name);
		read_file(path, text, sizeof(text));
		vmmio_self_fdinfo(s, text);
	}
	if (dir)
		closedir(dir);
	/* no run may also mean that nothing ran: the switch decides */
	read_file("/proc/sys/kernel/bpf_stats_enabled", text, sizeof(text));
	s->have_bpf_time |= text[0] == '1';
}

char *vmmio_self_line(char *buf, size_t size, const struct vmmio_self *s)
{
	char bpf[80];

	if (!s->programs)
		snprintf(bpf, sizeof(bpf), "no BPF");
	else if (s->have_bpf_time)
		snprintf(bpf, sizeof(bpf), "BPF %.3f s in %llu runs", (double)s->bpf_ns / 1e9,
			 (unsigned long long)s->bpf_runs);
	else
		snprintf(bpf, sizeof(bpf), "BPF - (sysctl kernel.bpf_stats_enabled=1 to know)");
	snprintf(buf, size,
		 "self: CPU %.3f s (%.2f %% of one), memory %.1f MiB, %s, %u maps of %.1f KiB",
		 (double)s->cpu_ns / 1e9,
		 s->elapsed_ns ? 100.0 * (double)s->cpu_ns / (double)s->elapsed_ns : 0.0,
		 (double)s->rss_bytes / 1048576, bpf, s->maps, (double)s->map_bytes / 1024);
	return buf;
}
