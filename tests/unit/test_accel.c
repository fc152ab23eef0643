// SPDX-License-Identifier: GPL-2.0-only
/*
 * The accelerator class from facts, for machines that are not this one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bench/judge/compare.h"
#include "lib/accel.h"

#define X86(flags) "processor\t: 0\nmodel name\t: x\nflags\t\t: " flags "\nbugs\t: svm vmx\n"

static void classes(void **state)
{
	assert_int_equal(vmmio_accel_classify("x86_64", X86("fpu vmx sse"), false),
			 VMMIO_ACCEL_KVM_VMX);
	assert_int_equal(vmmio_accel_classify("x86_64", X86("fpu svm"), false),
			 VMMIO_ACCEL_KVM_SVM);
	assert_int_equal(vmmio_accel_classify("x86_64", X86("vmx hypervisor"), false),
			 VMMIO_ACCEL_KVM_NESTED);
	assert_int_equal(vmmio_accel_classify("x86_64", X86("svm_lock vmxx hypervisor"), false),
			 VMMIO_ACCEL_KVM_SOFT);
	assert_int_equal(vmmio_accel_classify("x86_64", "", false), VMMIO_ACCEL_KVM_SOFT);
	assert_int_equal(vmmio_accel_classify("aarch64", "", false), VMMIO_ACCEL_KVM_ARM);
	/* QEMU's own processor, and one that it can be told to be */
	assert_int_equal(vmmio_accel_classify("aarch64",
					      "processor\t: 0\nCPU implementer\t: 0x00\n"
					      "CPU part\t: 0x051\n",
					      false),
			 VMMIO_ACCEL_ARM_ON_TCG);
	assert_int_equal(vmmio_accel_classify("aarch64",
					      "processor\t: 0\nCPU implementer\t: 0x41\n"
					      "CPU part\t: 0xd07\n",
					      false),
			 VMMIO_ACCEL_KVM_ARM);
}

/* A KVM on an emulated processor is no hardware's, and is called so. */
static void emulated(void **state)
{
	enum vmmio_accel svm = vmmio_accel_classify("x86_64", X86("svm hypervisor"), true);
	enum vmmio_accel arm = vmmio_accel_classify("aarch64", "", true);

	assert_string_equal(vmmio_accel_name(svm), "kvm-svm on tcg");
	assert_string_equal(vmmio_accel_name(arm), "kvm-arm on tcg");
	assert_string_equal(vmmio_accel_name(vmmio_accel_classify("x86_64", X86("fpu"), true)),
			    "kvm-soft");
	assert_true(vmmio_accel_emulated(svm) && vmmio_accel_emulated(arm));
	assert_true(vmmio_accel_emulated(VMMIO_ACCEL_NONE));
	assert_false(vmmio_accel_emulated(VMMIO_ACCEL_KVM_SVM));
	assert_false(vmmio_accel_emulated(VMMIO_ACCEL_KVM_SOFT));
	assert_false(vmmio_accel_name_emulated("unknown") || vmmio_accel_name_emulated(" on tcg"));
}

/* Every name there is: what emulates says so, and no time of it passes for a real one. */
static void names(void **state)
{
	static const bool real[] = {
		[VMMIO_ACCEL_KVM_VMX] = true,	  [VMMIO_ACCEL_KVM_SVM] = true,
		[VMMIO_ACCEL_KVM_ARM] = true,	  [VMMIO_ACCEL_KVM_NESTED] = true,
		[VMMIO_ACCEL_KVM_SOFT] = true,	  [VMMIO_ACCEL_SVM_ON_TCG] = false,
		[VMMIO_ACCEL_ARM_ON_TCG] = false,
	};
	const struct vmmio_series time = {.cls = VMMIO_TIME}, schedule = {.cls = VMMIO_SCHEDULE},
				  structural = {.cls = VMMIO_STRUCTURAL};

	for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
		const char *name = vmmio_accel_name(i);
		struct vmmio_comparison c = {
			.accel = i, .load_text = "reads", .qemu = "7.2", .checks = json_array()};
		json_t *sentences;
		bool withheld, said = false;
		size_t k;
		json_t *s;

		assert_int_equal(vmmio_accel_name_emulated(name), !real[i]);
		assert_int_equal(vmmio_accel_emulated(i), !real[i]);
		assert_int_equal(vmmio_series_emulated(&time, i), !real[i]);
		assert_int_equal(vmmio_series_emulated(&schedule, i), !real[i]);
		assert_false(vmmio_series_emulated(&structural, i));
		sentences = vmmio_comparison_verdict(&c, &withheld);
		json_array_foreach(sentences, k, s) {
			said |= !!strstr(json_string_value(s), "times are emulated");
		}
		if (said == real[i])
			fail_msg("%s: %s", name, json_dumps(sentences, 0));
		json_decref(sentences);
		json_decref(c.checks);
	}
}

static void slug(void **state)
{
	char buf[16];

	vmmio_accel_slug("AMD EPYC (tm) 7B13!", buf, sizeof(buf));
	assert_string_equal(buf, "amd-epyc-tm-7b1");
	vmmio_accel_slug("--", buf, sizeof(buf));
	assert_string_equal(buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(classes), cmocka_unit_test(emulated),
					   cmocka_unit_test(names), cmocka_unit_test(slug)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
