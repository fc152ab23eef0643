// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives a headless Chromium through its debugging pipe, as far as the tests of serve's page
 * need it. Steps are arguments, done in order:
 *   open URL          size WIDTHxHEIGHT     scheme light|dark
 *   until EXPRESSION  (JavaScript; until it is true)   print EXPRESSION   shot FILE.png
 *   run COMMAND       (by the shell)
 * Exit status 0 only if all went well and the console stayed empty; 77: there is no Chromium.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_S 90 /* ends a hang */

static int to, from;	 /* the pipe's ends */
static json_int_t id;	 /* of the last command */
static char session[64]; /* of the page */
static bool spoiled;	 /* the console is not empty */
static pid_t browser;

static void finish(int status)
{
	if (browser > 0) {
		kill(browser, SIGKILL);
		waitpid(browser, NULL, 0);
	}
	exit(status);
}

__attribute__((format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list args;

	fputs("browse: ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	finish(1);
}

static void start(const char *profile)
{
	char folder[600];
	int down[2], up[2], fd;

	snprintf(folder, sizeof(folder), "--user-data-dir=%s", profile);
	if (pipe(down) || pipe(up))
		fail("pipe: %s", strerror(errno));
	browser = fork();
	if (browser < 0)
		fail("fork: %s", strerror(errno));
	if (!browser) {
		/* first out of the way of 3 and 4 */
		fd = fcntl(down[0], F_DUPFD, 10);
		if (dup2(fcntl(up[1], F_DUPFD, 10), 4) != 4 || dup2(fd, 3) != 3)
			_exit(126);
		fd = open("/dev/null", O_RDWR);
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2); /* it has much to say of a machine without a desktop */
		for (fd = 5; fd < 32; fd++)
			close(fd);
		execlp("chromium", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
		       "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		       "--disable-background-networking", "--disable-component-update",
		       "--no-proxy-server", "--remote-debugging-pipe", folder, "about:blank", NULL);
		_exit(errno == ENOENT ? 77 : 126);
	}
	close(down[0]);
	close(up[1]);
	to = down[1];
	from = up[0];
}

/* One message, without its NUL; NULL at the end. The caller frees it. */
static json_t *receive(void)
{
	static char *buf;
	static size_t len, cap;
	struct pollfd p = {.fd = from, .events = POLLIN};
	json_t *message;
	char *nul;
	ssize_t n;

	while (!(nul = memchr(buf ? buf : "", '\0', len))) {
		if (cap - len < 65536) {
			cap += 1 << 20;
			buf = realloc(buf, cap);
			if (!buf)
				fail("out of memory");
		}
		if (poll(&p, 1, PATIENCE_S * 1000) != 1)
			fail("Chromium does not answer");
		n = read(from, buf + len, cap - len);
		if (n <= 0)
			return NULL;
		len += (size_t)n;
	}
	message = json_loads(buf, 0, NULL);
	len -= (size_t)(nul + 1 - buf);
	memmove(buf, nul + 1, len);
	if (!message)
		fail("Chromium speaks no JSON");
	return message;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* What the page says that nobody asked for. */
static void look_at_event(const json_t *m)
{
	const char *method = text_of(m, "method");
	char *text;

	if (strcmp(method, "Runtime.consoleAPICalled") &&
	    strcmp(method, "Runtime.exceptionThrown") && strcmp(method, "Log.entryAdded"))
		return;
	text = json_dumps(json_object_get(m, "params"), JSON_COMPACT);
	printf("browse: console: %.1000s\n", text);
	free(text);
	spoiled = true;
}

/* Sends a command and returns its result, which the caller frees. Takes @params. */
static json_t *command(const char *method, json_t *params)
{
	json_t *m = json_object(), *result, *got;
	char *text;
	size_t len;

	json_object_set_new(m, "id", json_integer(++id));
	json_object_set_new(m, "method", json_string(method));
	json_object_set_new(m, "params", params ? params : json_object());
	if (session[0])
		json_object_set_new(m, "sessionId", json_string(session));
	text = json_dumps(m, JSON_COMPACT);
	len = strlen(text) + 1;
	if (write(to, text, len) != (ssize_t)len)
		fail("Chromium is gone");
	free(text);
	json_decref(m);
	while ((got = receive())) {
		if (json_integer_value(json_object_get(got, "id")) != id) {
			look_at_event(got);
			json_decref(got);
			continue;
		}
		result = json_incref(json_object_get(got, "result"));
		if (!result)
			fail("%s: %s", method, text_of(json_object_get(got, "error"), "message"));
		json_decref(got);
		return result;
	}
	fail("Chromium has ended");
	return NULL;
}

static void attach(void)
{
	json_t *r = command("Target.createTarget", json_pack("{s:s}", "url", "about:blank")), *a;

	a = command("Target.attachToTarget",
		    json_pack("{s:s,s:b}", "targetId", text_of(r, "targetId"), "flatten", 1));
	snprintf(session, sizeof(session), "%s", text_of(a, "sessionId"));
	json_decref(r);
	json_decref(a);
	json_decref(command("Runtime.enable", NULL));
	json_decref(command("Log.enable", NULL));
	json_decref(command("Page.enable", NULL));
}

/* The value of an expression, or NULL if it threw; the caller frees it. */
static json_t *evaluate(const char *expression)
{
	json_t *r = command("Runtime.evaluate",
			    json_pack("{s:s,s:b}", "expression", expression, "returnByValue", 1));
	json_t *v = NULL;

	if (!json_object_get(r, "exceptionDetails"))
		v = json_incref(json_object_get(json_object_get(r, "result"), "value"));
	json_decref(r);
	return v;
}

static void until(const char *expression)
{
	int tries;

	for (tries = 0; tries < PATIENCE_S * 10; tries++) {
		json_t *v = evaluate(expression);
		bool is = json_is_true(v);

		json_decref(v);
		if (is)
			return;
		usleep(100000);
	}
	fail("never true: %s", expression);
}

static void print(const char *expression)
{
	json_t *v = evaluate(expression);
	char *text;

	if (!v)
		fail("threw, or has no value: %s", expression);
	text = json_is_string(v) ? strdup(json_string_value(v))
				 : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	puts(text ? text : "");
	free(text);
	json_decref(v);
}

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void shot(const char *file)
{
	json_t *r = command("Page.captureScreenshot", json_pack("{s:s}", "format", "png"));
	const char *p = text_of(r, "data");
	FILE *out = fopen(file, "w");
	unsigned int bits = 0, have = 0;

	if (!out || !*p)
		fail("no picture %s", file);
	for (; digit(*p) >= 0; p++) {
		bits = bits << 6 | (unsigned int)digit(*p);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		fputc((int)(bits >> have & 0xff), out);
	}
	if (fclose(out))
		fail("cannot write %s", file);
	json_decref(r);
}

static void size(const char *arg)
{
	int width, height;

	if (sscanf(arg, "%dx%d", &width, &height) != 2)
		fail("size %s", arg);
	json_decref(command("Emulation.setDeviceMetricsOverride",
			    json_pack("{s:i,s:i,s:i,s:b}", "width", width, "height", height,
				      "deviceScaleFactor", 1, "mobile", width < 600)));
}

static void scheme(const char *arg)
{
	json_decref(command("Emulation.setEmulatedMedia",
			    json_pack("{s:[{s:s,s:s}]}", "features", "name", "prefers-color-scheme",
				      "value", arg)));
}

int main(int argc, char **argv)
{
	char template[500], *made;
	int i, status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	snprintf(template, sizeof(template), "%s/vmmio-browse.XXXXXX", getenv("TMPDIR") ?: "/tmp");
	made = mkdtemp(template);
	if (!made)
		fail("no folder for a profile: %s", strerror(errno));
	start(made);
	usleep(200000);
	if (waitpid(browser, &status, WNOHANG) == browser) {
		browser = 0;
		puts("browse: Chromium does not start (package chromium)");
		return WIFEXITED(status) && WEXITSTATUS(status) == 77 ? 77 : 1;
	}
	attach();
	for (i = 1; i + 1 < argc; i += 2) {
		const char *step = argv[i], *arg = argv[i + 1];

		if (!strcmp(step, "open"))
			json_decref(command("Page.navigate", json_pack("{s:s}", "url", arg)));
		else if (!strcmp(step, "size"))
			size(arg);
		else if (!strcmp(step, "scheme"))
			scheme(arg);
		else if (!strcmp(step, "until"))
			until(arg);
		else if (!strcmp(step, "print"))
			print(arg);
		else if (!strcmp(step, "run")) {
			if (system(arg))
				fail("failed: %s", arg);
		} else if (!strcmp(step, "shot"))
			shot(arg);
		else
			fail("no step is named %s", step);
	}
	/* what it says last comes before the answer to one more question */
	json_decref(evaluate("1"));
	finish(spoiled ? 1 : 0);
}
