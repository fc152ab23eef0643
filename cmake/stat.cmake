# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-stat and its BPF objects. Owner adds: vmmio_bpf_object(), the program, vmmio_static().
