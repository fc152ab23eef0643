// SPDX-License-Identifier: GPL-2.0-only
/*
 * The serving process, in front of clients that are slow, many or long-winded. Nothing of
 * virtio is needed: this test feeds it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/vmmio-stat/serve/address.h"
#include "tools/vmmio-stat/serve/feed.h"
#include "tools/vmmio-stat/serve/page.h"
#include "tools/vmmio-stat/serve/request.h"
#include "tools/vmmio-stat/serve/server.h"

#define PATIENCE_MS 60000 /* ends a hang, nothing else */

/* The serving process on a Unix socket; it feeds on fd. */
struct fixture {
	char path[108];
	struct vmmio_address a;
	int feed;
	pid_t pid;
};

static const struct vmmio_want want = {.hists = (1u << VMMIO_HIST_COUNT) - 1, .regs = true};

static void begin(struct fixture *f, bool check_host)
{
	struct vmmio_serve s = {.check_host = check_host};
	char why[200], text[120];
	int fds[2], i;

	snprintf(f->path, sizeof(f->path), "%s/serve.XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	i = mkstemp(f->path);
	assert_true(i >= 0);
	close(i);
	unlink(f->path);
	snprintf(text, sizeof(text), "unix:%s", f->path);
	assert_int_equal(vmmio_address_parse(&f->a, text, false, why, sizeof(why)), 0);
	s.listener = vmmio_address_listen(&f->a, why, sizeof(why));
	assert_true(s.listener >= 0);
	assert_int_equal(pipe(fds), 0);
	s.opt.sort = -1;
	for (i = 0; i < VMMIO_F_COUNT; i++)
		s.opt.fields[s.opt.nfields++] = i;
	s.feed = fds[0];
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (!f->pid) {
		close(fds[1]);
		_exit(vmmio_serve_run(&s) ? 1 : 0);
	}
	close(s.listener);
	close(fds[0]);
	f->feed = fds[1];
}

static void end(struct fixture *f)
{
	int status;

	close(f->feed);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	vmmio_address_remove(&f->a);
	assert_int_equal(access(f->path, F_OK), -1);
}

static int dial(const struct fixture *f)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&f->a.sa, f->a.len), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All until the other side closes, or until @words are there; a string of @size at most. */
static char *hear(int fd, const char *words, char *buf, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t len = 0;
	ssize_t n;

	do {
		if (poll(&p, 1, PATIENCE_MS) != 1)
			fail_msg("neither an answer nor the end");
		n = read(fd, buf + len, size - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		buf[len] = '\0';
	} while (n > 0 && len < size - 1 && !(words && strstr(buf, words)));
	return buf;
}

static char *ask(const struct fixture *f, const char *request)
{
	static char answer[1 << 20];
	int fd = dial(f);

	say(fd, request);
	hear(fd, NULL, answer, sizeof(answer));
	close(fd);
	return answer;
}

static void answered(const struct fixture *f, const char *request, const char *status)
{
	char *answer = ask(f, request);

	if (strncmp(answer, "HTTP/1.1 ", 9) || strncmp(answer + 9, status, 3))
		fail_msg("%s\nwas answered\n%.300s", request, answer);
}

static void feed_hello(struct fixture *f, const char *blind)
{
	struct vmmio_feed_hello h = {.want = want, .engine = "test"};

	vmmio_env_set(&h.env, "kvm-vmx", "tsc");
	snprintf(h.blind, sizeof(h.blind), "%s", blind);
	assert_int_equal(vmmio_feed_hello(f->feed, &h), 0);
}

/* One interval: @queues virtqueues of a device whose name wants to be HTML. */
static void feed_rows(struct fixture *f, size_t queues)
{
	struct vmmio_snapshot d;
	size_t rows[64], i;

	vmmio_snapshot_init(&d, &want);
	for (i = 0; i < queues; i++) {
		struct vmmio_row *r = vmmio_snapshot_add(&d);

		assert_non_null(r);
		r->info.kind = VMMIO_SLOT_QUEUE;
		r->info.slot = (__u32)i;
		r->info.gen = 1;
		r->info.queue = (__u16)i;
		r->info.transport = VMMIO_TRANSPORT_PCI;
		strcpy(r->info.device, "<b>\"virtio\\0");
		vmmio_row_set(r, VMMIO_C_KICKS, 7 + i);
		vmmio_row_set(r, VMMIO_C_KICK_NS, 3000);
		r->have_hist = 1u << VMMIO_HIST_KICK;
		vmmio_row_hist(&d, i, VMMIO_HIST_KICK)->n[vmmio_hist_bucket(1000)] = 3;
		rows[i] = i;
	}
	d.time_ns = 1000000000;
	assert_int_equal(vmmio_feed_delta(f->feed, &d, rows, queues), 0);
	vmmio_snapshot_free(&d);
}

static void feed_looks(struct fixture *f)
{
	struct vmmio_metrics_look l[2] = {};

	l[0].info.kind = l[1].info.kind = VMMIO_SLOT_QUEUE;
	strcpy(l[0].info.device, "virtio0");
	strcpy(l[1].info.device, "virtio1");
	strcpy(l[0].cause, "lost-irq");
	l[0].counted = true;
	l[0].in_flight = 3;
	l[0].have_age = true;
	l[0].age_ns = 2500000000;
	l[1].unread = true;
	assert_int_equal(vmmio_feed_looks(f->feed, l, 2, 1, "{\"rows\":[]}\n", 12), 0);
}

/* Until an interval has come through the feed. */
static void await_rows(const struct fixture *f)
{
	while (strstr(ask(f, "HEAD /metrics HTTP/1.1\r\n\r\n"), "503"))
		usleep(10000);
}

static void contains(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' is not in\n%s", words, text);
}

static void answers(void **state)
{
	struct fixture f;
	struct stat st;
	char *text;

	begin(&f, false);
	assert_int_equal(stat(f.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	answered(&f, "GET /metrics HTTP/1.1\r\n\r\n", "503");
	answered(&f, "GET /api/rows HTTP/1.1\r\n\r\n", "503");
	answered(&f, "GET /api/stalls HTTP/1.1\r\n\r\n", "503");
	feed_hello(&f, "");
	feed_looks(&f);
	feed_rows(&f, 2);
	await_rows(&f);
	text = ask(&f, "GET /metrics HTTP/1.1\r\n\r\n");
	contains(text, "Content-Type: text/plain; version=0.0.4;");
	contains(text,
		 "\nvmmio_kicks_total{device=\"<b>\\\"virtio\\\\0\",queue=\"1\",transport=\"pci\","
		 "driver=\"\"} 8\n");
	contains(text, "\n# TYPE vmmio_kicks_total counter\n");
	contains(text, "_bucket{device=\"<b>\\\"virtio\\\\0\",queue=\"0\",transport=\"pci\",driver="
		       "\"\",le=\"1.024e-06\"} 3\n");
	/* stalled, and why; of the ring that cannot be read nothing, not even 0 */
	contains(text, "\nvmmio_virtqueue_stalled{device=\"virtio0\",queue=\"0\",transport="
		       "\"unknown\",driver=\"\"} 1\n");
	contains(text, "driver=\"\",cause=\"lost-irq\"} 1\n");
	contains(text, "vmmio_virtqueue_oldest_seconds{device=\"virtio0\",queue=\"0\",transport="
		       "\"unknown\",driver=\"\"} 2.500000000\n");
	contains(text, "\nvmmio_stalls_watched 1\n");
	contains(text, "\nvmmio_stalls_unseen 1\n");
	assert_null(strstr(text, "virtio1"));
	text = ask(&f, "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n");
	contains(text, "Content-Type: application/openmetrics-text; version=1.0.0;");
	contains(text, "\n# TYPE vmmio_kicks counter\n");
	contains(text, "\n# UNIT vmmio_kick_duration_seconds seconds\n");
	contains(text, "\n# TYPE vmmio_build info\n");
	assert_string_equal(text + strlen(text) - 7, "\n# EOF\n");
	text = ask(&f, "GET /api/rows HTTP/1.1\r\n\r\n");
	contains(text, "{\"schema\":1,");
	contains(text, "\"device\":\"<b>\\\"virtio\\\\0\"");
	assert_null(strstr(text, "\"hist\""));
	contains(ask(&f, "GET /api/rows?full HTTP/1.1\r\n\r\n"), "\"hist\":{\"kick\"");
	contains(ask(&f, "GET /api/stalls HTTP/1.1\r\n\r\n"), "\r\n\r\n{\"rows\":[]}\n");
	/* HEAD: the same head, nothing behind it */
	text = ask(&f, "HEAD /metrics HTTP/1.1\r\n\r\n");
	contains(text, "200 OK");
	assert_string_equal(text + strlen(text) - 4, "\r\n\r\n");
	/* sums over intervals */
	feed_rows(&f, 2);
	while (!strstr(ask(&f, "GET /metrics HTTP/1.1\r\n\r\n"), "} 16\n"))
		usleep(10000);
	end(&f);
}

/* Nobody looks: that is said, and is no 0. */
static void unwatched(void **state)
{
	struct fixture f;
	char *text;

	begin(&f, false);
	feed_hello(&f, "no \"BPF\"");
	feed_rows(&f, 1);
	await_rows(&f);
	text = ask(&f, "GET /metrics HTTP/1.1\r\n\r\n");
	contains(text, "\nvmmio_stalls_watched 0\n");
	assert_null(strstr(text, "vmmio_virtqueue_stalled"));
	assert_null(strstr(text, "vmmio_stalls_unseen"));
	contains(ask(&f, "GET /api/stalls HTTP/1.1\r\n\r\n"),
		 "\"rows\":null,\"why\":\"no \\\"BPF\\\"\"}\n");
	end(&f);
}

static void refusals(void **state)
{
	char big[VMMIO_HEAD_MAX + 100], *text;
	struct fixture f;
	int fd;

	begin(&f, true);
	feed_hello(&f, "");
	feed_rows(&f, 1);
	answered(&f, "GET / HTTP/1.1\r\nHost: localhost:1\r\n\r\n", "200");
	answered(&f, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403");
	answered(&f, "GET / HTTP/1.1\r\n\r\n", "403");
	answered(&f, "GET /api/rows HTTP/1.0\r\n\r\n", "403");
	answered(&f, "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "404");
	answered(&f, "GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404");
	answered(&f, "PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n", "405");
	contains(ask(&f, "PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "\r\nAllow: GET, HEAD\r\n");
	answered(&f, "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", "413");
	answered(&f, "\x16\x03\x01\x02\n\n", "400"); /* who tries TLS */
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	memcpy(big, "GET / HTTP/1.1\r\nX: ", 19);
	answered(&f, big, "431");
	/* one that sends no more is still answered */
	fd = dial(&f);
	say(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
	shutdown(fd, SHUT_WR);
	hear(fd, "</html>", big, sizeof(big));
	contains(big, "200 OK");
	close(fd);
	/* the page: its policy is its own, and lets no other script in */
	text = ask(&f, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
	contains(text, vmmio_page_policy);
	contains(text, "script-src 'sha256-");
	assert_null(strstr(text, "unsafe"));
	assert_null(strstr(text, "Access-Control"));
	end(&f);
}

/* Events: at once what is known, then each interval; never half of one. */
static void events(void **state)
{
	static char text[1 << 18];
	struct fixture f;
	int fd[VMMIO_SERVE_STREAMS + 1], i;

	begin(&f, false);
	feed_hello(&f, "blind");
	feed_rows(&f, 1);
	await_rows(&f);
	for (i = 0; i <= VMMIO_SERVE_STREAMS; i++) {
		fd[i] = dial(&f);
		say(fd[i], "GET /api/events HTTP/1.1\r\n\r\n");
		hear(fd[i], i == VMMIO_SERVE_STREAMS ? "too many" : "event: stalls", text,
		     sizeof(text));
		contains(text,
			 i == VMMIO_SERVE_STREAMS ? "503" : "\nevent: rows\ndata: {\"schema\"");
	}
	feed_rows(&f, 1);
	hear(fd[3], "event: stalls", text, sizeof(text));
	contains(text, "event: rows\ndata: {\"schema\"");
	/* a place that is left is free again */
	close(fd[0]);
	do {
		close(fd[VMMIO_SERVE_STREAMS]);
		fd[VMMIO_SERVE_STREAMS] = dial(&f);
		say(fd[VMMIO_SERVE_STREAMS], "GET /api/events HTTP/1.1\r\n\r\n");
		hear(fd[VMMIO_SERVE_STREAMS], "\r\n\r\n", text, sizeof(text));
	} while (!strstr(text, "200 OK"));
	assert_int_equal(vmmio_feed_text(f.feed, VMMIO_FEED_END, ""), 0);
	hear(fd[5], "event: end", text, sizeof(text));
	for (i = 1; i <= VMMIO_SERVE_STREAMS; i++)
		close(fd[i]);
	end(&f);
}

/*
 * Clients that send nothing, or their request byte by byte, are cut, and those that wait
 * behind them are served then.
 */
static void slow_and_many(void **state)
{
	int fd[VMMIO_SERVE_CLIENTS], i, alive = 1;
	struct fixture f;
	char text[300];

	begin(&f, false);
	feed_hello(&f, "blind");
	feed_rows(&f, 1);
	for (i = 0; i < VMMIO_SERVE_CLIENTS; i++)
		fd[i] = dial(&f);
	while (alive) {
		/* each byte is activity: the limit is of the whole request */
		alive = send(fd[0], "G", 1, MSG_NOSIGNAL) == 1;
		usleep(100000);
	}
	await_rows(&f);
	for (i = 0; i < VMMIO_SERVE_CLIENTS; i++) {
		assert_int_equal(strlen(hear(fd[i], NULL, text, sizeof(text))), 0);
		close(fd[i]);
	}
	end(&f);
}

/* A stream that takes nothing holds one set of events, not all that ever came. */
static void stuck_reader(void **state)
{
	struct fixture f;
	char path[64], line[128];
	long before = 0, after = 0, *to = &before;
	int fd, i;
	FILE *status;

	begin(&f, false);
	feed_hello(&f, "blind");
	feed_rows(&f, 64);
	await_rows(&f);
	fd = dial(&f);
	say(fd, "GET /api/events HTTP/1.1\r\n\r\n");
	for (i = 0; i < 300; i++) {
		feed_rows(&f, 64);
		if (i != 20 && i != 299)
			continue;
		/* what a pipe cannot hold has been taken */
		answered(&f, "GET /api/rows?full HTTP/1.1\r\n\r\n", "200");
		snprintf(path, sizeof(path), "/proc/%d/status", (int)f.pid);
		status = fopen(path, "r");
		assert_non_null(status);
		while (fgets(line, sizeof(line), status))
			sscanf(line, "VmData: %ld", to);
		fclose(status);
		to = &after;
	}
	assert_true(before > 0);
	/* 279 sets more would be some 40 MiB */
	if (after > before + 8192)
		fail_msg("%ld KiB, and %ld KiB before", after, before);
	close(fd);
	end(&f);
}

/* What is no frame ends it, with a status. */
static void bad_feed(void **state)
{
	struct vmmio_feed_head h = {.type = 99, .len = 0};
	struct fixture f;
	int status;

	begin(&f, false);
	feed_hello(&f, "");
	assert_int_equal(write(f.feed, &h, sizeof(h)), sizeof(h));
	assert_int_equal(waitpid(f.pid, &status, 0), f.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	close(f.feed);
	vmmio_address_remove(&f.a);
}

/* A socket file that was left behind is taken over, one in use is not. */
static void sockets(void **state)
{
	struct vmmio_address a;
	struct fixture f;
	char why[300];
	int fd;

	begin(&f, false);
	a = f.a;
	assert_int_equal(vmmio_address_listen(&a, why, sizeof(why)), -EADDRINUSE);
	contains(why, "Address already in use");
	kill(f.pid, SIGKILL);
	assert_int_equal(waitpid(f.pid, NULL, 0), f.pid);
	assert_int_equal(access(f.path, F_OK), 0);
	fd = vmmio_address_listen(&a, why, sizeof(why));
	assert_true(fd >= 0);
	close(fd);
	close(f.feed);
	vmmio_address_remove(&a);
	/* what is no socket stays */
	fd = creat(f.path, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(vmmio_address_listen(&a, why, sizeof(why)), -EADDRINUSE);
	assert_int_equal(access(f.path, F_OK), 0);
	unlink(f.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),	 cmocka_unit_test(unwatched),
		cmocka_unit_test(refusals),	 cmocka_unit_test(events),
		cmocka_unit_test(slow_and_many), cmocka_unit_test(stuck_reader),
		cmocka_unit_test(bad_feed),	 cmocka_unit_test(sockets),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
