// SPDX-License-Identifier: GPL-2.0-only
/*
 * --self: what the kernel tells of BPF descriptors is added up, each once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "tools/vmmio-stat/core/self.h"

static void descriptors(void **state)
{
	struct vmmio_self s = {};

	vmmio_self_fdinfo(&s, "pos:\t0\nflags:\t02000002\n");
	assert_int_equal(s.maps + s.programs, 0);
	vmmio_self_fdinfo(&s, "pos:\t0\nmap_type:\t6\nmemlock:\t40960\nmap_id:\t7\n");
	vmmio_self_fdinfo(&s, "pos:\t0\nmap_type:\t2\nmemlock:\t4096\nmap_id:\t8\n");
	assert_int_equal(s.maps, 2);
	assert_int_equal(s.map_bytes, 45056);
	vmmio_self_fdinfo(&s, "prog_type:\t17\nprog_id:\t3\nrun_time_ns:\t0\nrun_cnt:\t0\n");
	assert_int_equal(s.programs, 1);
	assert_false(s.have_bpf_time);
	vmmio_self_fdinfo(&s, "prog_type:\t17\nprog_id:\t4\nrun_time_ns:\t900\nrun_cnt:\t3\n");
	/* a link of the same program */
	vmmio_self_fdinfo(&s, "link_type:\traw_tracepoint\nlink_id:\t1\nprog_id:\t4\n"
			      "run_time_ns:\t900\nrun_cnt:\t3\n");
	assert_int_equal(s.programs, 2);
	assert_int_equal(s.bpf_ns, 900);
	assert_int_equal(s.bpf_runs, 3);
	assert_true(s.have_bpf_time);
}

static void line(void **state)
{
	struct vmmio_self s = {.cpu_ns = 250000000,
			       .elapsed_ns = 10000000000ull,
			       .rss_bytes = 4u << 20,
			       .programs = 6,
			       .maps = 4,
			       .map_bytes = 2048};
	char text[320];

	assert_string_equal(vmmio_self_line(text, sizeof(text), &s),
			    "self: CPU 0.250 s (2.50 % of one), memory 4.0 MiB, BPF - (sysctl "
			    "kernel.bpf_stats_enabled=1 to know), 4 maps of 2.0 KiB");
	s.have_bpf_time = true;
	s.bpf_ns = 1500000;
	s.bpf_runs = 10;
	assert_non_null(strstr(vmmio_self_line(text, sizeof(text), &s), "BPF 0.002 s in 10 runs"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors),
		cmocka_unit_test(line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
