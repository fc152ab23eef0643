// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps a result of `vmmio-bench micro` as a folder: table, JSON, CSV, and a
 * plot with the data and the script it was drawn from. Overwrites files of
 * the same day, CPU and accelerator.
 */
#define _GNU_SOURCE
#include "micro.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/plot/plot.h"

static int make_dirs(const char *path)
{
	char buf[4096];
	char *p;

	if (snprintf(buf, sizeof(buf), "%s", path) >= (int)sizeof(buf))
		return -ENAMETOOLONG;
	for (p = buf + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(buf, 0777) && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(buf, 0777) && errno != EEXIST ? -errno : 0;
}

static void print_plot_data(FILE *f, const struct micro_result *r)
{
	int i;

	fputs("# key\tmedian\tp25\tp75 (ns)\n", f);
	for (i = 0; i < r->nr_rows; i++) {
		struct micro_summary s = micro_summarise(r, &r->rows[i], MICRO_WALL);

		if (!isnan(s.median))
			fprintf(f, "\"%s\"\t%.2f\t%.2f\t%.2f\n", r->rows[i].key, s.median, s.p25,
				s.p75);
	}
}

/* Underscores are subscripts to gnuplot unless told otherwise. */
static void print_plot_script(FILE *f, const struct micro_result *r)
{
	char cpu[256];

	vmmio_plot_quote(r->cpu, false, cpu, sizeof(cpu));
	fprintf(f,
		"# SPDX-License-Identifier: GPL-2.0-only\n"
		"set terminal svg size 900,900 dynamic enhanced font 'sans,12'\n"
		"set output 'micro.svg'\n"
		"set title 'vmmio-bench micro on %s%s: '.%s.', %s' noenhanced\n"
		"set logscale x 10\n"
		"set xlabel 'nanoseconds (median; bar: quartiles)'\n"
		"set yrange [:] reverse\n"
		"set grid x\n"
		"set key off\n"
		"set lmargin 32\n"
		"plot 'micro.dat' using 2:0:3:4:ytic(1) with xerrorbars pt 7 ps 0.6\n",
		micro_noisy(r) ? "a noisy " : "", vmmio_accel_name(r->accel), cpu, r->date);
}

static int write_file(int dir, const char *name, const struct micro_result *r,
		      void (*print)(FILE *, const struct micro_result *))
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *f;
	int err;

	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f) {
		err = -errno;
		close(fd);
		return err;
	}
	print(f, r);
	err = ferror(f) ? -EIO : 0;
	if (fclose(f) && !err)
		err = -errno;
	return err;
}

static bool run_gnuplot(const char *dir)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return false;
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		if (chdir(dir))
			_exit(127);
		execlp("gnuplot", "gnuplot", "micro.gp", NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status);
}

int micro_save(const char *parent, const struct micro_result *r, char *dir, size_t len,
	       bool *plotted)
{
	static const struct {
		const char *name;
		void (*print)(FILE *, const struct micro_result *);
	} files[] = {
		{"micro.txt", micro_print_table}, {"micro.json", micro_print_json},
		{"micro.csv", micro_print_csv},	  {"micro.dat", print_plot_data},
		{"micro.gp", print_plot_script},
	};
	char cpu[128], kind[32];
	size_t i;
	int fd, err;

	vmmio_accel_slug(r->cpu, cpu, sizeof(cpu));
	vmmio_accel_slug(vmmio_accel_name(r->accel), kind, sizeof(kind));
	if ((size_t)snprintf(dir, len, "%s/%s-%s-%s", parent, r->date, cpu, kind) >= len)
		return -ENAMETOOLONG;
	err = make_dirs(dir);
	if (err)
		return err;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (i = 0; !err && i < sizeof(files) / sizeof(files[0]); i++)
		err = write_file(fd, files[i].name, r, files[i].print);
	close(fd);
	if (!err)
		*plotted = run_gnuplot(dir);
	return err;
}
