/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Feature bits that belong to the ring and the transport (VIRTIO v1.4, 6), by
 * the names that vmmio-ctl, the options file and the benches use. Bits of
 * device types are written as numbers.
 *
 * X(bit, name)
 */
#ifndef VMMIO_FEATURES_H
#define VMMIO_FEATURES_H

#define VMMIO_FEATURES(X)          \
	X(24, "notify_on_empty")   \
	X(27, "any_layout")        \
	X(28, "indirect_desc")     \
	X(29, "event_idx")         \
	X(32, "version_1")         \
	X(33, "access_platform")   \
	X(34, "packed")            \
	X(35, "in_order")          \
	X(36, "order_platform")    \
	X(37, "sr_iov")            \
	X(38, "notification_data") \
	X(39, "notif_config_data") \
	X(40, "ring_reset")        \
	X(41, "admin_vq")

#endif
