// SPDX-License-Identifier: GPL-2.0-only
/*
 * ringparam INTERFACE N [M]: asks a network driver for receive rings of N
 * entries and transmit rings of M (ETHTOOL_SRINGPARAM), which virtio_net does by
 * resetting the virtqueues. For tests in the guest, which has no ethtool. Prints 0
 * or the error's name.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct ethtool_ringparam ring = {.cmd = ETHTOOL_GRINGPARAM};
	struct ifreq ifr = {0};
	int fd, ret;

	if (argc < 3 || argc > 4 || strlen(argv[1]) >= sizeof(ifr.ifr_name))
		return 2;
	strcpy(ifr.ifr_name, argv[1]);
	ifr.ifr_data = (void *)&ring;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &ifr)) {
		perror(argv[1]);
		return 1;
	}
	ring.cmd = ETHTOOL_SRINGPARAM;
	ring.rx_pending = strtoul(argv[2], NULL, 10);
	if (argc == 4)
		ring.tx_pending = strtoul(argv[3], NULL, 10);
	ret = ioctl(fd, SIOCETHTOOL, &ifr) ? errno : 0;
	printf("%s\n", ret ? strerrorname_np(ret) : "0");
	return 0;
}
