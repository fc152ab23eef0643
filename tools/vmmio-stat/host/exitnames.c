// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exit reasons by number (exitnames.h): Intel SDM vol. 3D appendix C, AMD APM
 * vol. 2 appendix C, Arm ARM D17.2.37 (ESR_ELx.EC), and the KVM API.
 */
#include <stdio.h>

#include "exitnames.h"
#include "vmmio/hostexit.h"

struct name {
	__u32 nr;
	const char *text;
};

/* clang-format off */
static const struct name vmx[] = {
	{0, "EXCEPTION_NMI"}, {1, "EXTERNAL_INTERRUPT"}, {2, "TRIPLE_FAULT"}, {3, "INIT_SIGNAL"},
	{4, "SIPI_SIGNAL"}, {7, "INTERRUPT_WINDOW"}, {8, "NMI_WINDOW"}, {9, "TASK_SWITCH"},
	{10, "CPUID"}, {12, "HLT"}, {13, "INVD"}, {14, "INVLPG"}, {15, "RDPMC"}, {16, "RDTSC"},
	{18, "VMCALL"}, {19, "VMCLEAR"}, {20, "VMLAUNCH"}, {21, "VMPTRLD"}, {22, "VMPTRST"},
	{23, "VMREAD"}, {24, "VMRESUME"}, {25, "VMWRITE"}, {26, "VMOFF"}, {27, "VMON"},
	{28, "CR_ACCESS"}, {29, "DR_ACCESS"}, {30, "IO_INSTRUCTION"}, {31, "MSR_READ"},
	{32, "MSR_WRITE"}, {33, "INVALID_STATE"}, {34, "MSR_LOAD_FAIL"}, {36, "MWAIT_INSTRUCTION"},
	{37, "MONITOR_TRAP_FLAG"}, {39, "MONITOR_INSTRUCTION"}, {40, "PAUSE_INSTRUCTION"},
	{41, "MCE_DURING_VMENTRY"}, {43, "TPR_BELOW_THRESHOLD"}, {44, "APIC_ACCESS"},
	{45, "EOI_INDUCED"}, {46, "GDTR_IDTR"}, {47, "LDTR_TR"}, {48, "EPT_VIOLATION"},
	{49, "EPT_MISCONFIG"}, {50, "INVEPT"}, {51, "RDTSCP"}, {52, "PREEMPTION_TIMER"},
	{53, "INVVPID"}, {54, "WBINVD"}, {55, "XSETBV"}, {56, "APIC_WRITE"}, {57, "RDRAND"},
	{58, "INVPCID"}, {59, "VMFUNC"}, {60, "ENCLS"}, {61, "RDSEED"}, {62, "PML_FULL"},
	{63, "XSAVES"}, {64, "XRSTORS"}, {67, "UMWAIT"}, {68, "TPAUSE"}, {74, "BUS_LOCK"},
	{75, "NOTIFY"}, {77, "TDCALL"},
};

static const struct name svm[] = {
	{0x000, "read_cr0"}, {0x003, "read_cr3"}, {0x004, "read_cr4"}, {0x008, "read_cr8"},
	{0x010, "write_cr0"}, {0x013, "write_cr3"}, {0x014, "write_cr4"}, {0x018, "write_cr8"},
	{0x041, "DB excp"}, {0x043, "BP excp"}, {0x046, "UD excp"}, {0x04d, "GP excp"},
	{0x04e, "PF excp"}, {0x04f, "MF excp"}, {0x051, "AC excp"}, {0x052, "MC excp"},
	{0x060, "interrupt"}, {0x061, "nmi"}, {0x062, "smi"}, {0x063, "init"}, {0x064, "vintr"},
	{0x065, "cr0_sel_write"}, {0x06e, "rdtsc"}, {0x06f, "rdpmc"}, {0x072, "cpuid"},
	{0x073, "rsm"}, {0x074, "iret"}, {0x075, "swint"}, {0x076, "invd"}, {0x077, "pause"},
	{0x078, "hlt"}, {0x079, "invlpg"}, {0x07a, "invlpga"}, {0x07b, "io"}, {0x07c, "msr"},
	{0x07d, "task_switch"}, {0x07f, "shutdown"}, {0x080, "vmrun"}, {0x081, "hypercall"},
	{0x082, "vmload"}, {0x083, "vmsave"}, {0x084, "stgi"}, {0x085, "clgi"}, {0x086, "skinit"},
	{0x087, "rdtscp"}, {0x089, "wbinvd"}, {0x08a, "monitor"}, {0x08b, "mwait"},
	{0x08d, "xsetbv"}, {0x08e, "rdpru"}, {0x08f, "efer_write_trap"}, {0x0a2, "invpcid"},
	{0x0a5, "bus_lock"}, {0x400, "npf"}, {0x401, "avic_incomplete_ipi"},
	{0x402, "avic_unaccelerated_access"}, {0x403, "vmgexit"},
};

