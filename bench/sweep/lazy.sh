# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # a line before it sets $queue_size
#
# In the guest of a sweep with lazy_status (run.c): the setting is read at probe, so it is set
# for each device, which is then bound again.
for _dev in /sys/bus/platform/drivers/vmmio-mmio/LNRO*; do
	_name=$(basename "$_dev")
	echo "$_name lazy_status=1 queue_size=$queue_size" >/sys/kernel/vmmio/options
	echo "$_name" >/sys/bus/platform/drivers/vmmio-mmio/unbind
	echo "$_name" >/sys/bus/platform/drivers/vmmio-mmio/bind
done
