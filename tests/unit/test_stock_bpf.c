// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hooks of mainline's drivers ask of a kernel: one helper that it lacks, and
 * the programs of a whole object do not load.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/stock.h"
#include "stock.skel.h"
#include "tools/vmmio-stat/source/btf_id.h"

/* Ids of helpers rise with the kernels: this one is the last that 5.15 has. */
#define LAST_HELPER BPF_FUNC_task_pt_regs

/*
 * A later one is called only where the kernel's types name it: the verifier does not look at
 * what a jump on a number leaves out. Such a call stands behind a jump on the answer, which
 * libbpf fills in: 0, and the call is jumped over.
 */
static bool asked_for(const struct bpf_insn *insn, size_t call)
{
	size_t i;

	for (i = call; i-- > 2 && call - i < 16;)
		if (insn[i].code == (BPF_JMP | BPF_JEQ | BPF_K) && !insn[i].imm &&
		    i + 1 + insn[i].off > call && insn[i - 2].code == (BPF_LD | BPF_IMM | BPF_DW) &&
		    insn[i - 2].imm == 1 && insn[i - 2].dst_reg == insn[i].dst_reg)
			return true;
	return false;
}

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
			if (insn[i].imm > LAST_HELPER && !asked_for(insn, i))
				fail_msg("%s calls helper %d", bpf_program__name(prog),
					 insn[i].imm);
		}
	}
	assert_true(calls > 0);
	stock_bpf__destroy(skel);
}

/* A function of a module's types, which go on from others, as libbpf finds it; not in half of them.
 */
static void functions_are_found_by_name(void **state)
{
	struct btf *base = btf__new_empty(), *module;
	struct vmmio_btf kernel = {}, own = {};
	__u32 size;
	int proto, i;

	assert_non_null(base);
	proto = btf__add_func_proto(base, btf__add_int(base, "int", 4, BTF_INT_SIGNED));
	btf__add_struct(base, "both", 8);
	btf__add_field(base, "a", 1, 0, 0);
	btf__add_enum(base, "which", 4);
	btf__add_enum_value(base, "one", 1);
	btf__add_func(base, "there", BTF_FUNC_STATIC, proto);
	module = btf__new_empty_split(base);
	assert_non_null(module);
	btf__add_struct(module, "vm_notify", 8); /* a name is not a function */
	btf__add_func(module, "vm_interrupt", BTF_FUNC_STATIC, proto);
	btf__add_func(module, "vm_notify", BTF_FUNC_STATIC, proto);
	kernel.data = btf__raw_data(base, &size);
	kernel.size = size;
	own.data = btf__raw_data(module, &size);
	own.size = size;
	assert_int_equal(vmmio_btf_count(&kernel), btf__type_cnt(base) - 1);
	assert_int_equal(vmmio_btf_function(&kernel, NULL, "there"),
			 btf__find_by_name_kind(base, "there", BTF_KIND_FUNC));
	assert_int_equal(vmmio_btf_function(&own, &kernel, "vm_notify"),
			 btf__find_by_name_kind(module, "vm_notify", BTF_KIND_FUNC));
	assert_int_equal(vmmio_btf_function(&own, &kernel, "there"), 0);
	assert_int_equal(vmmio_btf_function(&own, &kernel, "vm_not"), 0);
	for (i = 0; i < (int)size; i++) {
		/* exactly as long, so that a look beyond it is seen */
		unsigned char *part = malloc(i ? i : 1);
		struct vmmio_btf cut = {part, i, 0};

		assert_non_null(part);
		memcpy(part, own.data, i);
		assert_int_equal(vmmio_btf_function(&cut, &kernel, "vm_notify"), 0);
		free(part);
	}
	btf__free(module);
	btf__free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(helpers_are_those_of_linux_5_15),
		cmocka_unit_test(functions_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
