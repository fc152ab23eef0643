// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to serve in all forms, hosts that a browser may name, formats that it may ask for,
 * and addresses to listen at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tools/vmmio-stat/serve/address.h"
#include "tools/vmmio-stat/serve/request.h"

/* The status of @text, and what was parsed of it. */
static int parsed(const char *text, struct vmmio_request *r)
{
	static char copy[VMMIO_HEAD_MAX];
	size_t len = strlen(text), end = vmmio_request_end(text, len);

	assert_true(len < sizeof(copy) && end);
	memcpy(copy, text, len + 1);
	return vmmio_request_parse(r, copy, end);
}

static void requests(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{"GET / HTTP/1.1\r\n\r\n", 0},
		{"HEAD /metrics HTTP/1.0\n\n", 0},
		{"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 405},
		{"DELETE / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", 405},
		{"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 0},
		{"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\n", 413},
		{"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 413},
		{"GET / HTTP/2.0\r\n\r\n", 505},
		{"GET / HTTP/1.10\r\n\r\n", 505},
		{"GET /\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\n\r\n", 400},
		{"G(T / HTTP/1.1\r\n\r\n", 400},
		{"GET http://x/ HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
		{"\r\n\r\n", 400},
	};
	struct vmmio_request r;
	char nul[] = "GET /\0 HTTP/1.1\r\n\r\n";
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (parsed(cases[i].text, &r) != cases[i].status)
			fail_msg("%s: %d", cases[i].text, parsed(cases[i].text, &r));
	assert_int_equal(vmmio_request_parse(&r, nul, sizeof(nul) - 1), 400);
	assert_int_equal(parsed("HEAD /api/rows?full HTTP/1.1\r\nhOST:  localhost \r\n"
				"X: y\r\nAccept: text/plain\r\n\r\nrest",
				&r),
			 0);
	assert_true(r.head_only);
	assert_string_equal(r.path, "/api/rows");
	assert_string_equal(r.query, "full");
	assert_string_equal(r.host, "localhost");
	assert_string_equal(r.accept, "text/plain");
	assert_int_equal(parsed("GET / HTTP/1.1\r\n\r\n", &r), 0);
	assert_null(r.host);
	assert_string_equal(r.accept, "");
	assert_int_equal(vmmio_request_end("GET / HTTP/1.1\r\nA: b\r\n", 22), 0);
	assert_int_equal(vmmio_request_end("GET / HTTP/1.1\r\n\r", 17), 0);
}

static void hosts(void **state)
{
	static const char *const local[] = {"localhost", "LOCALHOST:80", "127.0.0.1:9847",
					    "127.1.2.3", "[::1]",	 "[::1]:9847"};
	static const char *const foreign[] = {"",
					      "evil.example",
					      "localhost.evil.example",
					      "127.0.0.1.evil.example",
					      "127.0.0.1@evil.example",
					      "localhost:80@evil",
					      "128.0.0.1",
					      "[::2]",
					      "[::1",
					      "[::1]x",
					      "::1",
					      "localhost:x",
					      "0.0.0.0",
					      " localhost"};
	size_t i;

	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (!vmmio_request_host_is_local(local[i]))
			fail_msg("'%s' is not local", local[i]);
	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (vmmio_request_host_is_local(foreign[i]))
			fail_msg("'%s' is local", foreign[i]);
}

static void formats(void **state)
{
	/* what Prometheus 2.42 and 3 send, a browser, curl, nobody */
	assert_true(vmmio_request_wants_open(
		"application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		"version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
	assert_true(vmmio_request_wants_open(
		"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
		"text/plain;version=0.0.4;q=0.3,*/*;q=0.2"));
	assert_true(vmmio_request_wants_open("application/openmetrics-text; version=\"1.0.0\""));
	assert_true(vmmio_request_wants_open("application/openmetrics-text"));
	assert_false(vmmio_request_wants_open("text/html,application/xhtml+xml,*/*;q=0.8"));
	assert_false(vmmio_request_wants_open("*/*"));
	assert_false(vmmio_request_wants_open(""));
	assert_false(vmmio_request_wants_open("application/openmetrics-text;version=0.0.1"));
	assert_false(vmmio_request_wants_open("application/openmetrics-text;q=0"));
	assert_false(vmmio_request_wants_open("text/plain,application/openmetrics-text;q=0.5"));
	assert_false(vmmio_request_wants_open("application/openmetrics-text;q=x,text/plain"));
}

static void addresses(void **state)
{
	static const struct {
		const char *text;
		bool ok, with_insecure, loopback;
	} cases[] = {
		{"127.0.0.1:9847", true, true, true},
		{"127.9.9.9:1", true, true, true},
		{":0", true, true, true},
		{"localhost:80", true, true, true},
		{"[::1]:9847", true, true, true},
		{"unix:/run/x", true, true, false},
		{"0.0.0.0:9847", false, true, false},
		{"[::]:9847", false, true, false},
		{"192.0.2.1:9847", false, true, false},
		{"[::ffff:127.0.0.1]:1", false, true, false},
		{"::1:9847", false, false, false},
		{"example.org:80", false, false, false},
		{"127.0.0.1", false, false, false},
		{"127.0.0.1:65536", false, false, false},
		{"127.0.0.1:+1", false, false, false},
		{"127.0.0.1:", false, false, false},
		{"unix:relative", false, false, false},
		{"unix:", false, false, false},
		{"", false, false, false},
	};
	struct vmmio_address a;
	char why[200], path[200] = "unix:/";
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!vmmio_address_parse(&a, cases[i].text, false, why, sizeof(why)) != cases[i].ok)
			fail_msg("%s: %s", cases[i].text, cases[i].ok ? why : "is taken");
		if (!vmmio_address_parse(&a, cases[i].text, true, why, sizeof(why)) !=
		    cases[i].with_insecure)
			fail_msg("insecure %s", cases[i].text);
		if (cases[i].with_insecure && a.loopback != cases[i].loopback)
			fail_msg("%s: loopback %d", cases[i].text, a.loopback);
	}
	memset(path + 6, 'x', 150);
	assert_int_equal(vmmio_address_parse(&a, path, false, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "too long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(hosts),
		cmocka_unit_test(formats),
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
