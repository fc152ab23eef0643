// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device side's word on each kind of load (kinds.c, blk.c): one packet, byte or
 * request too few or too many is found; and what a combination of settings cannot
 * be is refused in one line that names the place.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/sweep/sweep.h"
#include "bench/load/load.h"
#include "bench/data/rounds.h"

static const char *const columns[] = {"mmio"};

static json_t *round_of(const char *load)
{
	json_t *row = json_pack("{s:i, s:s, s:i, s:o}", "boot", 0, "column", "mmio", "ios", 10,
				"load", json_loads(load, 0, NULL));

	return json_pack("[o]", row);
}

/* Do all checks of @kind pass? */
static bool passes(const char *kind, const char *load, const char *info, uint64_t side,
		   const char *trace)
{
	struct vmmio_load b = {.kind = vmmio_kind_find(kind),
			       .bs = 64,
			       .count = 10,
			       .columns = columns,
			       .ncolumns = 1};
	struct vmmio_guest_result r = {
		.trace = (char *)trace, .nsides = 1, .sides = {{.name = "mmio", .size = side}}};
	json_t *rows = round_of(load), *about = json_loads(info, 0, NULL), *checks = json_array();
	bool ok;

	assert_non_null(b.kind);
	vmmio_load_check(&b, 0, rows, about, &r, checks);
	assert_true(json_array_size(checks) > 1);
	ok = vmmio_checks_ok(checks);
	json_decref(rows);
	json_decref(about);
	json_decref(checks);
	return ok;
}

/* A dump of n packets is 24 + 32 n bytes: heads, and the first 16 bytes of each. */
#define DUMP(n) (24 + 32 * (n))
#define NET(ios, rx, peer, peer_rx)                                         \
	"{\"ios\":" #ios ",\"rx_packets\":" #rx ",\"peer\":{\"ios\":" #peer \
	",\"rx_packets\":" #peer_rx "}}"

static void test_net(void **state)
{
	assert_true(passes("udp_rr", NET(10, 11, 10, 12), "{}", DUMP(23), NULL));
	assert_false(passes("udp_rr", NET(10, 11, 10, 12), "{}", DUMP(24), NULL)); /* lost */
	assert_false(
		passes("udp_rr", NET(10, 11, 10, 12), "{}", DUMP(22), NULL)); /* from nowhere */
	assert_false(passes("udp_rr", NET(10, 11, 9, 12), "{}", DUMP(23), NULL));
	assert_false(passes("udp_rr", NET(9, 11, 9, 12), "{}", DUMP(23), NULL)); /* cut short */
	assert_false(passes("tcp_stream", NET(10, 0, 10, 0), "{}", 0, NULL));	 /* no dump */
}

static void test_rng(void **state)
{
	static const char info[] = "{\"devices\":{\"mmio\":{\"irqs\":2}}}";
	static const char two[] = "virtio_rng_pushed rng 0x5: 64 bytes pushed\n"
				  "virtio_rng_pushed rng 0x5: 64 bytes pushed\n";
	static const char one[] = "virtio_rng_pushed rng 0x5: 64 bytes pushed\n";

	assert_true(passes("rng", "{\"ios\":10,\"bytes\":128}", info, 0, two));
	assert_false(passes("rng", "{\"ios\":10,\"bytes\":64}", info, 0, one));
	assert_false(passes("rng", "{\"ios\":10,\"bytes\":192}", info, 0, two));
	assert_false(passes("rng", "{\"ios\":10,\"bytes\":128}", "{}", 0, two));
	assert_false(passes("rng", "{\"ios\":10,\"bytes\":0}", info, 0, NULL));
}

static void test_console(void **state)
{
	assert_true(passes("console", "{\"ios\":10}", "{}", 11 * 64, NULL));
	assert_false(passes("console", "{\"ios\":10}", "{}", 11 * 64 - 1, NULL));
	assert_false(passes("console", "{\"ios\":10}", "{}", 10 * 64, NULL));
}

#define FIO_ROUND(json)                                                                    \
	"@round {\"kind\":\"time\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":8," \
	"\"labels\":\"load=fio-randwrite transport=mmio depth=1\"}\n" json "\n@end 0\n"
#define FIO(way)                                                                      \
	"\"" way "\":{\"total_ios\":8,\"io_bytes\":32768,\"runtime\":5,\"clat_ns\":{" \
	"\"mean\":7.5,\"percentile\":{\"50.000000\":7,\"99.000000\":9}}}"

