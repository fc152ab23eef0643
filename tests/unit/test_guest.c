// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of a guest run that need no guest: the printed command, the archive
 * of the image, and QEMU's control channel with a peer that misbehaves.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/args.h"
#include "lib/patience.h"
#include "bench/guest/cpio.h"
#include "bench/guest/qmp.h"

/* A limit is stretched by the load per processor, by nothing on a free machine. */
static void test_patience(void **state)
{
	assert_true(vmmio_patience_of("0.10 0.20 0.30 1/99 7\n", 2) == 1);
	assert_true(vmmio_patience_of("8.00 4.00 0.30 1/99 7\n", 2) == 4);
	assert_true(vmmio_patience_of("0.50 0.20 0.30 6/99 7\n", 2) == 3);
	assert_true(vmmio_patience_of("900.0 900.0 900.0 1/99 7\n", 2) == 16);
	assert_true(vmmio_patience_of("", 2) == 1 && vmmio_patience_of("8.00 1 1 9/9 1", 0) == 1);
	assert_true(vmmio_patience() >= 1);
}

static void test_line_hides_paths(void **state)
{
	char *argv[] = {"/usr/bin/qemu",
			"-kernel",
			"/a/b/vmlinuz",
			"-chardev",
			"file,path=/tmp/x/res,id=r",
			"-append",
			"root=/dev/vda quiet",
			"1/2",
			"",
			NULL};
	char *line = vmmio_args_line(argv);

	assert_string_equal(line, "qemu -kernel vmlinuz -chardev file,path=res,id=r "
				  "-append 'root=vda quiet' 1/2 ''");
	free(line);
}

static void test_args_grow(void **state)
{
	struct vmmio_args a = {0};
	int i;

	for (i = 0; i < 1000; i++)
		vmmio_args_addf(&a, "%d", i);
	assert_int_equal(vmmio_args_error(&a), 0);
	assert_int_equal(a.n, 1000);
	assert_string_equal(a.v[999], "999");
	assert_null(a.v[1000]);
	vmmio_args_free(&a);
}

/* The format by its definition, not by our own reader. */
static void test_cpio_format(void **state)
{
	struct vmmio_cpio c = {0};
	char *text = NULL;
	size_t len = 0;

	c.out = open_memstream(&text, &len);
	assert_int_equal(vmmio_cpio_parents(&c, "/a/b/file"), 0);
	assert_int_equal(vmmio_cpio_data(&c, "/a/b/file", 0644, "hello", 5), 0);
	assert_int_equal(vmmio_cpio_link(&c, "/l", "a/b"), 0);
	assert_int_equal(vmmio_cpio_end(&c), 0);
	fclose(c.out);

	assert_int_equal(len % 4, 0);
	assert_memory_equal(text,
			    "070701"
			    "00000001"
			    "000041ED",
			    22);
	assert_string_equal(text + 110, "a");
	/* 110 + 2 is a multiple of 4 already */
	assert_memory_equal(text + 112,
			    "070701"
			    "00000002"
			    "000041ED",
			    22);
	assert_string_equal(text + 112 + 110, "a/b");
	assert_memory_equal(text + 228,
			    "070701"
			    "00000003"
			    "000081A4",
			    22);
	assert_memory_equal(text + 228 + 54, "00000005", 8); /* size of the file */
	assert_memory_equal(text + 228 + 94, "00000009", 8); /* of the name */
	assert_string_equal(text + 228 + 110, "a/b/file");
	assert_memory_equal(text + 228 + 120, "hello\0\0\0", 8);
	assert_memory_equal(text + len - 14, "TRAILER!!!\0\0\0\0", 14);
	free(text);
}

static void test_cpio_missing_file(void **state)
{
	struct vmmio_cpio c = {0};
	char *text = NULL;
	size_t len = 0;

	c.out = open_memstream(&text, &len);
	assert_int_equal(vmmio_cpio_file(&c, "/x", 0, "/nonexistent/file"), -ENOENT);
	assert_int_equal(vmmio_cpio_file(&c, "/x", 0, "/"), -EISDIR);
	fclose(c.out);
	assert_int_equal(len, 0);
	free(text);
}

