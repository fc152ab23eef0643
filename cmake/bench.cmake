# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-bench, vmmio-boot and the load generators.
foreach(load IN ITEMS blkload netload charload)
	add_executable(${load} bench/${load}.c bench/latency.c tools/vmmio-stat/num.c)
	target_include_directories(${load} PRIVATE ${CMAKE_SOURCE_DIR})
	target_link_libraries(${load} PRIVATE vmmio_flags)
	vmmio_static(${load})
endforeach()
target_sources(netload PRIVATE bench/netload_link.c)

# Booting guests: what vmmio-boot, vmmio-bench and the tests share.
find_library(LIBJANSSON_A libjansson.a)
if(NOT LIBJANSSON_A)
	message(FATAL_ERROR "no static jansson: package libjansson-dev is needed")
endif()
add_library(vmmio_guest STATIC bench/accel.c bench/args.c bench/cpio.c bench/guest.c
			       bench/plot_quote.c bench/probe.c bench/qemu.c bench/qmp.c bench/target.c bench/vmm.c)
target_include_directories(vmmio_guest PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/bench)
target_compile_definitions(vmmio_guest PRIVATE VMMIO_IMAGE_DIR="${CMAKE_BINARY_DIR}/image")
target_link_libraries(vmmio_guest PUBLIC vmmio_flags ${LIBJANSSON_A})

add_executable(vmmio-boot bench/boot.c tools/vmmio-stat/num.c)
target_link_libraries(vmmio-boot PRIVATE vmmio_guest)

# vmmio-bench: a library, so that the unit tests link it too.
find_path(GSL_INCLUDE gsl/gsl_statistics.h)
if(NOT GSL_INCLUDE)
	message(FATAL_ERROR "vmmio-bench: package libgsl-dev is needed")
endif()

add_library(
	vmmio_bench STATIC
	bench/ab.c
	bench/costs.c
	bench/conform_rules.c
	bench/conform_trace.c
	bench/csv.c
	bench/experiment.c
	bench/experiment_plan.c
	bench/factors.c
	bench/findings.c
	bench/load.c
	bench/load_blk.c
	bench/load_kinds.c
	bench/machine.c
	bench/opts.c
	bench/page.c
	bench/page_factors.c
	bench/plot.c
	bench/plot_ab.c
	bench/plot_curves.c
	bench/plot_data.c
	bench/plot_hist.c
	bench/plot_sweep.c
	bench/published.c
	bench/report.c
	bench/result.c
	bench/rounds.c
	bench/rounds_series.c
	bench/series.c
	bench/setup.c
	bench/stats.c
	bench/sweep_run.c
	bench/sweep_state.c
	bench/table.c
	bench/tables.c
	bench/tune_choice.c
	bench/verdict.c
	bench/versus_report.c
	tools/vmmio-stat/num.c
)
target_include_directories(vmmio_bench PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/bench)
target_link_libraries(vmmio_bench PUBLIC vmmio_guest gsl gslcblas z m)
# the plot scripts are part of the program
file(GLOB plots CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/plots/*.gp)
set_source_files_properties(
	bench/plot.c PROPERTIES COMPILE_OPTIONS "-Wa,-I${CMAKE_SOURCE_DIR}/bench" OBJECT_DEPENDS "${plots}"
)

find_package(Threads REQUIRED)
add_executable(
	vmmio-bench
	bench/main.c
	bench/compare.c
	bench/conform.c
	bench/diff.c
	bench/plotcmd.c
	bench/pool.c
	bench/predict.c
	bench/regress.c
	bench/reportcmd.c
	bench/sweep.c
	bench/tune.c
	bench/versus.c
)
target_link_libraries(vmmio-bench PRIVATE vmmio_bench Threads::Threads)

foreach(name IN ITEMS bench_ab bench_corrupt bench_loads bench_page bench_published bench_tune bench_stats bench_result bench_rounds versus)
	vmmio_unit_test(${name} LIBS vmmio_bench)
endforeach()
vmmio_script_test(guest tests/guest/compare.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/bench_stop.sh TIMEOUT 120)
vmmio_script_test(guest tests/guest/bench_usage.sh TIMEOUT 120)
vmmio_script_test(guest tests/guest/sweep.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/loads.sh TIMEOUT 400)
vmmio_script_test(guest tests/guest/regress.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/conform.sh TIMEOUT 180)
vmmio_script_test(guest tests/guest/tune.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/versus.sh TIMEOUT 240)
vmmio_script_test(guest tests/guest/study.sh TIMEOUT 1800)
set_tests_properties(guest.study PROPERTIES FIXTURES_REQUIRED "image_arm64;stat_arm64") # arm.cmake
