// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-stat: the table of subcommands, and the choice among them.
 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/vmmio-stat/session/cmd.h"

const struct vmmio_cmd vmmio_cmds[] = {
	{"list", vmmio_cmd_list, "devices and virtqueues: transport, ring sizes, interrupts"},
	{"doctor", vmmio_cmd_doctor, "what this kernel allows, and the remedy for what not"},
	{"hist", vmmio_cmd_hist, "distributions: kick, irq, request, batch, coalesce, access"},
	{"regs", vmmio_cmd_regs, "register accesses by name"},
	{"stalls", vmmio_cmd_stalls, "is a virtqueue stuck, since when, and by whose fault"},
	{"advise", vmmio_cmd_advise, "what there is to gain, and the command to type"},
	{"record", vmmio_cmd_record, "single events into a file"},
	{"report", vmmio_cmd_report, "what such a file holds: every view, the same numbers"},
	{"join", vmmio_cmd_join, "a guest's file and its host's: each kick from end to end"},
	{"serve", vmmio_cmd_serve, "for a browser and for Prometheus, over HTTP"},
	{"top", vmmio_cmd_top, "the live screen"},
	{"vms", vmmio_cmd_vms, "host: KVM VMs, their doorbells and interrupts"},
	{"exits", vmmio_cmd_exits,
	 "host: every exit by VM, device, queue and register, and its path"},
	{},
};

int main(int argc, char **argv)
{
	/* a flushed interval is one write(2): others may append to the same file */
	static char out[1 << 18];
	int i, ret, status;

	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, out, _IOFBF, sizeof(out));
	/* growing arrays get their own mappings and leave no holes */
	mallopt(M_MMAP_THRESHOLD, 1 << 16);
	vmmio_catch_signals();
	for (i = 0; argc > 1 && vmmio_cmds[i].name; i++)
		if (!strcmp(argv[1], vmmio_cmds[i].name))
			break;
	if (argc > 1 && vmmio_cmds[i].name)
		status = vmmio_cmds[i].run(argc - 1, argv + 1);
	else
		status = vmmio_cmd_live(argc, argv);
	ret = vmmio_flush(stdout);
	if (ret < 0 && status == VMMIO_EXIT_OK) {
		vmmio_complain("cannot write the output: %s", strerror(-ret));
		status = VMMIO_EXIT_TROUBLE;
	}
	return status;
}
