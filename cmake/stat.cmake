# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-stat and its BPF objects.
#
#   vmmio_stat_core   sources, snapshots, fields, views: what the program and
#                     its unit tests share; a new file goes here
#   vmmio_serve       what "serve" answers with, on libevent
#   vmmio-stat        the table of subcommands and one file for each
#
# A subcommand that needs a BPF object of its own adds vmmio_bpf_<name> below.
vmmio_bpf_object(guest bpf/guest.bpf.c)
vmmio_bpf_object(stock bpf/stock.bpf.c)
vmmio_bpf_object(stalls bpf/stalls.bpf.c)
vmmio_bpf_object(irqdesc bpf/irqdesc.bpf.c)
vmmio_bpf_object(record bpf/record.bpf.c)
vmmio_bpf_object(recordcast bpf/recordcast.bpf.c)

find_library(LIBJANSSON_A libjansson.a)
if(NOT LIBJANSSON_A)
	message(FATAL_ERROR "no static jansson: package libjansson-dev is needed")
endif()

# Records of the kernel's tracing. Their headers include each other by bare name.
find_library(LIBTRACEFS_A libtracefs.a)
find_library(LIBTRACEEVENT_A libtraceevent.a)
find_path(LIBTRACEFS_H tracefs.h PATH_SUFFIXES tracefs)
find_path(LIBTRACEEVENT_H event-parse.h PATH_SUFFIXES traceevent)
if(NOT LIBTRACEFS_A OR NOT LIBTRACEEVENT_A OR NOT LIBTRACEFS_H OR NOT LIBTRACEEVENT_H)
	message(FATAL_ERROR "no static libtracefs: packages libtracefs-dev and libtraceevent-dev are needed")
endif()
find_package(Threads REQUIRED)
add_library(vmmio_tracefs INTERFACE)
target_link_libraries(vmmio_tracefs INTERFACE ${LIBTRACEFS_A} ${LIBTRACEEVENT_A} Threads::Threads)
if(NOT VMMIO_ASAN)
	add_library(vmmio_noplugins STATIC ${CMAKE_SOURCE_DIR}/tools/vmmio-stat/source/noplugins.c)
	target_link_libraries(vmmio_noplugins PRIVATE vmmio_flags)
	target_link_libraries(vmmio_tracefs INTERFACE vmmio_noplugins)
	target_link_options(vmmio_tracefs INTERFACE -Wl,--wrap=dlopen)
endif()

# The screen of "top", and the terminal descriptions that it carries along.
find_library(LIBNCURSES_A libncursesw.a)
find_library(LIBTINFO_A libtinfo.a)
if(NOT LIBNCURSES_A OR NOT LIBTINFO_A)
	message(FATAL_ERROR "no static ncurses: package libncurses-dev is needed")
endif()
find_path(VMMIO_TERMINFO v/vt100 PATHS /lib/terminfo /usr/share/terminfo NO_DEFAULT_PATH)
if(NOT VMMIO_TERMINFO)
	message(FATAL_ERROR "no terminal descriptions: package ncurses-base is needed")
endif()

# The server of "serve".
find_library(LIBEVENT_A libevent_core.a)
if(NOT LIBEVENT_A)
	message(FATAL_ERROR "no static libevent: package libevent-dev is needed")
endif()

