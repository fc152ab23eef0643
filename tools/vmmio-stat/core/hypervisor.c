// SPDX-License-Identifier: GPL-2.0-only
/*
 * See hypervisor.h. KVM's own marks come first: the kernel logs KVM's answer to SMCCC's question
 * for the hypervisor (5.12), and has its clock. Then come the names in device tree and DMI.
 */
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hypervisor.h"
#include "lib/accel.h"

/* The beginning of a file as text, its zero bytes as spaces; "" if it cannot be read. */
static const char *text_of(const char *root, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t n, i;
	int fd;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "%s%s", root, file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return buf;
	n = read(fd, buf, size - 1);
	close(fd);
	for (i = 0; i < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

/* Each read is one record of the log; lost records do not matter. */
static bool logged(const char *root, const char *words)
{
	char path[PATH_MAX], record[8192];
	bool found = false;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/dev/kmsg", root);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	while (!found && (n = read(fd, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		found = strstr(record, words);
	}
	close(fd);
	return found;
}

static bool has_kvm_clock(const char *root)
{
	char pattern[PATH_MAX], name[64];
	bool found = false;
	glob_t g;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/sys/class/ptp/*/clock_name", root);
	if (glob(pattern, 0, NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc && !found; i++)
		found = !strncmp(text_of("", g.gl_pathv[i], name, sizeof(name)), "KVM virtual PTP",
				 15);
	globfree(&g);
	return found;
}

const char *vmmio_hypervisor_by_files(const char *root)
{
	static const struct {
		const char *vendor, *product, *name;
	} dmi[] = {
		{"Amazon EC2", "", "kvm"},
		{"Google", "", "kvm"},
		{"Microsoft Corporation", "Virtual Machine", "hyperv"},
		{"VMware", "", "vmware"},
		{"Xen", "", "xen"},
		{"Apple Inc.", "Apple Virtualization", "apple"},
	};
	char vendor[128], product[128], node[128], cpuinfo[4096];
	size_t i;

	if (vmmio_accel_qemu_cpu(text_of(root, "/proc/cpuinfo", cpuinfo, sizeof(cpuinfo))))
		return "tcg";
	if (logged(root, "smccc: KVM: hypervisor services detected") || has_kvm_clock(root))
		return "kvm";
	text_of(root, "/proc/device-tree/hypervisor/compatible", node, sizeof(node));
	if (strstr(node, "linux,kvm"))
		return "kvm";
	if (strstr(node, "xen,xen"))
		return "xen";
	text_of(root, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
	text_of(root, "/sys/class/dmi/id/product_name", product, sizeof(product));
	for (i = 0; i < sizeof(dmi) / sizeof(dmi[0]); i++)
		if (!strncmp(vendor, dmi[i].vendor, strlen(dmi[i].vendor)) &&
		    !strncmp(product, dmi[i].product, strlen(dmi[i].product)) &&
		    !strstr(product, ".metal"))
			return dmi[i].name;
	return "unknown";
}
