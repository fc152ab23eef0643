// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench compare --where: boots one emulated guest, loads a disk over each transport
 * with the plugin watching, and stores where the instructions went, for diff --where.
 * Long because the options, the boot, its windows and the result are one command.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/data/machine.h"
#include "bench/data/result.h"
#include "bench/data/rounds.h"
#include "bench/guest/pool.h"
#include "bench/guest/qemu.h"
#include "bench/where/functions.h"
#include "bench/where/path.h"
#include "bench/where/program.h"
#include "bench/where/script.h"
#include "cmd.h"
#include "lib/opts.h"
#include "setup.h"

#define NAME "vmmio-bench compare --where: "
#define ALIKE 2000    /* windows with a host that differ by less than 1 in so many */
#define DISTURBED 500 /* a window that is longer than another by more than 1 in so many */

struct run {
	struct vmmio_setup setup;
	struct vmmio_where_load load;
	unsigned int timeout, retries;
	const char *name, *debug;
	bool where, json, stack;
	struct vmmio_setup host;	/* --host-modules alone */
	struct vmmio_guest_file *files; /* of what is booted */
	size_t nfiles;
	char initrd[PATH_MAX];	    /* of the bench host */
	char guest_image[PATH_MAX]; /* and of its guest, as the build made it */
	struct vmmio_result result;
	struct vmmio_where w;
	json_t *rows, *infos, *images;
	char *qemu_line;
	char trace[PATH_MAX];
};

static int parse_options(struct run *r, int argc, char **argv)
{
	struct vmmio_opt opts[] = {
		{"where", VMMIO_OPT_FLAG, &r->where, 0, 0, NULL, NULL,
		 "instructions by function and line, for diff --where"},
		{"stack", VMMIO_OPT_FLAG, &r->stack, 0, 0, NULL, NULL,
		 "in a guest of a bench host: KVM and monitor are counted as well"},
		{"driver", VMMIO_OPT_CHOICE, &r->load.driver, 0, 0, "vmmio|mainline",
		 "vmmio|mainline", "whose code (vmmio)"},
		{"count", VMMIO_OPT_NUMBER, &r->load.count, 10, 10000, NULL, "N",
		 "I/Os in a window (100, with --stack 50)"},
		{"windows", VMMIO_OPT_NUMBER, &r->load.windows, 1, 50, NULL, "N",
		 "of each transport; the usual one is kept (9, with --stack 5)"},
		{"depth", VMMIO_OPT_NUMBER, &r->load.depth, 1, 256, NULL, "N",
		 "I/Os in flight (1)"},
		{"rw", VMMIO_OPT_CHOICE, &r->load.rw, 0, 0, "read|write", "read|write",
		 "what an I/O is (read)"},
		{"block-size", VMMIO_OPT_NUMBER, &r->load.block_size, 512, 1 << 20, NULL, "BYTES",
		 "of an I/O, a multiple of 512 (4096)"},
		{"modules", VMMIO_OPT_STRING, &r->setup.modules, 0, 0, NULL, "DIR",
		 "kernel modules, in place of the image's of the same name"},
		{"host-modules", VMMIO_OPT_STRING, &r->host.modules, 0, 0, NULL, "DIR",
		 "with --stack: the same of the bench host, kvm.ko for example"},
		{"debug", VMMIO_OPT_STRING, &r->debug, 0, 0, NULL, "DIR",
		 "the same modules with debug information, for lines (that of the build)"},
		{"name", VMMIO_OPT_STRING, &r->name, 0, 0, NULL, "NAME",
		 "folder within the result set (where)"},
		{"json", VMMIO_OPT_FLAG, &r->json, 0, 0, NULL, NULL,
		 "the result as JSON instead of the table"},
		{"timeout", VMMIO_OPT_NUMBER, &r->timeout, 5, 86400, NULL, "S",
		 "limit of the boot in seconds (120, with --stack 300)"},
		{"retries", VMMIO_OPT_NUMBER, &r->retries, 0, 100, NULL, "N",
		 "times that the boot may fail, and is run again (2)"},
		VMMIO_SETUP_OPTS(&r->setup),
	};
	size_t n;
	int err;

	r->retries = 2;
	r->load.depth = 1;
	r->load.block_size = 4096;
	r->load.rw = "read";
	r->load.driver = "vmmio";
	r->name = "where";
	r->setup = (struct vmmio_setup)VMMIO_SETUP_DEFAULT;
	r->host.modules_option = "--host-modules";
	err = vmmio_opts_parse("vmmio-bench compare", "--where [options]", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, NULL, 0, &n);
	if (err)
		return err;
	r->load.host = r->stack;
	if (!r->load.count)
		r->load.count = r->stack ? 50 : 100;
	if (!r->load.windows)
		r->load.windows = r->stack ? 5 : 9;
	if (!r->timeout)
		r->timeout = r->stack ? 300 : 120;
	if (r->host.modules && !r->stack) {
		fprintf(stderr, NAME "--host-modules needs --stack: there is no other host\n");
		return -EINVAL;
	}
	if (r->load.block_size % 512) {
		fprintf(stderr, NAME "--block-size %u: not a multiple of 512\n",
			r->load.block_size);
		return -EINVAL;
	}
	if (r->load.depth > r->load.count) {
		fprintf(stderr, NAME "--count %u: fewer I/Os than --depth %u keeps in flight\n",
			r->load.count, r->load.depth);
		return -EINVAL;
	}
	if (r->name[0] == '.' || strchr(r->name, '/') || strlen(r->name) > 60) {
		fprintf(stderr, NAME "--name %s: not the plain name of a folder\n", r->name);
		return -EINVAL;
	}
	if (!strcmp(r->setup.wish, "kvm")) {
		fprintf(stderr, NAME "--accel kvm: only an emulator counts instructions\n");
		return -EINVAL;
	}
	return vmmio_setup_consistent("compare", &r->setup);
}

