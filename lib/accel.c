// SPDX-License-Identifier: GPL-2.0-only
/*
 * Detection of the accelerator class (accel.h). The CPU flags decide, not the loaded modules: a
 * built-in KVM has no module, and a KVM that works without VMX or SVM must not be taken for a
 * hardware one.
 */
#define _GNU_SOURCE
#include "accel.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#if !defined(__arm__) /* no KVM since Linux 5.7, and no header */
#include <linux/kvm.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

const char *vmmio_accel_name(enum vmmio_accel accel)
{
	switch (accel) {
	case VMMIO_ACCEL_KVM_VMX:
		return "kvm-vmx";
	case VMMIO_ACCEL_KVM_SVM:
		return "kvm-svm";
	case VMMIO_ACCEL_KVM_ARM:
		return "kvm-arm";
	case VMMIO_ACCEL_KVM_NESTED:
		return "kvm-nested";
	case VMMIO_ACCEL_KVM_SOFT:
		return "kvm-soft";
	case VMMIO_ACCEL_SVM_ON_TCG:
		return "kvm-svm on tcg";
	case VMMIO_ACCEL_ARM_ON_TCG:
		return "kvm-arm on tcg";
	case VMMIO_ACCEL_NONE:
	case VMMIO_ACCELS:
		break;
	}
	return "tcg";
}

bool vmmio_accel_find(const char *name, enum vmmio_accel *accel)
{
	for (*accel = 0; *accel < VMMIO_ACCELS; (*accel)++)
		if (!strcmp(name, vmmio_accel_name(*accel)))
			return true;
	return false;
}

/* Is @word one of the flags on the first "flags" line of @cpuinfo? */
static bool has_flag(const char *cpuinfo, const char *word)
{
	const char *line = strstr(cpuinfo, "\nflags");
	const char *end, *p;
	size_t n = strlen(word);

	if (!line)
		return false;
	line = strchr(line, ':');
	if (!line)
		return false;
	end = strchr(line, '\n');
	if (!end)
		end = line + strlen(line);
	for (p = line; (p = strstr(p, word)) && p < end; p += n) {
		bool left = isspace((unsigned char)p[-1]) || p[-1] == ':';
		bool right = p[n] == '\0' || isspace((unsigned char)p[n]);

		if (left && right)
			return true;
	}
	return false;
}

bool vmmio_accel_qemu_cpu(const char *cpuinfo)
{
	const char *make = strstr(cpuinfo, "\nCPU implementer"),
		   *part = strstr(cpuinfo, "\nCPU part");

	return make && part && (make = strchr(make, ':')) && (part = strchr(part, ':')) &&
	       !strtoul(make + 1, NULL, 16) && strtoul(part + 1, NULL, 16) == 'Q';
}

enum vmmio_accel vmmio_accel_classify(const char *machine, const char *cpuinfo, bool emulated)
{
	bool vmx, svm;

	if (!strncmp(machine, "aarch64", 7) || !strncmp(machine, "arm", 3))
		return emulated || vmmio_accel_qemu_cpu(cpuinfo) ? VMMIO_ACCEL_ARM_ON_TCG
								 : VMMIO_ACCEL_KVM_ARM;
	vmx = has_flag(cpuinfo, "vmx");
	svm = has_flag(cpuinfo, "svm");
	if (!vmx && !svm)
		return VMMIO_ACCEL_KVM_SOFT;
	if (emulated && svm) /* QEMU emulates no VMX */
		return VMMIO_ACCEL_SVM_ON_TCG;
	if (has_flag(cpuinfo, "hypervisor"))
		return VMMIO_ACCEL_KVM_NESTED;
	return vmx ? VMMIO_ACCEL_KVM_VMX : VMMIO_ACCEL_KVM_SVM;
}

/* A KVM inside an emulated machine is emulated as well: its times are not real. */
static bool emulated(void)
{
	const char *told = getenv("VMMIO_ACCEL");
#if defined(__x86_64__) || defined(__i386__)
	unsigned int signature[3] = {0}, most;

	__cpuid(0x40000000, most, signature[0], signature[1], signature[2]);
	if (most >= 0x40000000 && !memcmp(signature, "TCGTCGTCGTCG", sizeof(signature)))
		return true;
#endif
	return told && vmmio_accel_name_emulated(told);
}

/* The first processor's part of /proc/cpuinfo. */
static int read_cpuinfo(char *buf, size_t len)
{
	ssize_t n, got = 0;
	int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while ((size_t)got < len - 1 && (n = read(fd, buf + got, len - 1 - got)) > 0)
		got += n;
	close(fd);
	buf[got] = '\0';
	return 0;
}

int vmmio_accel_detect(enum vmmio_accel *accel)
{
	char cpuinfo[16384];
	struct utsname un;
	int fd, err, ver = -1;

	*accel = VMMIO_ACCEL_NONE;
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
#ifdef KVM_API_VERSION
	if (ioctl(fd, KVM_GET_API_VERSION, 0) == KVM_API_VERSION)
		ver = KVM_API_VERSION;
#endif
	close(fd);
	if (ver < 0)
		return -EPROTO;
	err = read_cpuinfo(cpuinfo, sizeof(cpuinfo));
	if (err)
		return err;
	if (uname(&un))
		return -errno;
	*accel = vmmio_accel_classify(un.machine, cpuinfo, emulated());
	return 0;
}

void vmmio_accel_cpu(char *buf, size_t len)
{
	static const char *const keys[] = {"\nmodel name", "\nModel", "\nCPU part", NULL};
	char cpuinfo[16384];
	int i;

	snprintf(buf, len, "unknown");
	if (read_cpuinfo(cpuinfo, sizeof(cpuinfo)))
		return;
	for (i = 0; keys[i]; i++) {
		char *p = strstr(cpuinfo, keys[i]);
		char *end;

		if (!p || !(p = strchr(p, ':')))
			continue;
		p += strspn(p, ": \t");
		end = strchr(p, '\n');
		snprintf(buf, len, "%.*s", end ? (int)(end - p) : (int)strlen(p), p);
		return;
	}
}

void vmmio_accel_slug(const char *text, char *buf, size_t len)
{
	size_t n = 0;

	for (; *text && n + 1 < len; text++) {
		if (isalnum((unsigned char)*text))
			buf[n++] = tolower((unsigned char)*text);
		else if (n && buf[n - 1] != '-')
			buf[n++] = '-';
	}
	while (n && buf[n - 1] == '-')
		n--;
	buf[n] = '\0';
}
