// SPDX-License-Identifier: GPL-2.0-only
/*
 * The register logic of the driver (kmod/regs/) against a fake register file:
 * what it accesses in which order, what it believes, and that no wait is
 * endless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "fake_regs.h"

/* The accesses since @from as text: "R008 W030=1 ..." by register offset. */
static const char *trace(const struct fake_device *d, int from)
{
	static const __u16 offsets[VMMIO_REG_COUNT] = {
#define OFF(id, off, width, name, access, versions) off,
		VMMIO_REGS(OFF)};
	static char text[4096];
	size_t n = 0;
	int i;

	text[0] = 0;
	for (i = from; i < d->accesses && n < sizeof(text) - 32; i++) {
		if (d->log[i].dir == 'R')
			n += sprintf(text + n, "%sR%03x", n ? " " : "", offsets[d->log[i].reg]);
		else
			n += sprintf(text + n, "%sW%03x=%x", n ? " " : "", offsets[d->log[i].reg],
				     d->log[i].value);
	}
	return text;
}

static void identify_order(void **state)
{
	struct vmmio_identity id;
	struct fake_device d;

	fake_init(&d, VMMIO_V2);
	assert_int_equal(vmmio_regs_identify(&d.regs, false, &id), 0);
	assert_string_equal(trace(&d, 0), "R000 R004 R008 R00c");
	assert_int_equal(id.device_id, 2);
	assert_int_equal(d.violations, 0);

	/* 4.2.3.1.1: an absent device is left alone after DeviceID */
	fake_init(&d, VMMIO_V2);
	d.id = 0;
	assert_int_equal(vmmio_regs_identify(&d.regs, false, &id), -ENODEV);
	assert_string_equal(trace(&d, 0), "R000 R004 R008");

	fake_init(&d, VMMIO_V2);
	d.magic = 0x74726977;
	assert_int_equal(vmmio_regs_identify(&d.regs, false, &id), -ENODEV);
	assert_string_equal(trace(&d, 0), "R000");

	/* as Linux has it: 1 to 3, and 3 has the registers of 2 */
	for (__u32 version = 0; version < 6; version++) {
		fake_init(&d, VMMIO_V2);
		d.version = version == 5 ? 0xffffffff : version;
		if (version == 2 || version == 3) {
			assert_int_equal(vmmio_regs_identify(&d.regs, false, &id), 0);
			assert_ptr_equal(d.regs.protocol, &vmmio_protocol_mmio2);
		} else if (version != 1) {
			assert_int_equal(vmmio_regs_identify(&d.regs, true, &id), -EPROTONOSUPPORT);
			assert_string_equal(trace(&d, 0), "R000 R004");
		}
	}
}

static void identify_legacy_only_when_asked(void **state)
{
	struct vmmio_identity id;
	struct fake_device d;

	fake_init(&d, VMMIO_V1);
	assert_int_equal(vmmio_regs_identify(&d.regs, false, &id), -EPROTONOSUPPORT);
	fake_init(&d, VMMIO_V1);
	assert_int_equal(vmmio_regs_identify(&d.regs, true, &id), 0);
	assert_ptr_equal(d.regs.protocol, &vmmio_protocol_mmio1);
	/* an empty version 1 slot says nothing */
	fake_init(&d, VMMIO_V1);
	d.id = 0;
	assert_int_equal(vmmio_regs_identify(&d.regs, false, &id), -ENODEV);
}

static void features_select_first(void **state)
{
	static const __u8 kinds[] = {VMMIO_V1, VMMIO_V2, VMMIO_PCI};
	struct fake_device d;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		fake_init(&d, kinds[i]);
		d.dfsel = d.gfsel = 7; /* left over by somebody */
		assert_true(d.regs.protocol->get_features(&d.regs) == d.features);
		d.regs.protocol->set_features(&d.regs, 0xfedcba9876543210ull);
		assert_true(d.accepted == 0xfedcba9876543210ull);
		assert_int_equal(d.violations, 0);
		assert_int_equal(d.accesses, 8);
	}
}

static void reset_waits_and_gives_up(void **state)
{
	struct fake_device d;

	fake_init(&d, VMMIO_V2);
	d.status = 0xf;
	assert_int_equal(vmmio_regs_reset(&d.regs), 0);
	assert_string_equal(trace(&d, 0), "W070=0 R070"); /* C40: one access more */
	assert_int_equal(d.paused_us, 0);

	d.status_stuck = 5;
	assert_int_equal(vmmio_regs_reset(&d.regs), 0);
	assert_true(d.paused_us > 0);

	fake_init(&d, VMMIO_PCI);
	d.status_stuck = 1 << 30;
	assert_int_equal(vmmio_regs_reset(&d.regs), -ETIMEDOUT);
	assert_true(d.paused_us >= VMMIO_RESET_TIMEOUT_US);
	assert_true(d.paused_us < 2 * VMMIO_RESET_TIMEOUT_US);
}

