// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses by name: a device is known by the configuration writes before, sizing
 * a BAR moves nothing, an interrupt's message is no access of the local APIC.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/witness/witness.h"

static void see(struct vmmio_witness *w, const char *what, unsigned long addr, unsigned long value,
		unsigned int size, const char *region)
{
	char line[200];

	snprintf(line, sizeof(line),
		 "memory_region_ops_%s cpu 0 mr 0x55d0 addr 0x%lx value 0x%lx size %u name '%s'\n",
		 what, addr, value, size, region);
	assert_int_equal(vmmio_witness_line(w, line), 0);
}

/* Register @reg of 00:02.0. */
static void config(struct vmmio_witness *w, const char *what, unsigned int reg, unsigned long value)
{
	see(w, "write", 0xcf8, 0x80001000 | reg, 4, "pci-conf-idx");
	see(w, what, 0xcfc, value, 4, "pci-conf-data");
}

static void expect(struct vmmio_witness *w, const char *row)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	vmmio_witness_json(w, f);
	fclose(f);
	if (!strstr(text, row))
		fail_msg("no %s in %s", row, text);
	free(text);
}

static void test_names(void **state)
{
	struct vmmio_witness *w = vmmio_witness_new();

	see(w, "write", 0xfe003000, 0, 2, "virtio-pci-notify-virtio-blk"); /* nobody's yet */
	config(w, "read", 0, 0x10421af4);
	config(w, "read", 0x20, 0xc);
	config(w, "write", 0x20, 0xffffffff);
	config(w, "read", 0x20, 0xffffc00c);
	config(w, "write", 0x20, 0xfe000000);
	config(w, "read", 0x24, 0);
	config(w, "write", 0x24, 0xffffffff);
	config(w, "read", 0x24, 0xffffffff);
	config(w, "write", 0x24, 0);
	see(w, "write", 0xfe003000, 1, 2, "virtio-pci-notify-virtio-blk");
	see(w, "read", 0xfe001000, 1, 1, "virtio-pci-isr-virtio-blk");
	see(w, "write", 0xfeb00050, 3, 4, "virtio-mmio");
	see(w, "write", 0xfee000b0, 0, 4, "apic-msi");
	see(w, "write", 0xfee01000, 0x22, 4, "apic-msi"); /* a message to CPU 1 */
	see(w, "read", 0xfee00190, 0, 4, "apic-msi");
	see(w, "read", 0x608, 7, 4, "acpi-tmr");
	expect(w, "{\"device\":\"pci ? virtio-blk\",\"register\":\"notify\",\"queue\":0,"
		  "\"reads\":0,\"writes\":1}");
	expect(w, "{\"device\":\"pci 00:02.0\",\"register\":\"notify\",\"queue\":1,\"reads\":0,"
		  "\"writes\":1}");
	expect(w, "{\"device\":\"pci 00:02.0\",\"register\":\"isr_status\",\"reads\":1,"
		  "\"writes\":0}");
	expect(w, "{\"device\":\"mmio 0xfeb00000\",\"register\":\"QueueNotify\",\"queue\":3,"
		  "\"reads\":0,\"writes\":1}");
	expect(w, "{\"device\":\"local APIC\",\"register\":\"EOI\",\"reads\":0,\"writes\":1}");
	expect(w, "{\"device\":\"local APIC\",\"register\":\"TMR\",\"reads\":1,\"writes\":0}");
	expect(w, "{\"device\":\"interrupts\",\"register\":\"messages\",\"reads\":0,\"writes\":1}");
	assert_int_equal(vmmio_witness_others(w), 10); /* nine indices and the timer */
	assert_int_equal(vmmio_witness_unread(w), 0);
	assert_false(vmmio_witness_kvm(w));
	vmmio_witness_free(w);
}

/* Not seen is said: a line cut short, a guest whose APIC is the kernel's. */
static void test_unseen(void **state)
{
	struct vmmio_witness *w = vmmio_witness_new();

	(void)state;
	assert_int_equal(vmmio_witness_line(w, "memory_region_ops_write cpu 0 mr 0x55d0 ad"), 0);
	assert_int_equal(vmmio_witness_unread(w), 1);
	see(w, "write", 0xfee01000, 0x22, 4, "kvm-apic-msi");
	assert_true(vmmio_witness_kvm(w));
	vmmio_witness_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
					   cmocka_unit_test(test_unseen)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