/* The plugin for this QEMU: its interface changed with 9.0. */
static int find_plugin(const struct run *r, char *path, size_t len)
{
	vmmio_guest_image(r->setup.qemu_number >= 90000 ? "where-2.so" : "where-1.so", path, len);
	if (!access(path, R_OK))
		return 0;
	fprintf(stderr, NAME "the plugin %s is missing (the target \"image\" makes it)\n",
		strrchr(path, '/') + 1);
	return -ENOENT;
}

/*
 * What --modules and --host-modules name, as files of what is booted: a bench host hands those of
 * its guest on.
 */
static int gather_files(struct run *r)
{
	size_t n = r->setup.nfiles;

	r->files = calloc(n + r->host.nfiles + 1, sizeof(*r->files));
	r->load.modules = calloc(n + 1, sizeof(*r->load.modules));
	if (!r->files || !r->load.modules)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		char *path = NULL;

		r->load.modules[i] = strrchr(r->setup.files[i].guest, '/') + 1;
		if (asprintf(&path, "%s%s", r->stack ? VMMIO_WHERE_MODULES : "/lib/modules/",
			     r->load.modules[i]) < 0)
			return -ENOMEM;
		r->files[r->nfiles++] = (struct vmmio_guest_file){r->setup.files[i].host, path};
	}
	r->load.nmodules = r->stack ? n : 0;
	for (size_t i = 0; i < r->host.nfiles; i++) {
		char *path = strdup(r->host.files[i].guest);

		if (!path)
			return -ENOMEM;
		r->files[r->nfiles++] = (struct vmmio_guest_file){r->host.files[i].host, path};
	}
	return 0;
}

static int boot(struct run *r, char **output)
{
	char plugin[PATH_MAX], arg[2 * PATH_MAX + 16];
	const char *args[] = {"-plugin", arg, NULL};
	struct vmmio_job job = {0};
	int err = gather_files(r);
	char *text = err ? NULL : vmmio_where_script(&r->load);

	err = err ?: text ? find_plugin(r, plugin, sizeof(plugin)) : -ENOMEM;
	if (err) {
		if (err != -ENOENT)
			fprintf(stderr, NAME "%s\n", strerror(-err));
		free(text);
		return err;
	}

	if (!err && (strchr(plugin, ',') || strchr(r->trace, ','))) {
		fprintf(stderr, NAME "QEMU takes no comma in the name of a plugin or its trace\n");
		err = -EINVAL;
	}
	snprintf(arg, sizeof(arg), "%s,out=%s", plugin, r->trace);
	job.guest = (struct vmmio_guest){
		.host = r->stack,
		.qemu = r->setup.qemu,
		.kernel = r->setup.kernel,
		.initrd = r->setup.initrd,
		.files = r->files,
		.nfiles = r->nfiles,
		.script = text,
		.columns = r->stack ? NULL : VMMIO_WHERE_COLUMNS,
		.qemu_args = args,
		.icount = true, /* brings nokaslr */
		.timeout_s = r->timeout,
	};
	if (!err)
		err = vmmio_pool_run(&job, 1, 1, false, r->retries, &vmmio_stop, NULL, NULL);
	free(text);
	if (!err && job.failed)
		fprintf(stderr, NAME "the boot failed, %u times, and was run again: %s\n",
			job.failed, job.why);
	if (!err && (job.err || job.result.end != VMMIO_GUEST_DONE || job.result.status)) {
		fprintf(stderr, NAME "%s\n",
			job.result.why[0] ? job.result.why : strerror(-job.err));
		if (job.result.console && job.result.console[0])
			fprintf(stderr, "last lines of its console:\n%s\n", job.result.console);
		err = -EIO;
	}
	if (!err) {
		*output = job.result.output;
		job.result.output = NULL;
		r->qemu_line = strdup(job.result.qemu_line);
	}
	vmmio_guest_result_free(&job.result);
	return err;
}