static void a_device_that_is_gone_is_not_waited_for(void **state)
{
	struct fake_device d;

	fake_init(&d, VMMIO_V2);
	d.gone = 1;
	assert_int_equal(vmmio_regs_reset(&d.regs), -ENODEV);
	assert_int_equal(d.paused_us, 0);
	fake_init(&d, VMMIO_PCI);
	d.gone = 1;
	assert_int_equal(vmmio_regs_reset(&d.regs), -ENODEV);
	assert_int_equal(d.regs.protocol->queue_reset(&d.regs, 0), -ENODEV);
	assert_int_equal(d.paused_us, 0);
}

static void legacy_reset_tells_page_size(void **state)
{
	struct fake_device d;

	fake_init(&d, VMMIO_V1);
	assert_int_equal(vmmio_regs_reset(&d.regs), 0);
	assert_string_equal(trace(&d, 0), "W070=0 R070 W028=1000");
}

static const struct vmmio_queue_setup setup = {
	.desc = 0x1122334455667000ull,
	.driver = 0x2122334455667000ull,
	.device = 0x3122334455667000ull,
	.size = 128,
	.vector = VMMIO_NO_VECTOR,
};

static void mmio2_queue_life(void **state)
{
	struct vmmio_queue_setup s = setup;
	struct fake_device d;
	__u16 max = 0;
	int at;

	fake_init(&d, VMMIO_V2);
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 1, &max), 0);
	assert_int_equal(max, 256);
	assert_int_equal(d.regs.protocol->queue_start(&d.regs, 1, &s), 0);
	/* 2 + 9 accesses: the 11 N of the probe budget */
	assert_int_equal(d.accesses, 11);
	assert_string_equal(trace(&d, 0), "W030=1 R044 R034 W038=80 W080=55667000 W084=11223344 "
					  "W090=55667000 W094=21223344 W0a0=55667000 "
					  "W0a4=31223344 W044=1");
	assert_true(d.queue[1].desc == s.desc && d.queue[1].driver == s.driver &&
		    d.queue[1].device == s.device);
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 1, &max), -EBUSY);
	at = d.accesses;
	assert_int_equal(d.regs.protocol->queue_stop(&d.regs, 1), 0);
	assert_string_equal(trace(&d, at), "W030=1 W044=0 R044");
	assert_int_equal(d.violations, 0);

	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 3, &max), -ENOENT);
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 77, &max), -ENOENT);
	d.queue[2].max = 0x10000;
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 2, &max), -EINVAL);
	d.queue[0].ready = 1;
	d.ready_stuck = 1;
	assert_int_equal(d.regs.protocol->queue_stop(&d.regs, 0), -EIO);
}

static void mmio1_queue_life(void **state)
{
	struct vmmio_queue_setup s = setup;
	struct fake_device d;
	__u16 max = 0;

	fake_init(&d, VMMIO_V1);
	s.desc = 0x12345000;
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 0, &max), 0);
	assert_int_equal(d.regs.protocol->queue_start(&d.regs, 0, &s), 0);
	assert_string_equal(trace(&d, 0), "W030=0 R040 R034 W038=80 W03c=1000 W040=12345");
	assert_int_equal(d.regs.protocol->queue_stop(&d.regs, 0), 0);
	assert_int_equal(d.queue[0].pfn, 0);
	/* a page number that does not fit, and one that would mean "stop" */
	s.desc = 1ull << 44;
	assert_int_equal(d.regs.protocol->queue_start(&d.regs, 0, &s), -E2BIG);
	s.desc = 0x10;
	assert_int_equal(d.regs.protocol->queue_start(&d.regs, 0, &s), -E2BIG);
	assert_int_equal(d.regs.protocol->queue_reset(&d.regs, 0), -EOPNOTSUPP);
	assert_int_equal(d.violations, 0);
}

