/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The settings of a device: vmmio.ko parses them, vmmio-ctl checks and explains
 * them, vmmio-ctl.8 lists them.
 */
#ifndef VMMIO_SETTINGS_H
#define VMMIO_SETTINGS_H

#define VMMIO_SETTING_AFFINITIES 16 /* pairs in affinity= */
#define VMMIO_SETTINGS_MAX 200	    /* bytes of one device's line, its end included */

/* X(value, word): irq=, in the order of enum vmmio_option_irq. */
#define VMMIO_SETTING_IRQS(X) \
	X(AUTO, "auto")       \
	X(MSIX, "msix")       \
	X(SHARED, "shared")   \
	X(INTX, "intx")

/*
 * Numbers, F(X, id, key, where, min, max, meaning), and switches, F(X, id, key, where, meaning).
 * Such a setting is a row here and what acts on it: parser and member come from the row.
 */
#define VMMIO_SETTING_NUMBERS(F, X) \
	F(X, QUEUE_SIZE, queue_size, ANY, 1, 32768, "Largest ring to set up.")
#define VMMIO_SETTING_SWITCHES(F, X)                                                            \
	F(X, LAZY_STATUS, lazy_status, LINE,                                                    \
	  "1 acknowledges an interrupt without reading its status first. Experimental, for "    \
	  "level-triggered lines only.")                                                        \
	F(X, REREAD_STATUS, reread_status, LINE,                                                \
	  "1 reads the status again after each acknowledge, until it is 0. For edge-triggered " \
	  "lines, where a configuration change can silence a device.")                          \
	F(X, FORCE, force, ANY,                                                                 \
	  "1 allows a ring that is too small for the type of device; it may hang.")

#define VMMIO_SETTING_NUMBER(X, id, key, where, min, max, meaning) \
	X(id, #key, where, #min ".." #max, "must be " #min " to " #max, meaning)
#define VMMIO_SETTING_SWITCH(X, id, key, where, meaning) \
	X(id, #key, where, "0|1", "must be 0 or 1", meaning)

/* X(id, key, where, values, error, meaning): where is ANY, PCI or LINE (all but PCI). */
#define VMMIO_SETTINGS(X)                                                                         \
	VMMIO_SETTING_NUMBERS(VMMIO_SETTING_NUMBER, X)                                            \
	X(WITHHOLD, "withhold", ANY, "FEATURE,...", "must be feature names or bits",              \
	  "Features not to accept, by name or bit: event_idx, indirect_desc, packed and others.") \
	X(IRQ, "irq", PCI, "auto|msix|shared|intx", "must be auto, msix, shared or intx",         \
	  "A vector per queue (msix), one for all queues (shared), the line (intx), or the best " \
	  "that the device takes (auto).")                                                        \
	X(AFFINITY, "affinity", PCI, "QUEUE:CPU,...", "must be QUEUE:CPU,...",                    \
	  "Queues and the CPU of their vectors.")                                                 \
	VMMIO_SETTING_SWITCHES(VMMIO_SETTING_SWITCH, X)

enum vmmio_setting {
#define VMMIO_SETTING_ENUM(id, key, where, values, error, meaning) VMMIO_SETTING_##id,
	VMMIO_SETTINGS(VMMIO_SETTING_ENUM)
#undef VMMIO_SETTING_ENUM
	VMMIO_SETTING_COUNT,
};

#endif