static const struct name arm64[] = {
	{0x00, "UNKNOWN"}, {0x01, "WFx"}, {0x03, "CP15_32"}, {0x04, "CP15_64"}, {0x05, "CP14_MR"},
	{0x06, "CP14_LS"}, {0x07, "FP_ASIMD"}, {0x08, "CP10_ID"}, {0x0c, "CP14_64"},
	{0x0e, "ILL"}, {0x11, "SVC32"}, {0x12, "HVC32"}, {0x13, "SMC32"}, {0x15, "SVC64"},
	{0x16, "HVC64"}, {0x17, "SMC64"}, {0x18, "SYS64"}, {0x19, "SVE"}, {0x1a, "ERET"},
	{0x1f, "IMP_DEF"}, {0x20, "IABT_LOW"}, {0x21, "IABT_CUR"}, {0x22, "PC_ALIGN"},
	{0x24, "DABT_LOW"}, {0x25, "DABT_CUR"}, {0x26, "SP_ALIGN"}, {0x2f, "SERROR"},
	{0x30, "BREAKPT_LOW"}, {0x32, "SOFTSTP_LOW"}, {0x34, "WATCHPT_LOW"}, {0x38, "BKPT32"},
	{0x3c, "BRK64"},
	/* not traps: the exception code itself */
	{0x100, "IRQ"}, {0x101, "SERROR"}, {0x103, "IL"},
};

static const struct name user[] = {
	{0, "UNKNOWN"}, {1, "EXCEPTION"}, {2, "IO"}, {3, "HYPERCALL"}, {4, "DEBUG"}, {5, "HLT"},
	{6, "MMIO"}, {7, "IRQ_WINDOW_OPEN"}, {8, "SHUTDOWN"}, {9, "FAIL_ENTRY"}, {10, "INTR"},
	{11, "SET_TPR"}, {12, "TPR_ACCESS"}, {16, "NMI"}, {17, "INTERNAL_ERROR"}, {18, "OSI"},
	{19, "PAPR_HCALL"}, {24, "SYSTEM_EVENT"}, {26, "IOAPIC_EOI"}, {27, "HYPERV"},
	{28, "ARM_NISV"}, {29, "X86_RDMSR"}, {30, "X86_WRMSR"}, {31, "DIRTY_RING_FULL"},
	{32, "AP_RESET_HOLD"}, {33, "X86_BUS_LOCK"}, {34, "XEN"}, {37, "NOTIFY"},
	{39, "MEMORY_FAULT"},
};
/* Intel SDM 10.12.1.2: the local APIC's registers, from 0x800 on. */
static const struct name apic[] = {
	{0x02, "ID"}, {0x03, "version"}, {0x08, "TPR"}, {0x09, "APR"}, {0x0a, "PPR"},
	{0x0b, "EOI"}, {0x0d, "LDR"}, {0x0e, "DFR"}, {0x0f, "SPIV"}, {0x28, "ESR"},
	{0x2f, "LVT CMCI"}, {0x30, "ICR"}, {0x31, "ICR2"}, {0x32, "LVT timer"},
	{0x33, "LVT thermal"}, {0x34, "LVT PMC"}, {0x35, "LVT0"}, {0x36, "LVT1"},
	{0x37, "LVT error"}, {0x38, "TMICT"}, {0x39, "TMCCT"}, {0x3e, "TDCR"}, {0x3f, "self IPI"},
};