/* fio's report becomes what a load of ours says; a part of it becomes nothing. */
static void test_fio(void **state)
{
	static const char whole[] = FIO_ROUND(
		"{ \"fio version\":\"fio-3.33\",\"jobs\":[{\"error\":0," FIO("write") "}]}");
	static const char part[] =
		FIO_ROUND("{ \"fio version\":\"fio-3.33\",\"jobs\":[{\"error\":0}]}");
	json_t *rows = json_array(), *info = json_object(), *load;
	char why[200] = "";

	if (vmmio_rounds_parse(whole, 0, rows, info, why, sizeof(why)))
		fail_msg("%s", why);
	load = json_object_get(json_array_get(rows, 0), "load");
	assert_int_equal(json_integer_value(json_object_get(load, "ios")), 8);
	assert_int_equal(json_integer_value(json_object_get(load, "p50_ns")), 7);
	assert_int_equal(json_integer_value(json_object_get(load, "elapsed_ns")), 5000000);
	assert_string_equal(json_string_value(json_object_get(load, "rw")), "write");
	json_array_clear(rows);
	assert_true(vmmio_rounds_parse(part, 0, rows, info, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "without the report of the load"));
	json_decref(rows);
	json_decref(info);
}

/* Loads @text as an experiment; returns how many runs, with the reason in @why if none. */
static size_t runs_of(const char *text, char *why, size_t len, struct vmmio_experiment *e)
{
	char path[] = "/tmp/vmmio-loads-XXXXXX";
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	why[0] = '\0';
	err = vmmio_experiment_load(path, false, e, why, len);
	unlink(path);
	return err ? 0 : e->n;
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{"[grid a]\nload = ping\n", "line 2: ping: a value that is not allowed"},
		{"[grid a]\narch = mips\n", "line 2: mips: a value"},
		{"[grid a]\ntransport = mmio-modern\n", "line 2: mmio-modern"},
		{"[grid a]\nrequest = 0\n", "line 2: 0: a value"},
		{"[grid a]\nresponse = 1473\n", "line 2: 1473: a value"},
		{"[experiment]\n\n[grid a]\nblock_size = 1000\n",
		 "line 3: [grid a]: load block, block"},
		{"[grid a]\nload = rng\ndepth = 2\n", "line 1: [grid a]: load rng, depth"},
		{"[grid a]\nload = udp_rr\ndepth = 300\n", "depth: at most 256"},
		{"[grid a]\nload = udp_rr\nqueue_size = 16\n", "queue_size"},
		{"[grid a]\nload = console\nqueue_size = 256\n", "queue_size: larger"},
		{"[grid a]\nload = udp_rr\nqueues = 2\n", "queues"},
		{"[grid a]\nload = tcp_rr\nlatency_us = 5\n", "latency_us"},
		{"[grid a]\ntransport = mmio-legacy\npacked = on\n", "packed: a legacy device"},
		{"[grid a]\narch = arm64\nicount = on\n", "arch: icount"},
		{"[grid a]\ndriver = mainline\nlazy_status = on\n", "lazy_status: an option"},
		{"[grid a]\nhost = on\narch = arm64\nload = udp_rr\n", "with arch = arm64"},
		{"[grid a]\nhost = on\nload = rng\n", "host: only load = block, scsi"},
		{"[grid a]\nhost = on\nload = tcp_rr\n", "host: only load = block, scsi or udp_rr"},
		{"[grid a]\nload = udp_rr\nvhost = on\n",
		 "vhost: of load = udp_rr or scsi with host"},
		{"[grid a]\nhost = on\nload = scsi\nioeventfd = off\n", "ioeventfd: off with host"},
		{"[grid a]\nhost = on\nqueues = 2\nioeventfd = off\n", "with one queue only"},
		{"[grid a]\nload = scsi\n", "load: of host = on only"},
		{"[grid a]\nload = scsi\nhost = on\nlatency_us = 5\n",
		 "load: scsi has no iothread"},
		{"[grid a]\nhost = on\nload = udp_rr\nvhost = on\npacked = on\n", "no packed ring"},
		{"[grid a]\nhost = on\nvhost = on\n", "vhost: of load = udp_rr"},
		{"[grid a]\nhost = on\nload = udp_rr\nvhost = on\nioeventfd = off\n",
		 "and ioeventfd"},
		{"[grid a]\nhost = on\nload = udp_rr\nvcpus = 2\n", "vcpus: more than one"},
		{"[grid a]\nhost = on\nicount = on\n", "host: counts instructions by itself"},
		{"[grid a]\nhost = on\nioeventfd = off\niothread = on\n", "iothread: of disks"},
		{"[grid a]\niothread = on\n", "iothread: of disks, with ioeventfd"},
		{"[grid a]\nhost = on\nirqchip = on\n",
		 "irqchip: on for transport = mmio, pci-intx"},
		{"[grid a]\nvectors = shared\n", "vectors: shared by several"},
		{"[grid a]\nload = udp_rr\nvectors = shared\ntransport = mmio, pci-intx\n",
		 "vectors: shared of transport = pci-msix"},
		{"[grid a]\nload = udp_rr\nvectors = shared\nhost = on\n", "without host = on"},
		{"[grid a]\nirqchip = off\n", "irqchip: of host = on"},
		{"[grid a]\nhost = on\narch = arm64\nirqchip = off\n", "and arch = x86"},
		{"[grid a]\nhost = on\ntransport = mmio\n", "host: takes two transports"},
	};
	struct vmmio_experiment e;
	char why[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (runs_of(bad[i].text, why, sizeof(why), &e))
			fail_msg("case %zu was accepted", i);
		if (!strstr(why, bad[i].word) || strncmp(why, "line ", 5))
			fail_msg("case %zu: expected '%s' in: %s", i, bad[i].word, why);
	}
}