static int read_file(const char *path, void **data, size_t *size)
{
	FILE *f = fopen(path, "re");
	struct stat st = {0};
	int err = 0;

	*data = NULL;
	if (!f || fstat(fileno(f), &st))
		err = -errno;
	if (!err) {
		*size = st.st_size;
		*data = malloc(st.st_size + 1);
		err = !*data ? -ENOMEM : fread(*data, 1, *size, f) != *size ? -EIO : 0;
	}
	if (f)
		fclose(f);
	return err;
}

/*
 * The plugin's count of a window against the load's clock, which counts instructions too.
 * The few between a mark and the clock are nearly always the same over one transport: reading the
 * clock takes some more where it changes meanwhile.
 */
#define CLOCK_SLACK 64

static int check_clock(const struct vmmio_where *w, const struct vmmio_where_tree *t)
{
	int64_t d = (int64_t)(t->total - t->elapsed_ns), first;
	const struct vmmio_where_tree *other = w->trees;

	while (strcmp(other->column, t->column))
		other++;
	first = (int64_t)(other->total - other->elapsed_ns);
	if (d >= 0 && d <= 1000 && llabs(d - first) <= CLOCK_SLACK)
		return 0;
	fprintf(stderr, NAME "%s: the plugin counts %llu instructions, the guest's clock %llu\n",
		t->column, (unsigned long long)t->total, (unsigned long long)t->elapsed_ns);
	return -EPROTO;
}

/*
 * How many windows of the transport of @t are as long as it. With a host, whose timer and
 * scheduler are in each of them, no two are to the instruction: nearly as long, then.
 */
static size_t alike(const struct vmmio_where *w, const struct vmmio_where_tree *t)
{
	uint64_t slack = w->host ? t->total / ALIKE : 0;
	size_t n = 0;

	for (size_t i = 0; i < w->ntrees; i++)
		n += w->trees[i].total + slack >= t->total &&
		     w->trees[i].total <= t->total + slack &&
		     !strcmp(w->trees[i].column, t->column);
	return n;
}

/* Is window @x more like what the load does undisturbed than @y? */
static bool more_usual(const struct vmmio_where *w, const struct vmmio_where_tree *x,
		       const struct vmmio_where_tree *y)
{
	uint64_t shorter = x->total < y->total ? x->total : y->total;
	uint64_t more = x->total + y->total - 2 * shorter;

	if (more > shorter / DISTURBED)
		return x->total == shorter;
	if (alike(w, x) != alike(w, y))
		return alike(w, x) > alike(w, y);
	return x->total < y->total;
}

/*
 * Of each transport one window is kept: of the shortest the one whose length came most often.
 * When the device answers is up to the emulator's threads, and what else the machine does: if
 * late, the guest does more in the meantime.
 */
static int keep_usual(struct vmmio_where *w)
{
	struct vmmio_where_tree *kept = calloc(w->ntrees, sizeof(*kept));
	const struct vmmio_where_tree **best = calloc(w->ntrees, sizeof(*best));
	size_t n = 0, k;

	if (!kept || !best) {
		free(kept);
		free(best);
		return -ENOMEM;
	}
	for (size_t i = 0; i < w->ntrees; i++) {
		const struct vmmio_where_tree *t = &w->trees[i];

		for (k = 0; k < n && strcmp(best[k]->column, t->column); k++)
			;
		if (k == n || more_usual(w, t, best[k]))
			best[k] = t;
		n += k == n;
	}
	for (k = 0; k < n; k++) {
		kept[k] = *best[k];
		kept[k].alike = alike(w, best[k]);
		for (size_t i = 0; i < w->ntrees; i++)
			kept[k].windows += !strcmp(w->trees[i].column, best[k]->column);
	}
	for (size_t i = 0; i < w->ntrees; i++) {
		for (k = 0; k < n && best[k] != &w->trees[i]; k++)
			;
		if (k < n)
			continue;
		free(w->trees[i].nodes);
		free(w->trees[i].counts);
	}
	free(w->trees);
	free(best);
	w->trees = kept;
	w->ntrees = n;
	return 0;
}

