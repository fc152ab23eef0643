// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hooks of mainline's drivers ask of a kernel: one helper that it lacks, and
 * the programs of a whole object do not load.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/stock.h"
#include "stock.skel.h"

/* Ids of helpers rise with the kernels: this one is the last that 5.15 has. */
#define LAST_HELPER BPF_FUNC_task_pt_regs

static void helpers_are_those_of_linux_5_15(void **state)
{
	struct stock_bpf *skel = stock_bpf__open();
	struct bpf_program *prog;
	size_t calls = 0, i;

	assert_non_null(skel);
	bpf_object__for_each_program(prog, skel->obj) {
		const struct bpf_insn *insn = bpf_program__insns(prog);

		for (i = 0; i < bpf_program__insn_cnt(prog); i++) {
			/* another source register: a function of ours, or of the kernel */
			if (insn[i].code != (BPF_JMP | BPF_CALL) || insn[i].src_reg)
				continue;
			calls++;
			if (insn[i].imm > LAST_HELPER)
				fail_msg("%s calls helper %d", bpf_program__name(prog),
					 insn[i].imm);
		}
	}
	assert_true(calls > 0);
	stock_bpf__destroy(skel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(helpers_are_those_of_linux_5_15),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