static void test_planned(void **state)
{
	struct vmmio_experiment e;
	char why[300];
	size_t legacy = 0;

	/* the version of mmio is the machine's: a boot of its own */
	assert_int_equal(runs_of("[experiment]\nboots = 1\n[grid a]\ntransport = mmio, "
				 "mmio-legacy, pci-msix\n",
				 why, sizeof(why), &e),
			 2);
	for (size_t i = 0; i < e.n; i++) {
		legacy += e.runs[i].s.legacy;
		assert_int_equal(e.runs[i].s.ncolumns, e.runs[i].s.legacy ? 1 : 2);
		assert_null(strstr(e.runs[i].labels, "arch=")); /* a label of old results */
	}
	assert_int_equal(legacy, 1);
	vmmio_experiment_free(&e);
	/* under KVM there is ioeventfd, and it is said where it was counted */
	assert_int_equal(runs_of("[experiment]\nboots = 1\nhost = on\n[grid a]\nrw = read\n", why,
				 sizeof(why), &e),
			 1);
	assert_true(e.runs[0].s.host && e.runs[0].s.ioeventfd);
	assert_non_null(strstr(e.runs[0].labels, " host=on"));
	assert_int_equal(vmmio_run_accel(&e, VMMIO_ACCEL_NONE), VMMIO_ACCEL_SVM_ON_TCG);
	assert_int_equal(vmmio_run_possible(&e, VMMIO_ACCEL_KVM_VMX, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "--accel tcg"));
	vmmio_experiment_free(&e);
	/* without ioeventfd the guest says where a PCI device's doorbell is */
	assert_int_equal(
		runs_of("[experiment]\nboots = 1\nhost = on\n[grid a]\nioeventfd = on\n"
			"iothread = on, off\n[grid b]\nioeventfd = off\ndriver = mainline\n",
			why, sizeof(why), &e),
		3);
	for (size_t i = 0; i < e.n; i++) {
		const struct vmmio_setting *s = &e.runs[i].s;
		struct vmmio_run_guest store;
		struct vmmio_guest g = {0};

		assert_int_equal(!s->ioeventfd, !strcmp(s->driver, "mainline"));
		assert_int_equal(strstr(e.runs[i].labels, " iothread=on host=on") != NULL,
				 s->iothread);
		assert_int_equal(vmmio_run_prepare(&e, &e.runs[i], &store, &g), 0);
		assert_int_equal(strstr(store.inner, "\ndoorbell \"$dev_pci_msix\"\n") != NULL,
				 !s->ioeventfd);
		assert_non_null(strstr(store.inner, "second_witness"));
		assert_int_equal(strstr(store.script, ",iothread=io-mmio'") != NULL, s->iothread);
		assert_int_equal(strstr(store.script, "l2 --ioeventfd") != NULL, s->ioeventfd);
		vmmio_run_free(&store);
	}
	vmmio_experiment_free(&e);
	/* emulation and KVM are two results */
	assert_int_equal(runs_of("[experiment]\nboots = 1\n[grid a]\nhost = on, off\n", why,
				 sizeof(why), &e),
			 2);
	assert_int_equal(vmmio_run_possible(&e, VMMIO_ACCEL_NONE, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "host: on in all grids or in none"));
	vmmio_experiment_free(&e);
	/* a ring no larger than the device's, and only the labels that mean something */
	assert_int_equal(runs_of("[experiment]\nboots = 1\n[grid a]\nload = rng, udp_rr\narch = "
				 "x86\nrw = read, write\n",
				 why, sizeof(why), &e),
			 2);
	for (size_t i = 0; i < e.n; i++) {
		bool rng = strstr(e.runs[i].labels, "load=rng ") != NULL;

		assert_int_equal(e.runs[i].s.queue_size, rng ? 8 : 256);
		assert_non_null(strstr(e.runs[i].labels, rng ? " block_size=" : " request="));
		assert_non_null(strstr(e.runs[i].labels, " arch=x86"));
	}
	vmmio_experiment_free(&e);
	/* of numbers the ends, of words all */
	assert_int_equal(runs_of("[experiment]\nboots = 1\nends = yes\n[grid a]\n"
				 "queue_size = 32, 64, 128\nload = block, udp_rr, tcp_rr\n",
				 why, sizeof(why), &e),
			 6);
	for (size_t i = 0; i < e.n; i++)
		assert_int_not_equal(e.runs[i].s.queue_size, 64);
	vmmio_experiment_free(&e);
	/* not where nobody asked for a quick run */
	assert_int_equal(
		runs_of("[quick]\nboots = 1\nends = yes\n[experiment]\nboots = 1\n[grid a]\n"
			"queue_size = 32, 64, 128\n",
			why, sizeof(why), &e),
		3);
	vmmio_experiment_free(&e);
}