set(stat ${CMAKE_SOURCE_DIR}/tools/vmmio-stat)
add_library(
	vmmio_stat_core STATIC
	${stat}/advise/place.c
	${stat}/advise/report.c
	${stat}/advise/rules.c
	${stat}/core/bounded.c
	${stat}/core/delta.c
	${stat}/core/env.c
	${stat}/core/fields.c
	${stat}/core/hypervisor.c
	${stat}/core/irqnames.c
	${stat}/core/irqs.c
	${stat}/core/probing.c
	${stat}/core/program.c
	${stat}/core/regtable.c
	${stat}/core/rights.c
	${stat}/core/self.c
	${stat}/core/slots.c
	${stat}/core/snapshot.c
	${stat}/doctor/bpf.c
	${stat}/doctor/doctor.c
	${stat}/doctor/rights.c
	${stat}/record/facts.c
	${stat}/record/beside.c
	${stat}/record/bpfring.c
	${stat}/record/chain.c
	${stat}/record/chainjoin.c
	${stat}/record/chainperfetto.c
	${stat}/record/clockmap.c
	${stat}/record/clockpairs.c
	${stat}/record/conceal.c
	${stat}/record/hostfacts.c
	${stat}/record/joinview.c
	${stat}/record/journey.c
	${stat}/record/outfile.c
	${stat}/record/pager.c
	${stat}/record/perfetto.c
	${stat}/record/pftrace.c
	${stat}/record/recorder.c
	${stat}/record/slowest.c
	${stat}/record/waits.c
	${stat}/record/writer.c
	${stat}/session/command.c
	${stat}/session/parse.c
	${stat}/source/both.c
	${stat}/source/bpf.c
	${stat}/source/bpf_rows.c
	${stat}/source/bpf_util.c
	${stat}/source/btf_id.c
	${stat}/source/dat.c
	${stat}/source/dat_facts.c
	${stat}/source/dat_ring.c
	${stat}/source/dat_source.c
	${stat}/source/event_fields.c
	${stat}/source/file.c
	${stat}/source/identity.c
	${stat}/source/mem_rows.c
	${stat}/source/source.c
	${stat}/source/stock.c
	${stat}/source/stock_load.c
	${stat}/source/stock_sysfs.c
	${stat}/source/sysfs.c
	${stat}/source/trace_format.c
	${stat}/source/trace_read.c
	${stat}/source/tracefs.c
	${stat}/source/tracefs_devices.c
	${stat}/source/tracefs_host.c
	${stat}/source/tracefs_probes.c
	${stat}/source/tracefs_ring.c
	${stat}/source/tracefs_stock.c
	${stat}/source/tracefs_stock_open.c
	${stat}/source/tracefs_sysfs.c
	${stat}/source/tracefs_vmmio.c
	${stat}/source/witness.c
	${stat}/stall/fix.c
	${stat}/stall/irqstate.c
	${stat}/stall/guard.c
	${stat}/stall/judge.c
	${stat}/stall/report.c
	${stat}/stall/sample.c
	${stat}/stall/watch.c
	${stat}/top/map.c
	${stat}/top/model.c
	${stat}/view/csv.c
	${stat}/view/hist.c
	${stat}/view/json.c
	${stat}/view/rows.c
	${stat}/view/table.c
	${stat}/view/metrics.c
	${stat}/view/promtext.c
	${stat}/view/textfile.c
)
target_include_directories(vmmio_stat_core PUBLIC ${CMAKE_SOURCE_DIR}/bpf)
target_include_directories(vmmio_stat_core SYSTEM PRIVATE ${LIBTRACEFS_H} ${LIBTRACEEVENT_H})
target_link_libraries(vmmio_stat_core PUBLIC vmmio_lib vmmio_bpf_guest vmmio_bpf_stock vmmio_bpf_stalls vmmio_bpf_irqdesc vmmio_bpf_record vmmio_bpf_recordcast vmmio_libbpf
				      vmmio_tracefs ${LIBJANSSON_A} m
)