static void pci_queue_life(void **state)
{
	struct vmmio_queue_setup s = setup;
	struct fake_device d;
	__u16 max = 0;

	fake_init(&d, VMMIO_PCI);
	d.regs.msix = true;
	s.vector = 2;
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 1, &max), 0);
	assert_int_equal(d.regs.protocol->queue_start(&d.regs, 1, &s), 0);
	assert_int_equal(s.notify_off, 1);
	assert_int_equal(d.queue[1].vector, 2);

	/* until all is agreed upon nothing is enabled: there would be no way back */
	assert_int_equal(d.queue[1].ready, 0);
	assert_int_equal(d.regs.protocol->queue_stop(&d.regs, 1), 0);
	assert_int_equal(d.queue[1].vector, VMMIO_NO_VECTOR);
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 1, &max), 0);
	assert_int_equal(d.regs.protocol->queue_start(&d.regs, 1, &s), 0);
	d.regs.protocol->queue_enable(&d.regs, 1);
	assert_int_equal(d.queue[1].ready, 1);
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, 1, &max), -EBUSY);
	assert_int_equal(d.regs.protocol->queue_stop(&d.regs, 1), 0);
	assert_int_equal(d.violations, 0); /* queue_enable is never written 0 */

	fake_init(&d, VMMIO_PCI);
	d.no_vectors = 1;
	assert_int_equal(d.regs.protocol->queue_start(&d.regs, 1, &s), -EBUSY);
	assert_int_equal(d.queue[1].ready, 0);
	assert_int_equal(vmmio_regs_pci_config_vector(&d.regs, 0), -EBUSY);
	assert_int_equal(d.regs.protocol->queue_probe(&d.regs, FAKE_QUEUES, &max), -ENOENT);

	/* with INTx nothing is said about vectors */
	fake_init(&d, VMMIO_PCI);
	assert_int_equal(d.regs.protocol->queue_stop(&d.regs, 1), 0);
	assert_int_equal(d.accesses, 0);
}

static void queue_reset_must_be_real(void **state)
{
	static const __u8 kinds[] = {VMMIO_V2, VMMIO_PCI};
	struct fake_device d;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		fake_init(&d, kinds[i]);
		d.queue[0].ready = 1;
		assert_int_equal(d.regs.protocol->queue_reset(&d.regs, 0), 0);
		assert_true(d.paused_us > 0); /* it read 1 at first */

		/* offered but not implemented: 0 at once, and the ring stays live */
		fake_init(&d, kinds[i]);
		d.queue[0].ready = 1;
		d.reset_ignored = 1;
		assert_int_equal(d.regs.protocol->queue_reset(&d.regs, 0), -EIO);

		fake_init(&d, kinds[i]);
		d.reset_forever = 1;
		assert_int_equal(d.regs.protocol->queue_reset(&d.regs, 0), -ETIMEDOUT);
		assert_true(d.paused_us < 2 * VMMIO_RESET_TIMEOUT_US);
	}
	fake_init(&d, VMMIO_PCI);
	d.regs.common_len = 0x38;
	assert_int_equal(d.regs.protocol->queue_reset(&d.regs, 0), -EOPNOTSUPP);
	assert_int_equal(d.accesses, 0);
	assert_false(vmmio_regs_can_reset_queue(&d.regs));
}

static void config_window(void **state)
{
	struct fake_device d;
	__u8 buf[16];

	fake_init(&d, VMMIO_V2);
	assert_int_equal(vmmio_regs_config_get(&d.regs, 8, buf, 8), 0);
	assert_memory_equal(buf, d.config + 8, 8);
	assert_int_equal(d.accesses, 2); /* two words, C5 */
	assert_int_equal(vmmio_regs_config_get(&d.regs, 0, buf, 6), 0);
	assert_int_equal(d.accesses, 8); /* a MAC address: bytes */
	assert_int_equal(vmmio_regs_config_get(&d.regs, 6, buf, 2), 0);
	assert_int_equal(d.accesses, 9);
	assert_int_equal(vmmio_regs_config_get(&d.regs, 3, buf, 4), 0); /* unaligned */
	assert_memory_equal(buf, d.config + 3, 4);
	assert_int_equal(d.accesses, 13);
	assert_int_equal(vmmio_regs_config_set(&d.regs, 12, "\x01\x02\x03\x04", 4), 0);
	assert_memory_equal(d.config + 12, "\x01\x02\x03\x04", 4);
	assert_int_equal(d.violations, 0);

	assert_int_equal(vmmio_regs_config_get(&d.regs, 16, buf, 1), -EINVAL);
	assert_int_equal(vmmio_regs_config_get(&d.regs, 13, buf, 4), -EINVAL);
	assert_int_equal(vmmio_regs_config_get(&d.regs, ~0u, buf, 2), -EINVAL);
	assert_int_equal(vmmio_regs_config_set(&d.regs, 16, buf, 1), -EINVAL);
	assert_int_equal(d.accesses, 14);
}