/* One transport's packets: 40 I/Os, what the guest's end has before and after, and its TAP. */
static bool tap_passes(const char *after, const char *tap)
{
	const char *const mmio_only[] = {"mmio"};
	struct vmmio_load load = {.columns = mmio_only, .ncolumns = 1};
	json_t *checks = json_array(),
	       *info = json_pack("{s:{s:{s:{s:i, s:i}}}}", "devices", "mmio", "before", "sent", 2,
				 "received", 1),
	       *mmio = json_object_get(json_object_get(info, "devices"), "mmio");
	bool ok;

	json_object_set_new(mmio, "after", json_loads(after, 0, NULL));
	if (tap)
		json_object_set_new(mmio, "tap", json_loads(tap, 0, NULL));
	vmmio_kind_find("udp_rr")->host_check(&load, 0, "mmio", 40, info, checks);
	ok = vmmio_checks_ok(checks);
	assert_int_equal(json_array_size(checks), 1);
	json_decref(checks);
	json_decref(info);
	return ok;
}

static void test_tap(void **state)
{
	const char *const after = "{\"sent\":42,\"received\":41}";

	assert_true(tap_passes(after, "{\"sent\":41,\"received\":42}"));
	/* a packet that did not arrive, on either side, and one that is not the load's */
	assert_false(tap_passes(after, "{\"sent\":41,\"received\":41}"));
	assert_false(tap_passes(after, "{\"sent\":42,\"received\":42}"));
	assert_false(tap_passes("{\"sent\":43,\"received\":41}", "{\"sent\":41,\"received\":43}"));
	/* not seen is not equal */
	assert_false(tap_passes(after, NULL));
	assert_false(tap_passes("{}", "{\"sent\":41,\"received\":42}"));
}

/* In a bench host the guest's block layer is asked: 40 I/Os, one too few, and not said at all. */
static void test_layer(void **state)
{
	static const struct {
		const char *info;
		bool good;
	} is[] = {
		{"{\"disks\":{\"mmio\":{\"before\":{\"reads\":2,\"writes\":1},\"after\":"
		 "{\"reads\":42,\"writes\":1}}}}",
		 true},
		{"{\"disks\":{\"mmio\":{\"before\":{\"reads\":2,\"writes\":1},\"after\":"
		 "{\"reads\":41,\"writes\":1}}}}",
		 false},
		{"{}", false},
	};
	const struct vmmio_kind *const kinds[] = {&vmmio_kind_block, &vmmio_kind_scsi};

	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]) * 2; i++) {
		json_t *checks = json_array(), *info = json_loads(is[i / 2].info, 0, NULL);

		kinds[i % 2]->host_check(NULL, 0, "mmio", 40, info, checks);
		assert_int_equal(vmmio_checks_ok(checks), is[i / 2].good);
		json_decref(checks);
		json_decref(info);
	}
}