/* Which load each window was. */
static int take_windows(struct run *r)
{
	size_t i;
	json_t *row;

	if (json_array_size(r->rows) != r->w.ntrees) {
		fprintf(stderr, NAME "%zu loads, but %zu windows in the trace\n",
			json_array_size(r->rows), r->w.ntrees);
		return -EPROTO;
	}
	json_array_foreach(r->rows, i, row) {
		struct vmmio_where_tree *t = &r->w.trees[i];
		const char *column;
		json_int_t ios, elapsed;

		if (json_unpack(row, "{s:s, s:{s:I, s:I}}", "column", &column, "load", "ios", &ios,
				"elapsed_ns", &elapsed)) {
			fprintf(stderr, NAME "a load did not say how long it took\n");
			return -EPROTO;
		}
		snprintf(t->column, sizeof(t->column), "%s", column);
		t->ios = ios;
		t->elapsed_ns = elapsed;
		if (check_clock(&r->w, t))
			return -EPROTO;
		json_object_set_new(row, "instructions", json_integer((json_int_t)t->total));
	}
	return keep_usual(&r->w);
}

/* The guest's words without its symbols, which are long. */
static void cut_symbols(char *output)
{
	static const char *const marks[] = {"@symbols\n", "@host-symbols\n"};

	for (size_t i = 0; i < 2; i++) {
		char *p = strstr(output, marks[i]), *end = p ? strstr(p, "@symbols-end\n") : NULL;

		if (end)
			memmove(p, end, strlen(end) + 1);
	}
}

/* The modules of @s by name: what file each is. */
static int name_modules(const struct vmmio_setup *s, bool host, struct vmmio_path_module *all,
			size_t *n)
{
	for (size_t i = 0; i < s->nfiles; i++) {
		char *name = strdup(strrchr(s->files[i].guest, '/') + 1);

		if (!name)
			return -ENOMEM;
		name[strlen(name) - 3] = '\0'; /* .ko */
		all[(*n)++] = (struct vmmio_path_module){name, s->files[i].host, host};
	}
	return 0;
}

static int read_trace(struct run *r, char *output)
{
	char initrd[PATH_MAX], debug[PATH_MAX], why[256] = "";
	struct vmmio_path_module *modules =
		calloc(r->setup.nfiles + r->host.nfiles + 1, sizeof(*modules));
	struct vmmio_symbols symbols = {0}, host = {0};
	struct vmmio_path_input in = {
		.symbols = &symbols, .host = r->stack ? &host : NULL, .modules = modules};
	void *data = NULL;
	size_t size = 0;
	json_t *info = json_object();
	int err = modules ? 0 : -ENOMEM;

	/* what guest another host's image has in it is not known: none of its lines is */
	in.lines.initrd = r->stack && !r->initrd[0] ? ""
			  : r->setup.initrd && !r->stack
				  ? r->setup.initrd
				  : vmmio_guest_image("initrd.cpio", initrd, sizeof(initrd));
	in.lines.debug = r->debug ? r->debug : vmmio_guest_image("debug", debug, sizeof(debug));
	in.host_lines.initrd = r->setup.initrd;
	in.host_lines.debug = r->debug;
	err = err ?: name_modules(&r->setup, false, modules, &in.nmodules);
	err = err ?: name_modules(&r->host, true, modules, &in.nmodules);
	if (!err && r->stack)
		err = vmmio_symbols_read(&host, output, true, NULL, why, sizeof(why));
	err = err ?: vmmio_symbols_read(&symbols, output, false, &host, why, sizeof(why));
	if (!err && r->stack)
		err = vmmio_symbols_programs(&host, output, r->setup.initrd, why, sizeof(why));
	cut_symbols(output);
	err = err ?: vmmio_rounds_parse(output, 0, r->rows, info, why, sizeof(why));
	err = err ?: read_file(r->trace, &data, &size);
	unlink(r->trace); /* now: what follows may be killed for its memory */
	err = err ?: vmmio_path_read(&r->w, &in, data, size, why, sizeof(why));
	if (err)
		fprintf(stderr, NAME "%s\n", why[0] ? why : strerror(-err));
	free(data);
	json_array_append_new(r->infos, info);
	for (size_t i = 0; i < in.nmodules; i++)
		free((char *)modules[i].name);
	free(modules);
	vmmio_symbols_free(&symbols);
	vmmio_symbols_free(&host);
	return err ?: take_windows(r);
}