struct channel {
	struct vmmio_qmp q;
	struct vmmio_guest_result r;
	int peer;
};

static void channel_open(struct channel *ch)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	memset(&ch->r, 0, sizeof(ch->r));
	vmmio_qmp_init(&ch->q, fds[0], &ch->r);
	ch->peer = fds[1];
}

static void channel_close(struct channel *ch)
{
	if (ch->peer >= 0)
		close(ch->peer);
	vmmio_qmp_free(&ch->q);
}

static int channel_says(struct channel *ch, const char *text)
{
	assert_int_equal(write(ch->peer, text, strlen(text)), strlen(text));
	return vmmio_qmp_input(&ch->q);
}

static void channel_hears(struct channel *ch, const char *text)
{
	char buf[256];
	ssize_t n = recv(ch->peer, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	assert_non_null(strstr(buf, text));
}

static void test_qmp_run(void **state)
{
	struct channel ch;

	channel_open(&ch);
	assert_int_equal(channel_says(&ch, "{\"QMP\": {\"version\": {}}}\r\n"), 0);
	channel_hears(&ch, "qmp_capabilities");
	/* in two pieces */
	assert_int_equal(channel_says(&ch, "{\"return\": {}}\n{\"event\": \"SHUT"), 0);
	assert_false(ch.q.shutdown);
	assert_int_equal(channel_says(&ch, "DOWN\", \"data\": {\"reason\": \"guest-shutdown\"}}\n"),
			 0);
	assert_true(ch.q.shutdown);
	channel_hears(&ch, "query-blockstats");
	assert_int_equal(channel_says(&ch, "{\"event\": \"STOP\"}\n"
					   "{\"return\": [{\"node-name\": \"mmio\", \"stats\": "
					   "{\"rd_operations\": 7, \"failed_rd_operations\": 2}}, "
					   "{\"stats\": {}}, 5]}\n"),
			 0);
	assert_true(ch.q.done);
	assert_int_equal(ch.r.ndrives, 1);
	assert_int_equal(ch.r.drives[0].rd_operations, 7);
	assert_int_equal(ch.r.drives[0].failed, 2);
	/* what our own quit provokes does not change why the guest ended */
	assert_int_equal(channel_says(&ch, "{\"event\": \"SHUTDOWN\", \"data\": "
					   "{\"reason\": \"host-qmp-quit\"}}\n"),
			 0);
	assert_string_equal(ch.q.reason, "guest-shutdown");
	close(ch.peer);
	ch.peer = -1;
	assert_int_equal(vmmio_qmp_input(&ch.q), -EPIPE);
	channel_close(&ch);
}

static void test_qmp_junk(void **state)
{
	struct channel ch;
	char *many;

	channel_open(&ch);
	assert_int_equal(channel_says(&ch, "no json\n"), -EPROTO);
	channel_close(&ch);

	/* an error instead of statistics ends the wait for them */
	channel_open(&ch);
	assert_int_equal(channel_says(&ch, "{\"event\": \"STOP\"}\n{\"error\": {}}\n"), 0);
	assert_true(ch.q.done);
	assert_int_equal(ch.r.ndrives, 0);
	channel_close(&ch);

	/* a line without end is not collected for ever */
	channel_open(&ch);
	many = malloc(4097);
	memset(many, 'x', 4096);
	many[4096] = '\0';
	for (int i = 0, err = 0; !err; i++) {
		assert_true(i < 1000);
		err = channel_says(&ch, many);
		assert_true(!err || err == -EPROTO || err == -EMSGSIZE);
	}
	free(many);
	channel_close(&ch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patience),	  cmocka_unit_test(test_line_hides_paths),
		cmocka_unit_test(test_args_grow),	  cmocka_unit_test(test_cpio_format),
		cmocka_unit_test(test_cpio_missing_file), cmocka_unit_test(test_qmp_run),
		cmocka_unit_test(test_qmp_junk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