/* Which interrupt controllers are KVM's is QEMU's command line; split is its own choice. */
static void test_irqchip(void **state)
{
	static const char *const arg[] = {NULL, "'kernel-irqchip=on,ioapic2=off'",
					  "'kernel-irqchip=off'"};
	static const char *const label[] = {" irqchip=split host=on", " irqchip=on host=on",
					    " irqchip=off host=on"};
	struct vmmio_experiment e;
	char why[300];

	assert_int_equal(runs_of("[experiment]\nboots = 1\nhost = on\ntransport = mmio, pci-intx\n"
				 "[grid a]\nirqchip = split, on, off\n",
				 why, sizeof(why), &e),
			 3);
	for (size_t i = 0; i < e.n; i++) {
		enum vmmio_irqchip at = e.runs[i].s.irqchip;
		struct vmmio_run_guest store;
		struct vmmio_guest g = {0};

		assert_non_null(strstr(e.runs[i].labels, label[at]));
		assert_int_equal(vmmio_run_prepare(&e, &e.runs[i], &store, &g), 0);
		for (size_t k = 1; k < 3; k++)
			assert_int_equal(strstr(store.script, arg[k]) != NULL, k == at);
		vmmio_run_free(&store);
	}
	vmmio_experiment_free(&e);
}

/* Of MSI-X alone, and of all of a device's virtqueues. */
static void test_vectors(void **state)
{
	struct vmmio_experiment e;
	char why[300];

	assert_int_equal(runs_of("[experiment]\nboots = 1\nload = udp_rr\n[grid a]\n"
				 "vectors = queue, shared\n",
				 why, sizeof(why), &e),
			 2);
	for (size_t i = 0; i < e.n; i++) {
		struct vmmio_run_guest store;
		struct vmmio_guest g = {0};
		size_t two = 0;

		assert_int_equal(vmmio_run_prepare(&e, &e.runs[i], &store, &g), 0);
		for (size_t k = 0; k < store.args.n; k++)
			two += strstr(store.args.v[k], ",vectors=2,") != NULL;
		assert_int_equal(two, e.runs[i].s.shared ? 2 : 0); /* both ends of the pair */
		assert_int_equal(strstr(e.runs[i].labels, " vectors=shared") != NULL,
				 e.runs[i].s.shared);
		vmmio_run_free(&store);
	}
	vmmio_experiment_free(&e);
}

/* In a bench host each interface is one end of a pair, the other a TAP device of the host. */
static void test_vhost(void **state)
{
	struct vmmio_experiment e;
	char why[300];

	assert_int_equal(runs_of("[experiment]\nboots = 1\nhost = on\nload = udp_rr\n[grid a]\n"
				 "vhost = on, off\n",
				 why, sizeof(why), &e),
			 2);
	for (size_t i = 0; i < e.n; i++) {
		const struct vmmio_setting *s = &e.runs[i].s;
		struct vmmio_run_guest store;
		struct vmmio_guest g = {0};

		assert_int_equal(strstr(e.runs[i].labels, " vhost=on host=on") != NULL, s->vhost);
		assert_int_equal(vmmio_run_prepare(&e, &e.runs[i], &store, &g), 0);
		assert_int_equal(strstr(store.script, ",vhost=on'") != NULL, s->vhost);
		assert_int_equal(strstr(store.script, "\nload_vhost\n") != NULL, s->vhost);
		assert_non_null(strstr(store.script, "\nnetload tap tap-pci-msix "));
		assert_null(strstr(store.script, "hubport"));
		assert_non_null(strstr(store.inner, "\nnetload join \"$node_mmio\" "));
		assert_non_null(strstr(store.inner, " netload run --pair "));
		vmmio_run_free(&store);
	}
	vmmio_experiment_free(&e);
}

/* A run that a sweep keeps until it is over has all digits: its quotients are compared later. */
static void test_state_digits(void **state)
{
	char dir[] = "/tmp/vmmio-state.XXXXXX", path[64];
	struct vmmio_sweep_state st = {.lock = -1};
	json_t *run = json_pack("{s:f}", "v", 1502.0 / 501), *back;

	assert_non_null(mkdtemp(dir));
	snprintf(st.dir, sizeof(st.dir), "%s", dir);
	assert_int_equal(vmmio_sweep_put(&st, 3, run), 0);
	back = vmmio_sweep_get(&st, 3);
	assert_true(json_equal(back, run));
	json_decref(back);
	json_decref(run);
	snprintf(path, sizeof(path), "%s/run-00003.json", dir);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_net),	     cmocka_unit_test(test_rng),
		cmocka_unit_test(test_console),	     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_state_digits), cmocka_unit_test(test_planned),
		cmocka_unit_test(test_fio),	     cmocka_unit_test(test_tap),
		cmocka_unit_test(test_vhost),	     cmocka_unit_test(test_irqchip),
		cmocka_unit_test(test_vectors),	     cmocka_unit_test(test_layer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
