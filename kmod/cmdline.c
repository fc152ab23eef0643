// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameter device=<size>@<base>:<irq>[:<id>]: a virtio-mmio window that nothing else
 * describes, like the kernel's own virtio_mmio.device=. May be given several times. Each becomes a
 * platform device that asks for our driver by name; the rest is as for any other (platform.c).
 *
 * All parameters are checked before a device is created: a module that fails to load for a wrong
 * parameter leaves no device behind.
 */
#include <linux/ctype.h>
#include <linux/irq.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include "vmmio.h"

#define DEVICES_MAX 32

static struct {
	u64 base;
	u64 size;
	u32 irq;
	int id;
	struct platform_device *pdev;
} devices[DEVICES_MAX];

static unsigned int ndevices;
static struct device *parent;

static const char allowed[] =
	"<size>@<base>:<irq>[:<id>] is allowed, for example 512@0xfeb00e00:12";

/* A number in the kernel's syntax (decimal, 0x, 0) up to a character of @ends or the end. */
static int number(const char **text, const char *ends, u64 max, u64 *value)
{
	size_t len = strcspn(*text, ends);
	char buf[24];
	int err;

	if (!len || len >= sizeof(buf) || !isdigit(**text))
		return -EINVAL;
	memcpy(buf, *text, len);
	buf[len] = '\0';
	*text += len;
	err = kstrtoull(buf, 0, value);
	return err ? err : *value > max ? -ERANGE : 0;
}

/* Like number(), with the suffixes K, M and G. */
static int size(const char **text, u64 *value)
{
	char *end;

	if (!isdigit(**text))
		return -EINVAL;
	*value = memparse(*text, &end);
	if (*end != '@')
		return -EINVAL;
	*text = end;
	return 0;
}

static int free_id(void)
{
	int id = 0;
	unsigned int i;

	for (i = 0; i < ndevices; i++)
		if (devices[i].id >= id)
			id = devices[i].id + 1;
	return id;
}

static const char *check(u64 len, u64 base, u64 id)
{
	unsigned int i;

	if (len < VMMIO_MMIO_CONFIG || len > SZ_1M)
		return "a window has 0x100 bytes to 1M";
	if (base % 4 || base + len < base || base + len - 1 > (resource_size_t)-1)
		return "the window must begin at a multiple of 4 and end below the highest address";
	for (i = 0; i < ndevices; i++) {
		if (devices[i].id == id)
			return "this id is taken by another device=";
		if (base < devices[i].base + devices[i].size && devices[i].base < base + len)
			return "the window overlaps that of another device=";
	}
	return NULL;
}

static int device_set(const char *text, const struct kernel_param *kp)
{
	u64 len, base, irq, id = free_id();
	const char *p = text, *wrong = allowed;

	if (!text)
		goto err;
	if (ndevices == DEVICES_MAX) {
		wrong = "at most 32 devices are allowed";
		goto err;
	}
	if (size(&p, &len) || *p++ != '@' || number(&p, ":", U64_MAX, &base) || *p++ != ':')
		goto err;
	if (number(&p, ":\n", INT_MAX, &irq))
		goto err;
	if (*p == ':') {
		p++;
		if (number(&p, "\n", INT_MAX, &id))
			goto err;
	}
	if (*p && strcmp(p, "\n"))
		goto err;
	if (!irq) {
		wrong = "interrupt 0 is not one";
		goto err;
	}
	wrong = check(len, base, id);
	if (wrong)
		goto err;
	devices[ndevices].size = len;
	devices[ndevices].base = base;
	devices[ndevices].irq = irq;
	devices[ndevices++].id = id;
	return 0;
err:
	pr_err("vmmio: device=%s: %s\n", text ? text : "", wrong);
	return -EINVAL;
}

static int device_get(char *buf, const struct kernel_param *kp)
{
	unsigned int i, len = 0;

	for (i = 0; i < ndevices; i++)
		len += scnprintf(buf + len, PAGE_SIZE - len, "0x%llx@0x%llx:%u:%d\n",
				 devices[i].size, devices[i].base, devices[i].irq, devices[i].id);
	return len;
}

static const struct kernel_param_ops device_ops = {
	.set = device_set,
	.get = device_get,
};

/* Readable by root only (addresses); devices cannot be added after loading. */
module_param_cb(device, &device_ops, NULL, 0400);
MODULE_PARM_DESC(device, "a virtio-mmio window: <size>@<base>:<irq>[:<id>], several times");

void vmmio_cmdline_unregister(void)
{
	unsigned int i;

	for (i = 0; i < ndevices; i++)
		if (devices[i].pdev)
			platform_device_unregister(devices[i].pdev);
	/* drops the reference that root_device_register() took */
	if (parent)
		root_device_unregister(parent);
}

/* Called after the driver is registered: the devices are probed here. */
int vmmio_cmdline_register(void)
{
	unsigned int i;
	int err = 0;

	if (!ndevices)
		return 0;
	parent = root_device_register("vmmio-cmdline");
	if (IS_ERR(parent)) {
		err = PTR_ERR(parent);
		parent = NULL;
		return err;
	}
	for (i = 0; i < ndevices && !err; i++) {
		struct resource res[] = {
			DEFINE_RES_MEM(devices[i].base, devices[i].size),
			DEFINE_RES_IRQ(devices[i].irq),
		};
		struct platform_device *pdev;

		if (!irq_get_irq_data(devices[i].irq)) {
			pr_err("vmmio: device=...:%u: this machine has no such interrupt\n",
			       devices[i].irq);
			err = -ENXIO;
			break;
		}
		pdev = platform_device_register_resndata(parent, "vmmio-mmio", devices[i].id, res,
							 ARRAY_SIZE(res), NULL, 0);
		if (IS_ERR(pdev)) {
			err = PTR_ERR(pdev);
			pr_err("vmmio: device=0x%llx@0x%llx: cannot be added (%d)\n",
			       devices[i].size, devices[i].base, err);
		} else {
			devices[i].pdev = pdev;
		}
	}
	if (err)
		vmmio_cmdline_unregister();
	return err;
}