static enum vmmio_accel accel(const struct run *r)
{
	return r->stack ? VMMIO_ACCEL_SVM_ON_TCG : VMMIO_ACCEL_NONE;
}

static json_t *result_object(const struct run *r)
{
	const json_t *info = json_array_get(r->infos, 0);

	return json_pack("{s:i, s:s, s:s, s:s, s:{s:i, s:i, s:i, s:i, s:s, s:s, s:O}, s:O?, s:O*}",
			 "schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench", "kind", "where",
			 "accel", vmmio_accel_name(accel(r)), "options", "windows", r->load.windows,
			 "count", r->load.count, "depth", r->load.depth, "block_size",
			 r->load.block_size, "rw", r->load.rw, "driver", r->load.driver, "images",
			 r->images, "guest", json_object_get(info, "guest"), "under",
			 json_object_get(info, "host"));
}

/* Per I/O, with as many digits as there are. */
static void print_table(const struct run *r, FILE *f)
{
	int phases = r->stack ? VMMIO_PHASES : VMMIO_PHASE_HOST;

	const char *kernel, *qemu;

	fprintf(f, "instructions %sper I/O, by phase%s", r->stack ? "" : "of the guest ",
		r->stack ? "; host and monitor: its kernel and its user space" : "");
	if (!json_unpack(json_object_get(json_array_get(r->infos, 0), "host"), "{s:s, s:s}",
			 "kernel", &kernel, "qemu", &qemu))
		fprintf(f, "; Linux %s, QEMU %s", kernel, qemu);
	fprintf(f, "\n%-9s %10s", "", "all");
	for (int p = 0; p < phases; p++)
		fprintf(f, " %10s", vmmio_phases[p]);
	fprintf(f, "  %s  windows as long\n", r->stack ? "exits" : "accesses of devices");
	for (size_t i = 0; i < r->w.ntrees; i++) {
		const struct vmmio_where_tree *t = &r->w.trees[i];
		uint64_t sum[VMMIO_PHASES] = {0}, accesses = 0;

		for (size_t k = 0; k < t->ncounts; k++) {
			const struct vmmio_where_count *c = &t->counts[k];

			if (!c->what)
				sum[c->phase] += c->n;
			else if (!r->stack || !strcmp(r->w.strings[c->what], VMMIO_WHERE_EXIT))
				accesses += c->n;
		}
		fprintf(f, "%-9s %10.1f", t->column, (double)t->total / t->ios);
		for (int p = 0; p < phases; p++)
			fprintf(f, " %10.1f", (double)sum[p] / t->ios);
		fprintf(f, "  %*.2f  %zu of %zu\n", r->stack ? 5 : 19, (double)accesses / t->ios,
			t->alike, t->windows);
	}
}

#define FUNCTIONS 40

static void print_functions(const struct run *r, FILE *f)
{
	fprintf(f, "\nfunctions by which the transports differ most, each with what it calls\n");
	for (size_t i = 0; i < r->w.ntrees; i++)
		fprintf(f, "%10s ", r->w.trees[i].column);
	fprintf(f, " per I/O\n");
	if (vmmio_where_print_functions(&r->w, FUNCTIONS, f))
		fprintf(f, "(no memory)\n");
}

static int write_folder(struct run *r, char *final)
{
	struct vmmio_series_set none = {0};
	struct vmmio_result_text t;
	json_t *where = vmmio_where_to_json(&r->w), *one = json_array();
	char set[128];
	int err = vmmio_result_write_run(&r->result, result_object(r), &none,
					 vmmio_machine_describe(accel(r), r->setup.qemu_number),
					 r->qemu_line, r->infos, r->rows);

	json_array_append_new(one, where);
	err = err ?: where ? vmmio_result_write_lines(&r->result, "where.json", one) : -ENOMEM;
	json_decref(one);
	if (!err && !vmmio_result_begin(&t))
		err = -ENOMEM;
	if (!err) {
		print_table(r, t.f);
		print_functions(r, t.f);
		err = vmmio_result_end(&t, &r->result, "where.txt");
	}
	if (err || vmmio_stop)
		return err ? err : -EINTR;
	vmmio_machine_set_name(accel(r), set, sizeof(set));
	return vmmio_result_commit(&r->result, set, r->name, "where", final);
}

