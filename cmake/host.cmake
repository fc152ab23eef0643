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
	${stat}/host/exitbpf.c
	${stat}/host/exitdat.c
	${stat}/host/exitfind.c
	${stat}/host/exitirq.c
	${stat}/host/exitjson.c
	${stat}/host/exitlat.c
	${stat}/host/exitnames.c
	${stat}/host/exitperf.c
	${stat}/host/exitlabel.c
	${stat}/host/exitrows.c
	${stat}/host/exitthreads.c
	${stat}/host/exittimes.c
	${stat}/host/exitview.c
	${stat}/host/hostmap.c
	${stat}/host/hostqmp.c
	${stat}/host/hostscan.c
	${stat}/host/hosttree.c
)
target_link_libraries(vmmio_host PUBLIC vmmio_stat_core vmmio_bpf_vms vmmio_bpf_host vmmio_bpf_outlat)
target_sources(vmmio-stat PRIVATE ${stat}/cmd/exits.c ${stat}/cmd/vms.c)
target_link_libraries(vmmio-stat PRIVATE vmmio_host)

# Whose the processor of a bench host is, between two kicks.
vmmio_bpf_object(layers bpf/layers.bpf.c)
add_executable(vmmio-layers bench/cost/layers.c)
target_link_libraries(vmmio-layers PRIVATE vmmio_stat_core vmmio_bpf_layers)
vmmio_static(vmmio-layers)

if(VMMIO_STAT_FOR)
	return()
endif()

enable_language(ASM)

add_library(
	vmmio_micro STATIC
	bench/micro/access.c
	bench/micro/bios.c
	bench/micro/boot.S
	bench/micro/guest.S
	bench/micro/irq.c
	bench/micro/noise.c
	bench/micro/row.c
	bench/micro/vm.c
)
target_link_libraries(vmmio_micro PUBLIC vmmio_guest Threads::Threads m)
target_sources(vmmio-bench PRIVATE bench/cmd/micro.c)
target_link_libraries(vmmio-bench PRIVATE vmmio_micro)
vmmio_script_test(host tests/host/micro.sh TIMEOUT 120)
vmmio_unit_test(micro LIBS vmmio_bench vmmio_micro)

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
vmmio_script_test(host tests/host/record.sh TIMEOUT 60)
vmmio_script_test(host tests/host/refused.sh TIMEOUT 60)
vmmio_script_test(host tests/host/reuse.sh TIMEOUT 60)
vmmio_script_test(host tests/host/engines.sh TIMEOUT 120)
vmmio_script_test(host tests/host/inside.sh TIMEOUT 1000)
vmmio_script_test(guest tests/guest/stack.sh TIMEOUT 700)
# Where KVM does not open, each finds there what the bench host said of it.
set_tests_properties(host.inside PROPERTIES FIXTURES_SETUP bench_host)
set_tests_properties(
	host.bios host.engines host.exits host.faults host.latency host.map host.micro host.refused host.reuse
	host.room host.vms PROPERTIES FIXTURES_REQUIRED bench_host
)
vmmio_unit_test(hostexit LIBS vmmio_host)
vmmio_unit_test(accel LIBS vmmio_bench)

# What the host side costs; see docs/host.md.
vmmio_bpf_object(empty bpf/empty.bpf.c)
add_executable(vmmio-hostcost bench/cost/hostcost.c)
target_link_libraries(vmmio-hostcost PRIVATE vmmio_micro vmmio_host vmmio_bpf_empty)

# What one event costs in a guest; see bench/cost/probe-cost.sh.
add_executable(emptyprobe bench/cost/emptyprobe.c)
target_link_libraries(emptyprobe PRIVATE vmmio_flags vmmio_bpf_empty vmmio_libbpf)
vmmio_static(emptyprobe)

# What vmmio-stat costs, beside bpftrace and perf; see bench/cost/stat-cost.sh.
vmmio_bpf_object(statcost bench/cost/statcost.bpf.c)
add_executable(vmmio-statcost bench/cost/statcost.c bench/cost/statcost_loop.S)
target_include_directories(vmmio-statcost PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(vmmio-statcost PRIVATE vmmio_stat_core vmmio_bpf_statcost vmmio_bpf_empty)
# The same files as vmmio-stat, its programs run by vmmio-statfeed.
get_target_property(stat_sources vmmio-stat SOURCES)
add_executable(vmmio-stat-fed ${stat_sources} bench/cost/statrows.c)
target_compile_definitions(vmmio-stat-fed PRIVATE VMMIO_TERMINFO="${VMMIO_TERMINFO}")
target_link_libraries(vmmio-stat-fed PRIVATE vmmio_serve vmmio_stat_core vmmio_host ${LIBNCURSES_A} ${LIBTINFO_A})
target_link_options(vmmio-stat-fed PRIVATE -Wl,--wrap=bpf_raw_tracepoint_open)
vmmio_static(vmmio-stat-fed)
# The same files, at the entry of system calls, which vmmio-callfeed makes; see bench/cost/record-cost.sh.
add_executable(vmmio-stat-called ${stat_sources} bench/cost/statcalled.c)
target_compile_definitions(vmmio-stat-called PRIVATE VMMIO_TERMINFO="${VMMIO_TERMINFO}")
target_link_libraries(vmmio-stat-called PRIVATE vmmio_serve vmmio_stat_core vmmio_host ${LIBNCURSES_A} ${LIBTINFO_A})
target_link_options(vmmio-stat-called PRIVATE -Wl,--wrap=bpf_raw_tracepoint_open -Wl,--wrap=trace_ring_enable
		    -Wl,--wrap=tracefs_event_file_read -Wl,--wrap=tracefs_stock_is_there)
target_include_directories(vmmio-stat-called SYSTEM PRIVATE ${LIBTRACEFS_H} ${LIBTRACEEVENT_H})
vmmio_static(vmmio-stat-called)
add_executable(vmmio-callfeed bench/cost/callfeed.c bench/cost/slots.c bench/cost/statcost_loop.S)
target_link_libraries(vmmio-callfeed PRIVATE vmmio_stat_core)
add_executable(vmmio-statfeed bench/cost/statfeed.c bench/cost/slots.c)
target_include_directories(vmmio-statfeed PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(vmmio-statfeed PRIVATE vmmio_stat_core vmmio_bpf_statcost)