static const struct name msrs[] = {
	{0x10, "TSC"}, {0x17, "PLATFORM_ID"}, {0x1b, "APIC_BASE"}, {0x3b, "TSC_ADJUST"},
	{0x48, "SPEC_CTRL"}, {0x49, "PRED_CMD"}, {0x79, "UCODE_WRITE"}, {0x8b, "UCODE_REV"},
	{0xfe, "MTRRcap"}, {0x174, "SYSENTER_CS"}, {0x175, "SYSENTER_ESP"},
	{0x176, "SYSENTER_EIP"}, {0x179, "MCG_CAP"}, {0x17a, "MCG_STATUS"}, {0x17b, "MCG_CTL"},
	{0x1a0, "MISC_ENABLE"}, {0x1d9, "DEBUGCTL"}, {0x277, "PAT"}, {0x2ff, "MTRRdefType"},
	{0x6e0, "TSC deadline"}, {0x4b564d00, "kvm-clock wall"}, {0x4b564d01, "kvm-clock"},
	{0x4b564d02, "KVM async PF"}, {0x4b564d03, "KVM steal time"}, {0x4b564d04, "KVM PV EOI"},
	{0x4b564d05, "KVM poll control"}, {0x4b564d06, "KVM async PF int"},
	{0x4b564d07, "KVM async PF ack"}, {0xc0000080, "EFER"}, {0xc0000081, "STAR"},
	{0xc0000082, "LSTAR"}, {0xc0000083, "CSTAR"}, {0xc0000084, "SF_MASK"},
	{0xc0000100, "FS_BASE"}, {0xc0000101, "GS_BASE"}, {0xc0000102, "KERNEL_GS_BASE"},
	{0xc0000103, "TSC_AUX"}, {0xc0010015, "HWCR"}, {0xc001001f, "NB_CFG"},
	{0xc001011f, "VIRT_SPEC_CTRL"},
};
/* clang-format on */

static const char *look_up(const struct name *names, size_t n, __u32 nr)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (names[i].nr == nr)
			return names[i].text;
	return NULL;
}

#define LOOK_UP(table, nr) look_up(table, sizeof(table) / sizeof((table)[0]), nr)

const char *vmmio_exit_reason_name(__u32 isa, __u32 reason, char *buf, size_t size)
{
	const char *text = NULL;

	switch (isa) {
	case VMMIO_ISA_VMX:
		/* Bit 31: entry failed; bit 27: from an enclave. */
		text = LOOK_UP(vmx, reason & 0xffff);
		break;
	case VMMIO_ISA_SVM:
		text = LOOK_UP(svm, reason);
		break;
	case VMMIO_ISA_ARM64:
		text = LOOK_UP(arm64, reason);
		break;
	}
	if (text)
		snprintf(buf, size, "%s", text);
	else if (reason == VMMIO_NO_REASON)
		snprintf(buf, size, "unnamed");
	else
		snprintf(buf, size, "reason 0x%x", reason);
	return buf;
}

const char *vmmio_exit_msr_name(__u32 msr, char *buf, size_t size)
{
	static const char *const sets[] = {"ISR", "TMR", "IRR"};
	const char *text;

	if (msr >= 0x810 && msr < 0x828) { /* of 32 bits each, eight to a set */
		snprintf(buf, size, "x2APIC %s", sets[(msr - 0x810) / 8]);
	} else if (msr >= 0x800 && msr < 0x900) {
		text = LOOK_UP(apic, msr - 0x800);
		if (text)
			snprintf(buf, size, "x2APIC %s", text);
		else
			snprintf(buf, size, "x2APIC 0x%x", msr - 0x800);
	} else {
		text = LOOK_UP(msrs, msr);
		if (text)
			snprintf(buf, size, "%s", text);
		else
			snprintf(buf, size, "0x%x", msr);
	}
	return buf;
}

const char *vmmio_exit_user_name(__u32 reason, char *buf, size_t size)
{
	const char *text = LOOK_UP(user, reason);

	if (text)
		snprintf(buf, size, "user:%s", text);
	else
		snprintf(buf, size, "user:%u", reason);
	return buf;
}