static int run(struct run *r, char *final)
{
	char *output = NULL;
	int err = vmmio_where_init(&r->w);

	r->w.host = r->stack;
	err = err ?: vmmio_stop ? -EINTR : boot(r, &output);
	err = err ?: read_trace(r, output);
	free(output);
	if (err)
		return err;
	err = write_folder(r, final);
	if (err && err != -EINTR)
		fprintf(stderr, NAME "--out %s: %s\n", r->setup.out, strerror(-err));
	return err;
}

static void print(const struct run *r, const char *final)
{
	json_t *j;

	if (r->json) {
		j = result_object(r);
		json_object_set_new(j, "folder", json_string(final));
		json_object_set_new(j, "where", vmmio_where_to_json(&r->w));
		vmmio_print_json(j);
	} else {
		print_table(r, stdout);
		print_functions(r, stdout);
		printf("\n%s\n", final);
	}
}

/* The bench host's image, if one is wanted. */
static int find_host(struct run *r)
{
	if (!r->stack || r->setup.initrd)
		return 0;
	r->setup.initrd = vmmio_guest_image("host.cpio", r->initrd, sizeof(r->initrd));
	if (!access(r->initrd, R_OK))
		return 0;
	fprintf(stderr, NAME "%s: %s (built on x86-64 where QEMU is installed)\n", r->initrd,
		strerror(errno));
	return -ENOENT;
}

/* What was booted, the host's modules among the others as host/NAME.ko. */
static json_t *images(const struct run *r)
{
	json_t *all = vmmio_setup_images(&r->setup), *host = vmmio_setup_images(&r->host), *sum;
	json_t *modules = json_object_get(all, "modules");
	const char *name;

	if (!modules && r->host.nfiles) {
		modules = json_object();
		json_object_set_new(all, "modules", modules);
	}
	json_object_foreach(json_object_get(host, "modules"), name, sum) {
		char key[300];

		snprintf(key, sizeof(key), "host/%s", name);
		json_object_set(modules, key, sum);
	}
	json_decref(host);
	return all;
}

int vmmio_cmd_where(int argc, char **argv)
{
	struct run r = {0};
	char final[PATH_MAX] = "";
	int err, fd = -1, status = VMMIO_EXIT_TROUBLE;
	const char *tmp = getenv("TMPDIR");

	err = parse_options(&r, argc, argv);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	vmmio_stop_on_signals();
	r.rows = json_array();
	r.infos = json_array();
	if (r.stack) /* the guest in the host's image is not looked into */
		r.setup.modules_image =
			vmmio_guest_image("initrd.cpio", r.guest_image, sizeof(r.guest_image));
	if (vmmio_setup_qemu("compare", &r.setup) || vmmio_setup_modules("compare", &r.setup) ||
	    find_host(&r))
		goto out;
	r.host.initrd = r.setup.initrd;
	if (vmmio_setup_modules("compare", &r.host))
		goto out;
	r.images = images(&r);
	if (vmmio_run_begin("compare --where", &r.result, r.setup.out))
		goto out;
	snprintf(r.trace, sizeof(r.trace), "%s/vmmio-where-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	fd = mkstemp(r.trace);
	if (fd < 0) {
		fprintf(stderr, NAME "%s: %s\n", r.trace, strerror(errno));
		goto out;
	}
	if (!run(&r, final)) {
		print(&r, final);
		status = VMMIO_EXIT_OK;
	}
out:
	if (fd >= 0) {
		close(fd);
		unlink(r.trace);
	}
	status = vmmio_run_end("compare --where", &r.result, status);
	json_decref(r.rows);
	json_decref(r.infos);
	json_decref(r.images);
	vmmio_where_free(&r.w);
	for (size_t i = 0; i < r.nfiles; i++)
		free((char *)r.files[i].guest);
	free(r.files);
	free(r.load.modules);
	vmmio_setup_free(&r.setup);
	vmmio_setup_free(&r.host);
	free(r.qemu_line);
	return status;
}