set(page ${stat}/serve/page)
add_custom_command(
	OUTPUT ${CMAKE_BINARY_DIR}/serve/page.c
	COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/serve
	COMMAND ${CMAKE_SOURCE_DIR}/cmake/page.sh ${page} ${CMAKE_BINARY_DIR}/serve/page.c
	DEPENDS ${page}/page.html ${page}/page.css ${page}/page.js ${CMAKE_SOURCE_DIR}/cmake/page.sh
	COMMENT "Page of serve"
	VERBATIM
)
add_library(
	vmmio_serve STATIC
	${stat}/serve/address.c
	${stat}/serve/drop.c
	${stat}/serve/feed.c
	${stat}/serve/known.c
	${stat}/serve/request.c
	${stat}/serve/server.c
	${CMAKE_BINARY_DIR}/serve/page.c
)
target_include_directories(vmmio_serve PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(vmmio_serve PUBLIC vmmio_stat_core ${LIBEVENT_A})
if(NOT VMMIO_ASAN)
	add_library(vmmio_noresolver STATIC ${stat}/serve/noresolver.c)
	target_link_libraries(vmmio_noresolver PRIVATE vmmio_flags)
	target_link_libraries(vmmio_serve PUBLIC vmmio_noresolver)
	target_link_options(vmmio_serve INTERFACE -Wl,--wrap=getaddrinfo
			    -Wl,--wrap=getprotobynumber -Wl,--wrap=getservbyname
	)
endif()

add_executable(
	vmmio-stat
	${stat}/cmd/main.c
	${stat}/session/session.c
	${stat}/cmd/advise.c
	${stat}/cmd/doctor.c
	${stat}/cmd/hist.c
	${stat}/cmd/join.c
	${stat}/cmd/list.c
	${stat}/cmd/live.c
	${stat}/cmd/record.c
	${stat}/cmd/regs.c
	${stat}/cmd/report.c
	${stat}/cmd/serve.c
	${stat}/cmd/stalls.c
	${stat}/cmd/top.c
	${stat}/top/terminal.c
	${stat}/top/terminfo.c
	${stat}/top/draw.c
	${stat}/top/drawmap.c
)
target_compile_definitions(vmmio-stat PRIVATE VMMIO_TERMINFO="${VMMIO_TERMINFO}")
target_link_libraries(vmmio-stat PRIVATE vmmio_serve vmmio_stat_core ${LIBNCURSES_A} ${LIBTINFO_A})
vmmio_static(vmmio-stat)

vmmio_unit_test(textfile LIBS vmmio_stat_core)
vmmio_unit_test(serve LIBS vmmio_serve)
vmmio_unit_test(request LIBS vmmio_serve)
vmmio_unit_test(doctor LIBS vmmio_stat_core)
vmmio_unit_test(hypervisor LIBS vmmio_stat_core)
vmmio_unit_test(hist LIBS vmmio_stat_core)
vmmio_unit_test(self LIBS vmmio_stat_core)
vmmio_unit_test(advise LIBS vmmio_stat_core)
vmmio_unit_test(stalls LIBS vmmio_stat_core)
vmmio_unit_test(command LIBS vmmio_stat_core)
vmmio_unit_test(top LIBS vmmio_stat_core)
vmmio_unit_test(tracefs LIBS vmmio_stat_core)
vmmio_unit_test(dat tests/unit/dat_sample.c LIBS vmmio_stat_core)
vmmio_unit_test(chain LIBS vmmio_stat_core)
vmmio_script_test(tree tests/tree/textfile.sh)
vmmio_script_test(tree tests/tree/serve.sh)
vmmio_script_test(tree tests/tree/prometheus.sh)
# both unpack the same package where it is not installed
set_tests_properties(tree.textfile tree.prometheus PROPERTIES RESOURCE_LOCK prometheus)
vmmio_script_test(tree tests/tree/views.sh)
vmmio_script_test(tree tests/tree/report.sh)
add_executable(browse tests/serve/browse.c)
target_link_libraries(browse PRIVATE vmmio_flags ${LIBJANSSON_A})
vmmio_script_test(guest tests/guest/serve.sh)
add_executable(withcaps tests/guest/withcaps.c)
target_link_libraries(withcaps PRIVATE vmmio_flags)
vmmio_static(withcaps)
vmmio_script_test(guest tests/guest/views.sh)
vmmio_script_test(guest tests/guest/few.sh)
vmmio_script_test(guest tests/guest/attach.sh)
vmmio_script_test(guest tests/guest/verified.sh)
vmmio_script_test(guest tests/guest/record.sh)
vmmio_script_test(guest tests/guest/recordbpf.sh)
vmmio_unit_test(pager LIBS vmmio_stat_core)
vmmio_unit_test(writer LIBS vmmio_stat_core)
vmmio_script_test(guest tests/guest/join.sh TIMEOUT 400)
vmmio_script_test(tree tests/tree/top.sh)
