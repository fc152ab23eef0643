// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for addresses from QEMU (hostmap.h): its answers to query-pci and to "info qtree", from a
 * file or a QMP socket. Both only read QEMU's state. PCI addresses are those that the guest's
 * firmware or system has assigned by then. The answers are not trusted.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "tools/vmmio-stat/core/program.h"
#include "hostmap.h"
#include "lib/clock.h"
#include "lib/qmp.h"

#define MOST_TEXT (16u << 20) /* of an answer; a machine's tree has some 100 KB */
#define PATIENCE_S 3
#define RED_HAT 0x1af4
#define UNMAPPED (~0ull)

/* A sanitised name from an untrusted text: no spaces, no control characters. */
static void set_name(struct vmmio_hostmap_entry *e, const char *id, const char *type)
{
	char *c;

	if (id && *id)
		snprintf(e->name, sizeof(e->name), "%s", id);
	else
		snprintf(e->name, sizeof(e->name), "%.24s@%llx", type, (unsigned long long)e->base);
	for (c = e->name; *c; c++)
		if ((unsigned char)*c <= 0x20 || *c == 0x7f)
			*c = '?';
}

/* Regions may overlap in QEMU; the first one named has the name. 0 or -ENOMEM. */
static int add_if_free(struct vmmio_hostmap *map, const struct vmmio_hostmap_entry *e)
{
	struct vmmio_hostmap_entry *grown;
	size_t i;

	if (!e->size || e->base == UNMAPPED || e->base + e->size - 1 < e->base)
		return 0;
	for (i = 0; i < map->n; i++) {
		const struct vmmio_hostmap_entry *o = &map->entries[i];

		if (o->pio == e->pio && o->base <= e->base + e->size - 1 &&
		    e->base <= o->base + o->size - 1)
			return 0;
	}
	grown = realloc(map->entries, (map->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	map->entries = grown;
	map->entries[map->n++] = *e;
	return 0;
}

static __u64 number(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_integer(v) ? (__u64)json_integer_value(v) : UNMAPPED;
}

/* Conventional virtio device numbers: VIRTIO 1.4, 5; 4.1.2 for PCI. */
static const char *virtio_type(__u64 device)
{
	static const char *const names[] = {
		[1] = "virtio-net",    [2] = "virtio-blk",     [3] = "virtio-console",
		[4] = "virtio-rng",    [5] = "virtio-balloon", [8] = "virtio-scsi",
		[9] = "virtio-9p",     [16] = "virtio-gpu",    [18] = "virtio-input",
		[19] = "virtio-vsock", [20] = "virtio-crypto", [26] = "virtio-fs",
	};
	static const __u8 transitional[] = {1, 2, 5, 3, 8, 4};

	if (device >= 0x1000 && device < 0x1000 + sizeof(transitional))
		device = transitional[device - 0x1000];
	else if (device == 0x1009)
		device = 9;
	else if (device >= 0x1040)
		device -= 0x1040;
	if (device < sizeof(names) / sizeof(names[0]) && names[device])
		return names[device];
	return "virtio";
}

static int pci_devices(struct vmmio_hostmap *map, const json_t *devices, int depth)
{
	const json_t *device, *region;
	size_t i, k;
	int err = 0;

	json_array_foreach(devices, i, device) {
		const json_t *id = json_object_get(device, "id");
		const json_t *bridge = json_object_get(device, "pci_bridge");
		bool virtio = number(id, "vendor") == RED_HAT;

		json_array_foreach(json_object_get(device, "regions"), k, region) {
			const char *type = json_string_value(json_object_get(region, "type"));
			struct vmmio_hostmap_entry e = {
				.base = number(region, "address"),
				.size = number(region, "size"),
				.pio = type && !strcmp(type, "io"),
			};

			if (e.size == UNMAPPED)
				continue;
			if (virtio && !e.pio)
				e.transport = VMMIO_GUESS_PCI;
			set_name(&e, json_string_value(json_object_get(device, "qdev_id")),
				 virtio ? virtio_type(number(id, "device")) : "pci");
			err = add_if_free(map, &e);
			if (err)
				return err;
		}
		if (bridge && depth < 8)
			err = pci_devices(map, json_object_get(bridge, "devices"), depth + 1);
		if (err)
			return err;
	}
	return 0;
}

/* "  dev: TYPE, id "ID"": its indentation; -1 if it is no such line. */
static int device_line(const char *line, char *type, char *id)
{
	int indent = strspn(line, " ");

	id[0] = '\0';
	return sscanf(line + indent, "dev: %39[^,], id \"%39[^\"]\"", type, id) >= 1 ? indent : -1;
}

/*
 * "info qtree": each device with its windows, and below a virtio-mmio slot the
 * device on its bus. @slots: only these, the others else.
 */
static int tree(struct vmmio_hostmap *map, const char *text, bool slots)
{
	char type[40], id[40], inner_type[40], inner_id[40];
	struct vmmio_hostmap_entry e = {0};
	int indent = -1, at, err = 0;
	bool named = false;

	for (; *text && !err; text += strcspn(text, "\n"), text += *text == '\n') {
		unsigned long long base, size;

		at = device_line(text, inner_type, inner_id);
		if (at >= 0 && indent >= 0 && at > indent && e.transport == VMMIO_GUESS_MMIO) {
			if (!named)
				set_name(&e, inner_id, inner_type);
			named = true;
			continue;
		}
		if (at >= 0) {
			err = slots == (e.transport == VMMIO_GUESS_MMIO) ? add_if_free(map, &e) : 0;
			memcpy(type, inner_type, sizeof(type));
			memcpy(id, inner_id, sizeof(id));
			memset(&e, 0, sizeof(e));
			indent = at;
			named = false;
			continue;
		}
		if (indent < 0 || e.size || sscanf(text, " mmio %16llx/%16llx", &base, &size) != 2)
			continue;
		e.base = base;
		e.size = size;
		if (!strcmp(type, "virtio-mmio"))
			e.transport = VMMIO_GUESS_MMIO;
		set_name(&e, id, type);
	}
	if (!err && slots == (e.transport == VMMIO_GUESS_MMIO))
		err = add_if_free(map, &e);
	return err;
}

/* One answer; 0, or -EINVAL with a line in @why. */
static int take(struct vmmio_hostmap *map, const json_t *answer, char *why, size_t size)
{
	const json_t *value = json_object_get(answer, "return"), *bus;
	const json_t *error = json_object_get(answer, "error");
	const char *text = json_string_value(value);
	size_t i;
	int err = 0;

	if (error) {
		text = json_string_value(json_object_get(error, "desc"));
		snprintf(why, size, "QEMU refused: %s", text ? text : "no reason given");
		return -EINVAL;
	}
	if (text)
		err = tree(map, text, true);
	json_array_foreach(value, i, bus) {
		if (!err)
			err = pci_devices(map, json_object_get(bus, "devices"), 0);
	}
	if (text && !err)
		err = tree(map, text, false);
	if (err)
		snprintf(why, size, "out of memory");
	return err;
}

int vmmio_hostmap_qmp(struct vmmio_hostmap *map, FILE *f, char *why, size_t size)
{
	json_error_t at;
	json_t *answer;
	int err = 0, c;

	map->machine = true;
	while (!err) {
		while ((c = fgetc(f)) == ' ' || c == '\n' || c == '\r' || c == '\t')
			;
		if (c == EOF)
			break;
		ungetc(c, f);
		answer = json_loadf(f, JSON_DISABLE_EOF_CHECK, &at);
		if (!answer) {
			snprintf(why, size, "answer that ends at line %d: %s", at.line, at.text);
			return -EINVAL;
		}
		err = take(map, answer, why, size);
		json_decref(answer);
	}
	if (!err && !map->n) {
		snprintf(why, size,
			 "no answer to query-pci or \"info qtree\" with an address in it");
		err = -EINVAL;
	}
	return err;
}

/* A socket to QEMU, whose peer may say little, or much. */
struct qmp {
	struct vmmio_qmp_reader r;
	__u64 until; /* vmmio_now_ns() at which patience ends */
};

/* Waits for the next line; NULL with *@err: -EAGAIN if none came in time. */
static char *wait_line(struct qmp *q, int *err)
{
	struct pollfd p = {.fd = q->r.fd, .events = POLLIN};
	char *line;

	for (;;) {
		*err = 0;
		line = vmmio_qmp_line(&q->r);
		if (line)
			return line;
		*err = vmmio_stop ? -EINTR : vmmio_now_ns() >= q->until ? -EAGAIN : 0;
		if (!*err && poll(&p, 1, 100) > 0)
			*err = vmmio_qmp_receive(&q->r);
		if (*err)
			return NULL;
	}
}

/* Reads one line; what it must have is "return" or "error", or at first "QMP". */
static int read_answer(struct qmp *q, const char *key, FILE *to, char *why, size_t size)
{
	int err = -EAGAIN;

	q->until = vmmio_now_ns() + PATIENCE_S * 1000000000ull;
	while (err == -EAGAIN) {
		int none;
		char *line = wait_line(q, &none);
		json_t *answer;

		if (!line) {
			snprintf(why, size, "%s",
				 none == -EINTR	     ? "interrupted"
				 : none == -EMSGSIZE ? "an answer without an end"
				 : none == -ENOMEM   ? "out of memory"
				 : none == -EAGAIN   ? "no answer in time: is another client "
						       "connected to it?"
						     : "QEMU hung up");
			return -EPROTO;
		}
		answer = json_loads(line, 0, NULL);
		if (!answer) {
			snprintf(why, size, "what answers there is not QMP");
			err = -EPROTO;
		} else if (json_object_get(answer, key) || json_object_get(answer, "error")) {
			err = fprintf(to, "%s\n", line) > 0 ? 0 : -ENOMEM;
		} /* else an event in between */
		json_decref(answer);
	}
	return err;
}

static int converse(struct qmp *q, FILE *to, char *why, size_t size)
{
	static const char *const commands[] = {
		"{\"execute\":\"qmp_capabilities\"}\n",
		"{\"execute\":\"query-pci\"}\n",
		"{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":"
		"\"info qtree\"}}\n",
	};
	size_t i;
	int err;

	err = read_answer(q, "QMP", to, why, size);
	for (i = 0; !err && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (vmmio_qmp_say(&q->r, commands[i])) {
			snprintf(why, size, "QEMU hung up");
			return -EPIPE;
		}
		err = read_answer(q, "return", to, why, size);
	}
	return err;
}

/* Connects; the process behind it in @pid. */
static int dial(const char *path, __u32 *pid, char *why, size_t size)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd, err;

	if (strlen(path) >= sizeof(to.sun_path)) {
		snprintf(why, size, "the path is too long for a socket");
		return -ENAMETOOLONG;
	}
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		err = -errno;
		snprintf(why, size, "%s", strerror(-err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	*pid = 0;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		*pid = peer.pid;
	return fd;
}

int vmmio_hostmap_ask(struct vmmio_hostmap *map, const char *path, char *why, size_t size)
{
	char *text = NULL, trouble[200] = "";
	size_t length = 0;
	struct qmp q = {};
	FILE *f, *to;
	int err;

	memset(map, 0, sizeof(*map));
	q.r.most = MOST_TEXT;
	q.r.fd = dial(path, &map->pid, trouble, sizeof(trouble));
	err = q.r.fd < 0 ? q.r.fd : 0;
	to = open_memstream(&text, &length);
	if (!err && to)
		err = converse(&q, to, trouble, sizeof(trouble));
	vmmio_qmp_close(&q.r);
	if (to)
		fclose(to);
	f = !err && length ? fmemopen(text, length, "r") : NULL;
	if (!err && !f) {
		snprintf(trouble, sizeof(trouble), "out of memory");
		err = -ENOMEM;
	}
	if (!err)
		err = vmmio_hostmap_qmp(map, f, trouble, sizeof(trouble));
	if (f)
		fclose(f);
	free(text);
	if (!err)
		err = vmmio_hostmap_finish(map, path, why, size);
	else
		snprintf(why, size, "%s: %s", path, trouble);
	if (err)
		vmmio_hostmap_free(map);
	return err;
}

int vmmio_hostmap_read(struct vmmio_hostmap *map, const char *path, char *why, size_t size)
{
	FILE *f = fopen(path, "re");
	char trouble[200];
	int err, c;

	if (!f) {
		err = -errno;
		snprintf(why, size, "%s: %s", path, strerror(-err));
		return err;
	}
	c = fgetc(f);
	ungetc(c, f);
	if (c != '{') {
		err = vmmio_hostmap_parse(map, f, path, why, size);
		fclose(f);
		return err;
	}
	memset(map, 0, sizeof(*map));
	err = vmmio_hostmap_qmp(map, f, trouble, sizeof(trouble));
	fclose(f);
	if (!err)
		return vmmio_hostmap_finish(map, path, why, size);
	snprintf(why, size, "%s: %s", path, trouble);
	vmmio_hostmap_free(map);
	return err;
}

int vmmio_hostmap_get(struct vmmio_hostmap *map, const char *file, const char *socket, char *why,
		      size_t size)
{
	memset(map, 0, sizeof(*map));
	if (file && socket) {
		snprintf(why, size, "--map or --qmp, not both");
		return VMMIO_EXIT_USAGE;
	}
	if (file && vmmio_hostmap_read(map, file, why, size))
		return VMMIO_EXIT_USAGE;
	if (socket && vmmio_hostmap_ask(map, socket, why, size))
		return VMMIO_EXIT_TROUBLE;
	return VMMIO_EXIT_OK;
}
