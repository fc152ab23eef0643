// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which hypervisor, from files of machines that are not this one; and that only
 * what emulates is called so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/hypervisor.h"
#include "tools/vmmio-stat/core/rights.h"

static char root[] = "/tmp/vmmio-hypervisor.XXXXXX";

static void put(const char *file, const char *text, size_t len)
{
	char path[256], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, file);
	for (slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

#define PUT(file, text) put(file, text, sizeof(text) - 1)
#define IS(name) assert_string_equal(vmmio_hypervisor_by_files(root), name)

static void clear(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s/*", root);
	assert_int_equal(system(command), 0);
}

#define A57 "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd07\n"

static void arm_under_kvm(void **state)
{
	/* QEMU's machine on both; the kernel's own question tells them apart */
	PUT("/proc/cpuinfo", A57);
	PUT("/sys/class/dmi/id/sys_vendor", "QEMU\n");
	PUT("/sys/class/dmi/id/product_name", "KVM Virtual Machine\n");
	PUT("/dev/kmsg", "6,0,0,-;Booting Linux on physical CPU 0x0\n");
	IS("unknown");
	PUT("/dev/kmsg", "6,40,0,-;smccc: KVM: hypervisor services detected (0x0 0x0 0x0 0x3)\n");
	IS("kvm");
	PUT("/dev/kmsg", "");
	PUT("/sys/class/ptp/ptp0/clock_name", "e1000e\n");
	IS("unknown");
	PUT("/sys/class/ptp/ptp1/clock_name", "KVM virtual PTP\n");
	IS("kvm");
	/* an emulated processor with a KVM in it is still emulated */
	PUT("/proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x00\nCPU part\t: 0x051\n");
	IS("tcg");
	clear();
}

static void names_of_others(void **state)
{
	static const char kvm[] = "linux,kvm", xen[] = "xen,xen-4.17\0xen,xen";

	IS("unknown");
	put("/proc/device-tree/hypervisor/compatible", kvm, sizeof(kvm));
	IS("kvm");
	put("/proc/device-tree/hypervisor/compatible", xen, sizeof(xen));
	IS("xen");
	clear();
	PUT("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
	PUT("/sys/class/dmi/id/product_name", "c7g.large\n");
	IS("kvm");
	PUT("/sys/class/dmi/id/product_name", "c7g.metal\n");
	IS("unknown");
	PUT("/sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n");
	PUT("/sys/class/dmi/id/product_name", "Surface Pro\n");
	IS("unknown");
	PUT("/sys/class/dmi/id/product_name", "Virtual Machine\n");
	IS("hyperv");
	clear();
}

static void only_emulation_is_called_so(void **state)
{
	static const struct {
		const char *accel, *text;
		bool times;
	} cases[] = {
		{"kvm", NULL, true},
		{"other", NULL, true},
		{"none", NULL, true},
		{"tcg", "emulated", false},
		{"apple", NULL, true},
		{"unknown", "perhaps emulated", false},
		{"kvm-arm on tcg", "emulated", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vmmio_env env = {};

		vmmio_env_set(&env, cases[i].accel, "arch_sys_counter");
		assert_int_equal(vmmio_env_times(&env), cases[i].times);
		assert_int_equal(env.emulated, !cases[i].times);
		if (cases[i].text)
			assert_string_equal(vmmio_env_emulated_text(&env), cases[i].text);
	}
}

/* What /proc says of this process, the kernel says without /proc. */
static void own_rights(void **state)
{
	__u64 own = 1, proc = 2;

	assert_int_equal(vmmio_rights_own(&own), 0);
	assert_int_equal(vmmio_rights_caps("/proc/self/status", &proc), 0);
	assert_int_equal(own, proc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arm_under_kvm), cmocka_unit_test(names_of_others),
		cmocka_unit_test(only_emulation_is_called_so), cmocka_unit_test(own_rights)};
	int failed;

	if (!mkdtemp(root))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	clear();
	remove(root);
	return failed;
}
