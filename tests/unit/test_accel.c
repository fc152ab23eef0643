// SPDX-License-Identifier: GPL-2.0-only
/*
 * The accelerator class from facts, for machines that are not this one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/accel.h"

#define X86(flags) "processor\t: 0\nmodel name\t: x\nflags\t\t: " flags "\nbugs\t: svm vmx\n"

static void classes(void **state)
{
	assert_int_equal(vmmio_accel_classify("x86_64", X86("fpu vmx sse")), VMMIO_ACCEL_KVM_VMX);
	assert_int_equal(vmmio_accel_classify("x86_64", X86("fpu svm")), VMMIO_ACCEL_KVM_SVM);
	assert_int_equal(vmmio_accel_classify("x86_64", X86("vmx hypervisor")),
			 VMMIO_ACCEL_KVM_NESTED);
	assert_int_equal(vmmio_accel_classify("x86_64", X86("svm_lock vmxx hypervisor")),
			 VMMIO_ACCEL_KVM_SOFT);
	assert_int_equal(vmmio_accel_classify("x86_64", ""), VMMIO_ACCEL_KVM_SOFT);
	assert_int_equal(vmmio_accel_classify("aarch64", ""), VMMIO_ACCEL_KVM_ARM);
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(classes), cmocka_unit_test(slug)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
