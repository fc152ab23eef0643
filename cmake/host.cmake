# SPDX-License-Identifier: GPL-2.0-only
#
# The host side: BPF on KVM, the micro benches.
#
#   vmmio_micro   the bare-metal guest and its VM: `vmmio-bench micro` and the
#                 host tests
# Subcommands of vmmio-stat for the host of VMs.
vmmio_bpf_object(vms bpf/vms.bpf.c)
vmmio_bpf_object(host bpf/host.bpf.c)
vmmio_bpf_object(outlat bpf/outlat.bpf.c)

set(stat ${CMAKE_SOURCE_DIR}/tools/vmmio-stat)
add_library(
	vmmio_host STATIC
	bench/accel.c
	${stat}/exitbpf.c
	${stat}/exitfind.c
	${stat}/exitirq.c
	${stat}/exitjson.c
	${stat}/exitlat.c
	${stat}/exitnames.c
	${stat}/exitperf.c
	${stat}/exitrows.c
	${stat}/exitthreads.c
	${stat}/exittimes.c
	${stat}/exitview.c
	${stat}/hostmap.c
	${stat}/hostqmp.c
	${stat}/hostscan.c
	${stat}/hosttree.c
)
target_include_directories(vmmio_host PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(vmmio_host PUBLIC vmmio_stat_core vmmio_bpf_vms vmmio_bpf_host vmmio_bpf_outlat)
target_sources(vmmio-stat PRIVATE ${stat}/exits.c ${stat}/vms.c)
target_link_libraries(vmmio-stat PRIVATE vmmio_host)

if(VMMIO_STAT_FOR)
	return()
endif()

enable_language(ASM)

add_library(
	vmmio_micro STATIC
	bench/micro.c
	bench/micro_access.c
	bench/micro_bios.c
	bench/micro_boot.S
	bench/micro_guest.S
	bench/micro_irq.c
	bench/micro_noise.c
	bench/micro_out.c
	bench/micro_save.c
	bench/micro_vm.c
)
target_include_directories(vmmio_micro PUBLIC ${CMAKE_SOURCE_DIR}/bench)
target_link_libraries(vmmio_micro PUBLIC vmmio_guest Threads::Threads m)
target_link_libraries(vmmio-bench PRIVATE vmmio_micro)
vmmio_script_test(host tests/host/micro.sh TIMEOUT 120)
vmmio_unit_test(micro LIBS vmmio_micro)

# What the host tests drive.
add_executable(kvmload tests/host/kvmload.c tests/host/uring.c)
target_link_libraries(kvmload PRIVATE vmmio_micro)
add_executable(hosttool tests/host/hosttool.c)
target_link_libraries(hosttool PRIVATE vmmio_flags vmmio_libbpf)
# They go into guests too.
vmmio_static(kvmload)
vmmio_static(hosttool)
vmmio_script_test(host tests/host/vms.sh TIMEOUT 120)
vmmio_script_test(host tests/host/exits.sh TIMEOUT 120)
vmmio_script_test(host tests/host/bios.sh TIMEOUT 240)
vmmio_script_test(host tests/host/faults.sh TIMEOUT 120)
vmmio_script_test(host tests/host/latency.sh TIMEOUT 120)
vmmio_script_test(host tests/host/map.sh TIMEOUT 120)
vmmio_script_test(host tests/host/room.sh TIMEOUT 120)
vmmio_script_test(host tests/host/refused.sh TIMEOUT 60)
vmmio_script_test(host tests/host/reuse.sh TIMEOUT 60)
vmmio_script_test(host tests/host/engines.sh TIMEOUT 120)
vmmio_script_test(guest tests/guest/svm.sh TIMEOUT 420)
vmmio_unit_test(hostexit LIBS vmmio_host)
vmmio_unit_test(accel LIBS vmmio_host)

# What the host side costs; see docs/host.md.
vmmio_bpf_object(empty bpf/empty.bpf.c)
add_executable(vmmio-hostcost bench/hostcost.c)
target_link_libraries(vmmio-hostcost PRIVATE vmmio_micro vmmio_host vmmio_bpf_empty)

# What one event costs in a guest; see bench/probe-cost.sh.
add_executable(emptyprobe bench/emptyprobe.c)
target_link_libraries(emptyprobe PRIVATE vmmio_flags vmmio_bpf_empty vmmio_libbpf)
vmmio_static(emptyprobe)

# What vmmio-stat costs, beside bpftrace and perf; see bench/stat-cost.sh.
vmmio_bpf_object(statcost bench/statcost.bpf.c)
add_executable(vmmio-statcost bench/statcost.c bench/statcost_loop.S)
target_include_directories(vmmio-statcost PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(vmmio-statcost PRIVATE vmmio_stat_core vmmio_bpf_statcost vmmio_bpf_empty)
# The same files as vmmio-stat, its programs run by vmmio-statfeed.
get_target_property(stat_sources vmmio-stat SOURCES)
add_executable(vmmio-stat-fed ${stat_sources} bench/statrows.c)
target_compile_definitions(vmmio-stat-fed PRIVATE VMMIO_TERMINFO="${VMMIO_TERMINFO}")
target_link_libraries(vmmio-stat-fed PRIVATE vmmio_stat_core vmmio_host ${LIBNCURSES_A} ${LIBTINFO_A})
target_link_options(vmmio-stat-fed PRIVATE -Wl,--wrap=bpf_raw_tracepoint_open)
vmmio_static(vmmio-stat-fed)
add_executable(vmmio-statfeed bench/statfeed.c)
target_include_directories(vmmio-statfeed PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(vmmio-statfeed PRIVATE vmmio_stat_core vmmio_bpf_statcost)