/* C30: without a generation a field is what two passes agree on. */
static void legacy_config_does_not_tear(void **state)
{
	struct fake_device d;
	__u8 buf[8], torn[8];

	/* the two words of a capacity, with a change between them */
	fake_init(&d, VMMIO_V1);
	memcpy(torn, d.config, 8);
	d.config_moving = d.config_turns = 1;
	assert_int_equal(vmmio_regs_config_get(&d.regs, 0, buf, 8), 0);
	assert_memory_equal(buf, d.config, 8);
	assert_memory_not_equal(buf, torn, 4);
	assert_int_equal(d.accesses, 6);

	/* at rest: one more pass; what one access gives needs none */
	fake_init(&d, VMMIO_V1);
	assert_int_equal(vmmio_regs_config_get(&d.regs, 0, buf, 8), 0);
	assert_int_equal(d.accesses, 4);
	assert_int_equal(vmmio_regs_config_get(&d.regs, 0, buf, 4), 0);
	assert_int_equal(d.accesses, 5);

	/* never at rest: an end all the same */
	fake_init(&d, VMMIO_V1);
	d.config_moving = 1;
	d.config_turns = -1;
	assert_int_equal(vmmio_regs_config_get(&d.regs, 0, buf, 8), -EAGAIN);
	assert_int_equal(d.accesses, 2 * VMMIO_CONFIG_PASSES_MAX);

	/* version 2 has the generation, which virtio's own readers heed */
	fake_init(&d, VMMIO_V2);
	assert_int_equal(vmmio_regs_config_get(&d.regs, 0, buf, 8), 0);
	assert_int_equal(d.accesses, 2);
}

static void shared_memory(void **state)
{
	struct fake_device d;
	__u64 base, len;

	fake_init(&d, VMMIO_V2);
	assert_int_equal(vmmio_regs_shm(&d.regs, 0, &base, &len), -ENOENT); /* length -1 */
	d.shm_len = 0;
	assert_int_equal(vmmio_regs_shm(&d.regs, 0, &base, &len), -ENOENT);
	d.shm_len = 0x2000;
	d.shm_base = 0xfffffffffffff000ull;
	assert_int_equal(vmmio_regs_shm(&d.regs, 0, &base, &len), -ERANGE);
	d.shm_base = 0x100000000ull;
	assert_int_equal(vmmio_regs_shm(&d.regs, 0, &base, &len), 0);
	assert_true(base == 0x100000000ull && len == 0x2000);
	assert_int_equal(d.violations, 0);
	fake_init(&d, VMMIO_V1);
	assert_int_equal(vmmio_regs_shm(&d.regs, 0, &base, &len), -ENOENT);
	assert_int_equal(d.accesses, 0);
}

static void queue_sizes(void **state)
{
	__u16 n = 0;

	assert_int_equal(vmmio_queue_size_pick(1024, 0, true, &n), 0);
	assert_int_equal(n, 1024);
	assert_int_equal(vmmio_queue_size_pick(1024, 256, true, &n), 0);
	assert_int_equal(n, 256);
	assert_int_equal(vmmio_queue_size_pick(256, 1024, true, &n), 0);
	assert_int_equal(n, 256);
	assert_int_equal(vmmio_queue_size_pick(1000, 0, true, &n), 0);
	assert_int_equal(n, 512); /* M4: rounded, not refused */
	assert_int_equal(vmmio_queue_size_pick(1000, 100, false, &n), 0);
	assert_int_equal(n, 100); /* packed: any size */
	assert_int_equal(vmmio_queue_size_pick(32768, 0, true, &n), 0);
	assert_int_equal(n, 32768);
	assert_int_equal(vmmio_queue_size_pick(32769, 0, true, &n), -EINVAL);
	assert_int_equal(vmmio_queue_size_pick(0, 16, true, &n), -EINVAL);
}

/* No QEMU up to 10.0 offers the feature on a device of its own: the value is all there is to test.
 */
static void notification_data(void **state)
{
	(void)state;
	assert_int_equal(vmmio_notification_data(0, 0), 0);
	assert_int_equal(vmmio_notification_data(3, 1), 0x00010003);
	/* the index runs through all 16 bits, whatever the ring's size */
	assert_int_equal(vmmio_notification_data(0xffff, 0x8000), 0x8000ffff);
	assert_int_equal(vmmio_notification_data(1, 0xffff), 0xffff0001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identify_order),
		cmocka_unit_test(identify_legacy_only_when_asked),
		cmocka_unit_test(features_select_first),
		cmocka_unit_test(reset_waits_and_gives_up),
		cmocka_unit_test(a_device_that_is_gone_is_not_waited_for),
		cmocka_unit_test(legacy_reset_tells_page_size),
		cmocka_unit_test(mmio2_queue_life),
		cmocka_unit_test(mmio1_queue_life),
		cmocka_unit_test(pci_queue_life),
		cmocka_unit_test(queue_reset_must_be_real),
		cmocka_unit_test(config_window),
		cmocka_unit_test(legacy_config_does_not_tear),
		cmocka_unit_test(shared_memory),
		cmocka_unit_test(queue_sizes),
		cmocka_unit_test(notification_data),
	};

	return cmocka_run_group_tests_name("regs", tests, NULL, NULL);
}
