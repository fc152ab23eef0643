// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command of "-- command": it runs when it is told to, with the status a
 * shell would tell, and never when whoever was to measure it is gone.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/vmmio-stat/session/command.h"

static int run(char *text, int *status)
{
	char *argv[] = {"/bin/sh", "-c", text, NULL};
	struct vmmio_command c = {};

	assert_int_equal(vmmio_command_prepare(&c, argv), 0);
	return vmmio_command_run(&c, status);
}

static void statuses(void **state)
{
	char *nothing[] = {"/nonexistent/x", NULL};
	struct vmmio_command c = {};
	int status;

	(void)state;
	assert_int_equal(run("exit 3", &status), 0);
	assert_int_equal(status, 3);
	assert_int_equal(run("kill -TERM $$", &status), 0);
	assert_int_equal(status, 128 + SIGTERM);
	assert_int_equal(vmmio_command_prepare(&c, nothing), 0);
	assert_int_equal(vmmio_command_run(&c, &status), -ENOENT);
	/* killed before it was told to run */
	assert_int_equal(vmmio_command_prepare(&c, nothing), 0);
	assert_int_equal(kill(c.pid, SIGKILL), 0);
	assert_int_equal(vmmio_command_run(&c, &status), 0);
	assert_int_equal(status, 128 + SIGKILL);
}

/* Our end goes, as in a crash. */
static void never_unmeasured(void **state)
{
	char *argv[] = {"/bin/sh", "-c", "exit 5", NULL};
	struct vmmio_command c = {};
	int raw;

	(void)state;
	assert_int_equal(vmmio_command_prepare(&c, argv), 0);
	close(c.go);
	assert_int_equal(waitpid(c.pid, &raw, 0), c.pid);
	close(c.failed);
	assert_true(WIFEXITED(raw));
	assert_int_equal(WEXITSTATUS(raw), 126);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(never_unmeasured),
	};

	signal(SIGPIPE, SIG_IGN); /* as vmmio_catch_signals() does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
